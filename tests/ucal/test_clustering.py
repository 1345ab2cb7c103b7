from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.cluster import DBSCAN

from tests import reference, strategies
from tests.strategies import KINDS, make_features
from ucal.clustering import camera_centre, cluster_hash, dbscan, loosest_of, make_clusterer, self_paced
from ucal.config import RunConfig
from ucal.jaccard import jaccard_distance
from ucal.labels import renumber


def from_dense(distance: list[list[float]] | np.ndarray) -> sparse.csr_array:
    """Store every pair below 1, zeros too."""
    matrix = np.asarray(distance, np.float32)
    rows, columns = np.nonzero(matrix < 1)
    return sparse.coo_array((matrix[rows, columns], (rows, columns)), shape=matrix.shape).tocsr()


def sklearn_labels(distance: np.ndarray, eps: float, min_samples: int) -> np.ndarray:
    """Run scikit-learn on a dense float32 distance, compared in float32 as ours is."""
    model = DBSCAN(eps=max(float(np.float32(eps)), 1e-30), min_samples=min_samples, metric="precomputed")
    return model.fit_predict(distance.astype(np.float32).astype(np.float64))


# -- DBSCAN ----------------------------------------------------------------------------------------


def test_a_border_row_joins_the_lowest_numbered_cluster_that_reaches_it() -> None:
    # two cliques of 4 (rows 1-4 and 5-8) at distance 0; row 0 is near row 5 only and near row 1
    distance = np.ones((9, 9))
    distance[1:5, 1:5] = distance[5:9, 5:9] = 0
    np.fill_diagonal(distance, 0)
    for other in (5, 1):
        distance[0, other] = distance[other, 0] = 0.6
    assert dbscan(from_dense(distance), 0.6, 4).tolist() == [0] + [0] * 4 + [1] * 4
    # 0.6 is inclusive, and the border row does not join the two cliques
    assert dbscan(from_dense(distance), 0.59, 4).tolist() == [-1] + [0] * 4 + [1] * 4


def test_clusters_are_numbered_by_their_smallest_core_row_not_their_smallest_row() -> None:
    # row 0 is a border row of the clique 5-8; the clique 1-4 has the smallest core row
    distance = np.ones((9, 9))
    distance[1:5, 1:5] = distance[5:9, 5:9] = 0
    np.fill_diagonal(distance, 0)
    distance[0, 5] = distance[5, 0] = 0.5
    assert dbscan(from_dense(distance), 0.6, 4).tolist() == [1] + [0] * 4 + [1] * 4


def test_min_samples_counts_the_row_itself() -> None:
    triangle = from_dense(np.zeros((3, 3)))
    assert dbscan(triangle, 0.6, 3).tolist() == [0, 0, 0]
    assert dbscan(triangle, 0.6, 4).tolist() == [-1, -1, -1]


@settings(max_examples=150, deadline=None)
@given(
    n=st.integers(1, 30),
    seed=st.integers(0, 10**6),
    near=st.floats(0.02, 0.6),
    eps=st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]),
    min_samples=st.integers(1, 6),
)
def test_labels_are_scikit_learns_on_any_symmetric_distance(
    n: int, seed: int, near: float, eps: float, min_samples: int
) -> None:
    generator = np.random.default_rng(seed)
    values = generator.choice([0.0, 0.25, 0.5, 0.75], (n, n))  # on the radius often
    distance = np.triu(np.where(generator.random((n, n)) < near, values, 1.0), 1)
    distance += distance.T
    np.testing.assert_array_equal(
        dbscan(from_dense(distance), eps, min_samples), sklearn_labels(distance, eps, min_samples)
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("n", "d", "seed"), [(25, 3, 0), (60, 8, 1), (60, 4, 2), (110, 12, 3)])
def test_labels_are_scikit_learns_on_the_literal_jaccard_distance(kind: str, n: int, d: int, seed: int) -> None:
    rows = make_features(kind, n, d, seed)
    expected = reference.jaccard(rows, 30 if n > 100 else 12, 6)
    distance = jaccard_distance(rows, k1=30 if n > 100 else 12, k2=6, loosest=0.62)
    for eps in (0.58, 0.6, 0.62):
        np.testing.assert_array_equal(dbscan(distance, eps, 4), sklearn_labels(expected, eps, 4))


def test_no_rows_have_no_labels() -> None:
    assert dbscan(sparse.csr_array((0, 0), dtype=np.float32), 0.6, 4).shape == (0,)


# -- SpCL's reliability ----------------------------------------------------------------------------


def test_the_hand_example_of_reliability() -> None:
    base = np.array([0, 0, 0, 0, 1, 1, -1])
    tight = np.array([0, 0, 0, -1, 1, 1, -1])  # cluster 0 loses row 3
    loose = np.array([0, 0, 0, 0, 0, 0, -1])  # 0 and 1 run together
    # R_comp: rows 0-2: 1 - 3/4 = .25; row 3: 1 - 1/4 = .75; rows 4, 5: 0; row 6: 0
    # R_indep: cluster 0: 1 - 4/6 = 1/3; cluster 1: 1 - 2/6 = 2/3; of two values, index min(1, round(1.8)) = 1: 2/3
    labels, threshold = self_paced(base, tight, loose, None)
    assert threshold == pytest.approx(2 / 3)
    assert labels.tolist() == [0, 0, 0, -1, 1, 1, -1]  # row 3 is less compact than the best of its cluster
    # with a stricter threshold cluster 1 is not independent enough
    labels, threshold = self_paced(base, tight, loose, 0.5)
    assert threshold == 0.5
    assert labels.tolist() == [0, 0, 0, -1, -1, -1, -1]


@settings(max_examples=100, deadline=None)
@given(data=st.data(), n=st.integers(1, 20), threshold=st.sampled_from([None, 0.0, 0.3, 0.7, 1.0]))
def test_reliability_is_the_comparison_of_the_sets_themselves(
    data: st.DataObject, n: int, threshold: float | None
) -> None:
    base, tight, loose = (data.draw(strategies.labels(n, 4)) for _ in range(3))
    labels, fixed = self_paced(base, tight, loose, threshold)
    expected, expected_fixed = reference.self_paced(base, tight, loose, threshold)
    np.testing.assert_array_equal(labels, expected)
    assert fixed == expected_fixed


def test_without_any_cluster_the_threshold_stays_open() -> None:
    outliers = np.full(5, -1, np.int64)
    labels, threshold = self_paced(outliers, outliers, outliers, None)
    assert threshold is None
    assert labels.tolist() == [-1] * 5


def test_equal_radii_keep_every_label() -> None:
    base = np.array([0, 0, 1, -1, 1])
    labels, threshold = self_paced(base, base, base, None)
    assert labels.tolist() == base.tolist()
    assert threshold == 0.0


# -- the whole clusterer ---------------------------------------------------------------------------


def test_cluster_contrast_clusters_at_one_radius() -> None:
    rows = make_features("separable", 120, 8, seed=0)
    clustering = make_clusterer(RunConfig(base="cluster-contrast", k1=12))(rows, None)
    distance = jaccard_distance(rows, k1=12)
    np.testing.assert_array_equal(clustering.labels, dbscan(distance, 0.6, 4))
    assert clustering.threshold is None
    assert clustering.labels.max() > 5
    assert clustering.distance is not None
    assert clustering.distance.nnz == distance.nnz


def test_spcl_uses_three_radii_of_one_graph_and_keeps_its_first_threshold() -> None:
    rows = make_features("noise", 150, 4, seed=1)
    config = RunConfig(base="spcl", k1=12)
    first = make_clusterer(config)(rows, None)
    distance = jaccard_distance(rows, k1=12, loosest=0.62)
    three = [dbscan(distance, eps, 4) for eps in (0.6, 0.58, 0.62)]
    expected, threshold = self_paced(*three, None)
    np.testing.assert_array_equal(first.labels, expected)
    assert first.threshold == threshold
    assert (first.labels != three[0]).any()
    again = make_clusterer(config)(rows, 0.0)
    assert again.threshold == 0.0
    np.testing.assert_array_equal(again.labels, self_paced(*three, 0.0)[0])


@pytest.mark.parametrize("base", ["cluster-contrast", "spcl"])
def test_splits_scored_by_the_jaccard_distance_have_all_of_it_and_the_labels_stay(base: str) -> None:
    features = make_features("noise", 60, 5, 1)
    config = RunConfig(base=base, k1=10, k2=3, min_samples=2)
    near = make_clusterer(config)(features, None)
    whole = make_clusterer(config.replace(snps_similarity="jaccard"))(features, None)
    np.testing.assert_array_equal(near.labels, whole.labels)
    assert near.threshold == whole.threshold
    dense = np.ones((60, 60))
    triples = whole.distance.tocoo()  # type: ignore[union-attr]
    dense[triples.row, triples.col] = triples.data
    wanted = reference.jaccard(features, 10, 3)
    np.testing.assert_allclose(dense, wanted, atol=1e-6)
    assert ((wanted > 0.7) & (wanted < 1)).sum() > 100, "else nothing beyond DBSCAN's radius was looked at"
    assert near.distance.nnz < whole.distance.nnz  # type: ignore[union-attr]


def test_only_scores_by_the_jaccard_distance_keep_more_than_the_radii() -> None:
    jaccard = RunConfig(snps_similarity="jaccard")
    assert [loosest_of(RunConfig(base=base)) for base in ("mcl", "spcl")] == pytest.approx([0.6, 0.62])  # type: ignore[arg-type]
    assert loosest_of(jaccard) == 1.0
    assert loosest_of(jaccard.replace(snps=False)) == loosest_of(jaccard.replace(policy="spal")) == 0.6


def test_centring_takes_the_cameras_shift_away() -> None:
    generator = np.random.default_rng(0)
    people = np.repeat(generator.normal(size=(6, 16)), 8, axis=0)
    cameras = np.tile([0, 1], 24).tolist()
    shift = 4 * generator.normal(size=(2, 16))[cameras]
    rows = people + shift + 0.05 * generator.normal(size=(48, 16))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    config = RunConfig(k1=10, k2=3)
    plain = make_clusterer(config, cameras=cameras)(rows, None).labels
    centred = make_clusterer(config.replace(camera_centre=True), cameras=cameras)(rows, None).labels
    truth = np.repeat(np.arange(6), 8)
    assert cluster_hash(centred) == cluster_hash(truth)
    assert cluster_hash(plain) != cluster_hash(truth)


def test_centred_rows_have_length_one_and_a_mean_of_nothing_keeps_its_row() -> None:
    rows = make_features("noise", 9, 5, seed=0)
    centred = camera_centre(rows, [0, 0, 0, 0, None, None, None, None, 7])
    np.testing.assert_allclose(np.linalg.norm(centred, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(centred[8], rows[8])  # the only image of its camera
    assert centred.dtype == np.float32
    first = rows[:4] - rows[:4].mean(axis=0)
    np.testing.assert_allclose(centred[:4], first / np.linalg.norm(first, axis=1, keepdims=True), atol=1e-6)


# -- numbering -------------------------------------------------------------------------------------


def test_renumbering_counts_clusters_by_their_smallest_row() -> None:
    assert renumber(np.array([7, -1, 3, 7, 3, 0])).tolist() == [0, -1, 1, 0, 1, 2]
    assert renumber(np.array([], np.int64)).tolist() == []


@given(labels=st.integers(1, 20).flatmap(strategies.labels))
def test_the_hash_names_the_partition_not_its_numbers(labels: np.ndarray) -> None:
    shuffled = np.where(labels < 0, -1, 100 - 3 * labels)
    assert cluster_hash(shuffled) == cluster_hash(labels)
    np.testing.assert_array_equal(renumber(renumber(labels)), renumber(labels))
    moved = labels.copy()
    moved[0] = labels.max() + 1 if (labels == labels[0]).sum() > 1 or labels[0] < 0 else -1
    assert cluster_hash(moved) != cluster_hash(labels)


def test_the_hash_is_sha256_of_little_endian_int64() -> None:
    assert cluster_hash(np.array([4, -1])) == hashlib.sha256(bytes(8) + b"\xff" * 8).hexdigest()
