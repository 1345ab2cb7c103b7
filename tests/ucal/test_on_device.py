"""The code that a GPU runs, on torch's CPU device: lists, labels and scores of the compiled path and the formulas.

`cpu:0` is a torch device like any other: the doors send it to `ucal.on_device`, where `cpu` means the compiled loops.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tests import reference, strategies
from tests.strategies import KINDS, features, make_features
from tests.ucal.test_clustering import sklearn_labels
from tests.ucal.test_evaluation import random_case
from tests.ucal.test_exact_labels import EPS, data_set
from tests.ucal.test_exact_labels import KINDS as SETS
from ucal.build import cluster_device_of
from ucal.clustering import labels_at, make_clusterer, self_paced
from ucal.config import RunConfig
from ucal.errors import ConfigError, InterruptedRun
from ucal.evaluation import retrieval
from ucal.events import Event
from ucal.jaccard import distance_of_ranks, jaccard_distance
from ucal.matches import matches
from ucal.neighbours import nearest_ids
from ucal.on_device import neighbours as device_neighbours
from ucal.on_device.jaccard import distance_on
from ucal.on_device.labels import components
from ucal.on_device.matches import matches_on
from ucal.on_device.ragged import ranges, runs, summed

DEVICE = "cpu:0"
HERE = torch.device(DEVICE)


# -- neighbours ------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(rows=features(50), k=st.integers(1, 45), block=st.integers(1, 50))
def test_lists_are_the_literal_sort_whatever_the_block(rows: np.ndarray, k: int, block: int) -> None:
    ids = nearest_ids(rows, k, block_rows=block, device=DEVICE)
    np.testing.assert_array_equal(ids, reference.nearest(rows, min(k, len(rows)))[0])


@pytest.mark.parametrize("kind", KINDS)
def test_lists_are_the_compiled_ones_with_tiles_of_a_few_columns(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = make_features(kind, 700, 24, seed=1)
    monkeypatch.setattr(device_neighbours, "_TILE", 100 * 90)
    monkeypatch.setattr(device_neighbours, "_PRODUCTS", 24 * 300)
    np.testing.assert_array_equal(nearest_ids(rows, 30, block_rows=100, device=DEVICE), nearest_ids(rows, 30))


def test_the_search_tells_its_progress_and_can_be_interrupted() -> None:
    rows = make_features("noise", 10, 5, 0)
    events: list[Event] = []
    nearest_ids(rows, 3, block_rows=4, device=DEVICE, sink=events.append)
    assert [event.values["done"] for event in events] == [4, 8, 10]

    def stop() -> None:
        raise InterruptedRun

    with pytest.raises(InterruptedRun):
        nearest_ids(rows, 3, device=DEVICE, check=stop)


# -- distance --------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(rows=features(40), k1=st.integers(2, 16), k2=st.integers(1, 8), entries=st.sampled_from([1, 40, 3000, 1 << 24]))
def test_the_distance_is_the_compiled_one_however_little_is_held_at_once(
    rows: np.ndarray, k1: int, k2: int, entries: int
) -> None:
    lists = nearest_ids(rows, max(k1, k2))
    expected = distance_of_ranks(rows, lists, k1=k1, k2=k2, loosest=0.7)
    found = distance_on(HERE, rows, lists, k1=k1, k2=k2, loosest=0.7, entries=entries)
    np.testing.assert_array_equal(found.counts, np.diff(expected.indptr))
    np.testing.assert_array_equal(found.ids, expected.indices)
    np.testing.assert_allclose(found.values, expected.data, atol=1e-7, rtol=0)


def test_the_door_gives_a_symmetric_matrix_and_can_be_interrupted() -> None:
    rows = make_features("separable", 200, 16, seed=2)
    distance = jaccard_distance(rows, device=DEVICE)
    assert distance.dtype == np.float32
    assert distance.has_canonical_format
    assert (distance != distance.T).nnz == 0
    assert jaccard_distance(np.empty((0, 3), np.float32), device=DEVICE).shape == (0, 0)

    def stop() -> None:
        raise InterruptedRun

    with pytest.raises(InterruptedRun):
        distance_of_ranks(rows, nearest_ids(rows, 30), device=DEVICE, check=stop)


# -- labels ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", SETS)
def test_labels_at_three_radii_are_scikit_learns_on_the_dense_reference(kind: str, seed: int) -> None:
    rows = data_set(kind, seed)
    dense = reference.jaccard(rows, 30, 6)
    distance = jaccard_distance(rows, loosest=EPS[-1], device=DEVICE)
    labels = labels_at(distance, EPS, 4, DEVICE)
    for eps, found in zip(EPS, labels, strict=True):
        np.testing.assert_array_equal(found, sklearn_labels(dense, eps, 4))


@settings(max_examples=100, deadline=None)
@given(
    n=st.integers(0, 30),
    seed=st.integers(0, 10**6),
    near=st.floats(0.02, 0.6),
    min_samples=st.integers(1, 6),
)
def test_dbscan_is_the_compiled_one_on_any_symmetric_distance(n: int, seed: int, near: float, min_samples: int) -> None:
    generator = np.random.default_rng(seed)
    values = generator.choice([0.0, 0.25, 0.5, 0.75], (n, n))  # on the radius often
    upper = np.triu(np.where(generator.random((n, n)) < near, values + 1, 0), 1)
    distance = coo_array(upper + upper.T + np.eye(n)).tocsr().astype(np.float32)
    distance.data -= 1
    radii = (0.0, 0.25, 0.5, 0.75, 1.0)
    for found, expected in zip(
        labels_at(distance, radii, min_samples, DEVICE), labels_at(distance, radii, min_samples), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 200), edges=st.integers(0, 300), seed=st.integers(0, 10**6))
def test_components_are_named_by_their_smallest_row(n: int, edges: int, seed: int) -> None:
    left, right = np.random.default_rng(seed).integers(0, n, (2, edges))
    both = np.concatenate([left, right]), np.concatenate([right, left])
    found = components(*(torch.from_numpy(side) for side in both), n).numpy()
    codes = connected_components(coo_array((np.ones(2 * edges), both), shape=(n, n)), directed=False)[1]
    np.testing.assert_array_equal(found, np.array([np.flatnonzero(codes == code)[0] for code in codes]))


def test_a_long_chain_is_one_component() -> None:
    rows = torch.randperm(5000, generator=torch.Generator().manual_seed(0))
    left, right = torch.cat([rows[:-1], rows[1:]]), torch.cat([rows[1:], rows[:-1]])
    assert not components(left, right, 5000).any()


@settings(max_examples=100, deadline=None)
@given(data=st.data(), n=st.integers(0, 20), threshold=st.sampled_from([None, 0.0, 0.3, 0.7, 1.0]))
def test_reliability_is_the_cpus_to_the_bit(data: st.DataObject, n: int, threshold: float | None) -> None:
    three = [data.draw(strategies.labels(n, 4)) for _ in range(3)]
    labels, fixed = self_paced(*three, threshold, DEVICE)
    expected, expected_fixed = self_paced(*three, threshold)
    np.testing.assert_array_equal(labels, expected)
    assert fixed == expected_fixed


@pytest.mark.parametrize("base", ["spcl", "cluster-contrast"])
def test_a_clusterer_on_a_device_gives_the_cpus_clusters_and_reuses_only_what_did_not_move(base: str) -> None:
    rows = make_features("noise", 150, 4, seed=1)
    config = RunConfig(base=base, k1=12)
    events: list[Event] = []
    cluster = make_clusterer(config, DEVICE, sink=events.append)
    expected = make_clusterer(config)(rows, None)
    for _ in range(2):
        found = cluster(rows, None)
        np.testing.assert_array_equal(found.labels, expected.labels)
        assert found.threshold == expected.threshold
    assert [event.values["share"] for event in events if event.name == "reused"] == [1.0]
    rows[7] = -rows[7]
    np.testing.assert_array_equal(cluster(rows, None).labels, make_clusterer(config)(rows, None).labels)
    assert [event.values["share"] for event in events if event.name == "reused"] == [1.0]


# -- scores ----------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), coarse=st.booleans(), block=st.sampled_from([None, 1, 5]))
def test_ranks_are_the_compiled_ones(seed: int, coarse: bool, block: int | None) -> None:
    query, gallery, *who = random_case(seed, coarse=coarse)
    queries = np.flatnonzero(who[0] >= 0)
    expected = matches(query, gallery, tuple(who), queries, block, "cpu")
    found = matches_on(HERE, query, gallery, tuple(who), queries, block, tile=70)
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_scores_come_out_equal_through_the_door() -> None:
    case = random_case(3, n_query=30, n_gallery=200)
    assert retrieval(*case, device=DEVICE) == retrieval(*case)


# -- settings, cuts and sums -----------------------------------------------------------------------


def test_the_device_that_clusters_is_a_setting_of_its_own() -> None:
    assert cluster_device_of(RunConfig(device="cpu")) == "cpu"
    assert cluster_device_of(RunConfig(device="auto", cluster_device="cpu")) == "cpu"
    if not torch.cuda.is_available():
        with pytest.raises(ConfigError, match="cluster_device: expected a CUDA device"):
            cluster_device_of(RunConfig(cluster_device="cuda"))


def test_rows_are_cut_where_their_costs_reach_the_limit() -> None:
    assert list(runs(torch.tensor([3, 1, 1, 9, 0, 2, 2]), 4)) == [(0, 2), (2, 3), (3, 4), (4, 7)]
    assert list(runs(torch.tensor([], dtype=torch.int64), 4)) == []


def test_ranges_and_sums_by_hand() -> None:
    places, owner = ranges(torch.tensor([10, 5, 7]), torch.tensor([2, 0, 3]))
    assert (places.tolist(), owner.tolist()) == ([10, 11, 7, 8, 9], [0, 0, 2, 2, 2])
    keys, sums = summed(torch.tensor([4, 2, 4, 4]), torch.tensor([1.0, 8.0, 2.0, 4.0], dtype=torch.float64))
    assert (keys.tolist(), sums.tolist()) == ([2, 4], [8.0, 7.0])
