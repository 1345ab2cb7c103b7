"""Camera-aware Jaccard: balanced lists, by hand and against the literal definition."""

from __future__ import annotations

import numpy as np
import pytest

from tests import reference
from tests.strategies import make_features
from ucal.base_labels import camera_aware_labels
from ucal.camera_jaccard import Shares, camera_aware_distance, camera_ranks
from ucal.clustering import camera_centre, dbscan, make_clusterer, self_paced
from ucal.config import RunConfig
from ucal.jaccard import jaccard_distance

SMALL = Shares(2, 2, 1, 1)


def turned(degrees: list[float]) -> np.ndarray:
    turns = np.deg2rad(degrees)
    return np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)


def test_lists_of_a_hand_example_hold_so_many_of_each_kind() -> None:
    # camera 0 at 0, 1, 2.5, 4.5 degrees; camera 1 at 10, 20, 32
    ranks = camera_ranks(turned([0, 1, 2.5, 4.5, 10, 20, 32]), [0, 0, 0, 0, 1, 1, 1], SMALL)
    assert [sorted(row) for row in ranks.tolist()] == [
        [0, 1, 4, 5],  # not 2 and 3, which are nearer
        [0, 1, 4, 5],
        [1, 2, 4, 5],
        [2, 3, 4, 5],
        [2, 3, 4, 5],
        [2, 3, 4, 5],
        [2, 3, 5, 6],
    ]
    assert ranks[:, 0].tolist() == list(range(7))
    assert ranks[:, 1].tolist() == [4, 4, 4, 4, 3, 3, 3]  # the first two columns: one of each kind


def test_the_columns_end_where_expansion_and_half_sets_end() -> None:
    assert Shares().steps() == ((6, 2), (13, 3), (25, 5))
    features, cameras = make_features("noise", 60, 4, 0), [i % 2 for i in range(60)]
    ranks = camera_ranks(features, cameras, Shares())
    own = np.array(cameras)[ranks] == np.array(cameras)[:, None]
    for total, wanted in Shares().steps():
        assert (own[:, :total].sum(axis=1) == wanted).all()


def test_rows_short_of_one_kind_take_more_of_the_other() -> None:
    ranks = camera_ranks(turned([0, 1, 2, 3, 10]), [0, 0, 0, 0, 1], SMALL)
    assert sorted(ranks[0].tolist()) == [0, 1, 2, 4]
    assert sorted(ranks[4].tolist()) == [1, 2, 3, 4]
    assert [sorted(row) for row in camera_ranks(turned([0, 1, 2]), [0, 0, 0], SMALL).tolist()] == [[0, 1, 2]] * 3


def test_equal_rows_hold_themselves_first_then_the_lower_row() -> None:
    ranks = camera_ranks(np.ones((6, 1), np.float32), [0, 0, 0, 1, 1, 1], SMALL)
    assert ranks[:, 0].tolist() == list(range(6))
    assert sorted(ranks[5].tolist()) == [0, 1, 3, 5]


@pytest.mark.parametrize("kind", ["noise", "separable"])
@pytest.mark.parametrize("block", [7, 1000])
def test_lists_are_the_two_sorted_lists_cut(kind: str, block: int) -> None:
    features = make_features(kind, 50, 5, 1)
    cameras = np.random.default_rng(0).integers(0, 3, 50)
    ranks = camera_ranks(features, cameras.tolist(), Shares(4, 8, 2, 2), block_rows=block)
    similar = (features @ features.T).astype(np.float64)
    np.fill_diagonal(similar, 9)
    for i in range(50):
        order = np.lexsort((np.arange(50), -similar[i]))
        same = [int(j) for j in order if cameras[j] == cameras[i]][:4]
        other = [int(j) for j in order if cameras[j] != cameras[i]][:8]
        assert sorted(ranks[i].tolist()) == sorted(same + other)


def test_one_camera_alone_is_the_plain_distance_of_as_many_neighbours() -> None:
    features = make_features("noise", 70, 5, 0)
    got = camera_aware_distance(features, [None] * 70, Shares(10, 0, 3, 0), 0.6)
    plain = jaccard_distance(features, k1=10, k2=3)
    np.testing.assert_allclose(got.toarray(), plain.toarray(), atol=1e-6)


def test_the_distance_is_the_literal_one_on_the_balanced_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    features, cameras = make_features("noise", 60, 4, 2), [i % 3 for i in range(60)]
    shares = Shares(4, 8, 2, 2)
    ranks = camera_ranks(features, cameras, shares)
    monkeypatch.setattr(reference, "nearest", lambda features, k: (ranks[:, :k], None))
    got = camera_aware_distance(features, cameras, shares, 0.99)
    wanted = reference.jaccard(features, shares.k1, shares.k2)
    dense = np.ones((60, 60))
    rows = np.repeat(np.arange(60), np.diff(got.indptr))
    dense[rows, got.indices] = got.data
    inside = wanted <= 0.98
    np.testing.assert_allclose(dense[inside], wanted[inside], atol=1e-6)
    assert (dense[~inside] > 0.97).all()
    assert 100 < inside.sum() < 3500


@pytest.mark.parametrize("base", ["cluster-contrast", "spcl"])
def test_the_clusterer_is_the_plain_one_on_another_distance(base: str) -> None:
    features, cameras = make_features("noise", 80, 4, 0), [i % 2 for i in range(80)]
    config = RunConfig(base=base, camera_k1_intra=4, camera_k1_inter=8, min_samples=2, camera_centre=True)
    got = camera_aware_labels(config, cameras)(features, None)
    centred = camera_centre(features, cameras)
    distance = camera_aware_distance(centred, cameras, Shares(4, 8, 2, 4), 0.62)
    three = [dbscan(distance, eps, 2) for eps in (0.6, 0.58, 0.62)]
    wanted = self_paced(*three, None) if base == "spcl" else (three[0], None)
    np.testing.assert_array_equal(got.labels, wanted[0])
    assert got.threshold == wanted[1]
    plain = make_clusterer(config.replace(k1=12), cameras=cameras)(features, None)
    assert (got.distance.toarray() != plain.distance.toarray()).any()  # type: ignore[union-attr]
