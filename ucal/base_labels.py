"""How a base gives rows their labels at the start of a round, where that is more than one clustering of all rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy import sparse

from ucal.camera_jaccard import Shares, camera_aware_distance
from ucal.clustering import camera_centre, dbscan, loosest_of, self_paced
from ucal.config import RunConfig
from ucal.constrained import constrained_dbscan
from ucal.jaccard import Sparse
from ucal.labels import renumber
from ucal.memory import LabelMemory
from ucal.meta import with_proposals
from ucal.seams import Check, Clusterer, Clustering, Constrain, never
from ucal.types import OUTLIER, BoolArray, FloatArray, IntArray


def nothing_clustered(features: FloatArray, threshold: float | None) -> Clustering:
    """Leave every row in no cluster: for a policy that makes the labels itself."""
    return Clustering(np.full(len(features), OUTLIER, np.int64), None, threshold)


def true_labels(identities: IntArray) -> Clusterer:
    """Give the clusterer of the supervised upper bound: the identities (n,), whatever the features.

    Rows of a negative identity (junk) are in no cluster. Nothing is clustered, so there is no distance.

    Source: UCAL 4.3 ("the same loss function (Eq. (1)) ... but using ground truth label").
    """
    labels = renumber(np.where(identities < 0, OUTLIER, identities))

    def cluster(features: FloatArray, threshold: float | None) -> Clustering:
        del features, threshold
        return Clustering(labels.copy())

    return cluster


def subset_labels(inner: Clusterer, inside: BoolArray, tau: float, least: float) -> Clusterer:
    """Give MCL's clusterer: `inner` clusters the rows of X1 alone, its prototypes propose labels for the others.

    inside (n,) bool: X1. A row outside X1 has the cluster that has at least the share `least` of its soft
    label, else -1. The distance is X1's, at the rows' own places; other rows have no pairs in it.
    Time and memory: X1's clustering, about rho^2 of the whole.
    """
    rows = np.flatnonzero(inside)

    def cluster(features: FloatArray, threshold: float | None) -> Clustering:
        small = inner(features[rows], threshold)
        labels = np.full(len(features), OUTLIER, np.int64)
        labels[rows] = small.labels
        labels = with_proposals(labels, inside, features, tau, least)
        distance = None if small.distance is None else _at_rows(small.distance, rows, len(features))
        return Clustering(labels, distance, small.threshold)

    return cluster


def _at_rows(distance: Sparse, rows: IntArray, n: int) -> Sparse:
    """Move a sparse distance among `rows` (rising) to its places in (n, n)."""
    counts = np.zeros(n, np.int64)
    counts[rows] = np.diff(distance.indptr)
    indptr = np.concatenate([[0], np.cumsum(counts)])
    return sparse.csr_array((distance.data, rows[distance.indices], indptr), shape=(n, n))


def camera_aware_labels(config: RunConfig, cameras: Sequence[int | None], check: Check = never) -> Clusterer:
    """Give the clusterer on CA-Jaccard's distance: `make_clusterer` with neighbours balanced over cameras (n,)."""
    shares = Shares(config.camera_k1_intra, config.camera_k1_inter, config.camera_k2_intra, config.camera_k2_inter)
    loosest = loosest_of(config)

    def cluster(features: FloatArray, threshold: float | None) -> Clustering:
        if config.camera_centre:
            features = camera_centre(features, cameras)
        distance = camera_aware_distance(features, cameras, shares, loosest, block_rows=config.block_rows, check=check)
        labels, threshold = _at_radii(config, lambda eps: dbscan(distance, eps, config.min_samples), threshold)
        return Clustering(labels, distance, threshold)

    return cluster


def _at_radii(
    config: RunConfig, at: Callable[[float], IntArray], threshold: float | None
) -> tuple[IntArray, float | None]:
    """Give the base's labels, and SpCL's threshold, from clusterings at given radii."""
    labels = at(config.eps)
    if config.base != "spcl":
        return labels, threshold
    return self_paced(labels, at(config.eps - config.eps_gap), at(config.eps + config.eps_gap), threshold)


def constrained_labels(config: RunConfig, inside: BoolArray | None) -> Constrain:
    """Give SPAL's relabelling: the base's labels, by DBSCAN that keeps the answers.

    SpCL's reliability compares three such clusterings; inside (n,) bool: MCL's X1, else None.
    """

    def labels(distance: Sparse, features: FloatArray, memory: LabelMemory, threshold: float | None) -> IntArray:
        def at(eps: float) -> IntArray:
            return constrained_dbscan(distance, eps, config.min_samples, memory)

        own, _ = _at_radii(config, at, threshold)
        if inside is not None:
            own = with_proposals(own, inside, features, config.tau, config.mcl_sure)
        return own

    return labels
