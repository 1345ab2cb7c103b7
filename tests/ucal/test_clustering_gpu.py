"""On a GPU the same lists, labels and scores come out as on the CPU. Needs CUDA; times are printed, not asserted."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch

from tests.strategies import KINDS, make_features
from ucal.clustering import labels_at, make_clusterer
from ucal.config import RunConfig
from ucal.evaluation import retrieval
from ucal.jaccard import jaccard_distance
from ucal.neighbours import nearest_ids

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine offers no CUDA device"),
]

RADII = (0.58, 0.6, 0.62)


@pytest.mark.parametrize("kind", KINDS)
def test_the_gpu_gives_the_cpus_lists(kind: str) -> None:
    rows = make_features(kind, 1500, 64, seed=1)
    np.testing.assert_array_equal(nearest_ids(rows, 30, device="cuda", block_rows=400), nearest_ids(rows, 30))


def test_the_gpu_gives_the_cpus_scores() -> None:
    rows = make_features("separable", 1200, 64, seed=1)
    generator = np.random.default_rng(0)
    identities, cameras = generator.integers(0, 40, 1200), generator.integers(0, 6, 1200)
    case = [part for array in (rows, identities, cameras) for part in (array[:300], array[300:])]
    assert retrieval(*case, device="cuda") == retrieval(*case)


@pytest.mark.parametrize("base", ["spcl", "cluster-contrast"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_gpu_gives_the_cpus_clusters(kind: str, base: str) -> None:
    rows = make_features(kind, 1500, 64, seed=2)
    config = RunConfig(base=base)
    found, expected = make_clusterer(config, "cuda")(rows, None), make_clusterer(config)(rows, None)
    np.testing.assert_array_equal(found.labels, expected.labels)
    assert found.threshold == expected.threshold


@pytest.mark.slow
@pytest.mark.parametrize(("n", "d"), [(12_936, 2048), (32_621, 2048)])
def test_clustering_on_the_gpu_gives_the_cpus_labels_at_full_size(n: int, d: int) -> None:
    rows = make_features("separable", n, d, seed=0)
    jaccard_distance(rows[:1500], device="cuda")  # compiles
    torch.cuda.synchronize()
    began = time.perf_counter()
    distance = jaccard_distance(rows, loosest=0.62, device="cuda")
    labels = labels_at(distance, RADII, 4, "cuda")
    print(f"\n{n} x {d}: {time.perf_counter() - began:.2f} s on {torch.cuda.get_device_name()}")  # noqa: T201 - for `make gpu`
    expected = jaccard_distance(rows, loosest=0.62)
    np.testing.assert_array_equal(labels, labels_at(expected, RADII, 4))
