"""From a sparse distance to labels: DBSCAN at several radii, and SpCL's reliability."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from ucal.config import RunConfig
from ucal.events import Sink, silent
from ucal.jaccard import Sparse, distance_of_ranks
from ucal.labels import by_first, renumber
from ucal.neighbours import EXACT, Effort, nearest_ids
from ucal.reuse import KeptLists
from ucal.seams import Check, Clusterer, Clustering, never
from ucal.types import OUTLIER, FloatArray, IntArray


def make_clusterer(
    config: RunConfig,
    device: str = "cpu",
    *,
    cameras: Sequence[int | None] | None = None,
    check: Check = never,
    sink: Sink = silent,
) -> Clusterer:
    """Build the clusterer that the settings ask for; `cameras` (n,) is used by `camera_centre`.

    It keeps the neighbour lists of its last call and searches again only for rows whose list may differ (on a
    GPU, which searches all sooner than a CPU some: only where any row moved).
    """
    kept = KeptLists(exact=config.neighbours in EXACT and device == "cpu")
    loosest = loosest_of(config)

    def search(features: FloatArray) -> IntArray:
        return nearest_ids(
            features,
            max(config.k1, config.k2),
            engine=config.neighbours,
            block_rows=config.block_rows,
            effort=effort_of(config),
            device=device,
            check=check,
            sink=sink,
        )

    def cluster(features: FloatArray, threshold: float | None) -> Clustering:
        if config.camera_centre and cameras is not None:
            features = camera_centre(features, cameras)
        ranks, _ = kept.lists(
            features, max(config.k1, config.k2), lambda: search(features), config.block_rows, check, sink
        )
        distance = distance_of_ranks(
            features, ranks, k1=config.k1, k2=config.k2, loosest=loosest, device=device, check=check, sink=sink
        )
        gap = config.eps_gap
        radii = (config.eps, config.eps - gap, config.eps + gap) if config.base == "spcl" else (config.eps,)
        labels, *others = labels_at(distance, radii, config.min_samples, device)
        if config.base == "spcl":
            labels, threshold = self_paced(labels, others[0], others[1], threshold, device)
        return Clustering(labels, distance, threshold)

    return cluster


def loosest_of(config: RunConfig) -> float:
    """Give the largest distance that the run looks at: DBSCAN's radii, or any where splits are scored by 1 - Jaccard.

    A pair left out counts as 1, so what Eqs. 2-4 of UCAL take the least and the largest of must be there.
    """
    if config.policy == "ucal" and config.snps and config.snps_similarity == "jaccard":
        return 1.0
    return config.eps + (config.eps_gap if config.base == "spcl" else 0.0)


def effort_of(config: RunConfig) -> Effort:
    """Give how far approximate searches look."""
    return Effort(
        candidates=config.search_candidates,
        length=config.search_length,
        probes=config.search_probes,
        links=config.search_links,
        checked=config.search_checked,
    )


def labels_at(distance: Sparse, radii: Sequence[float], min_samples: int, device: str = "cpu") -> list[IntArray]:
    """Give `dbscan`'s labels at each radius, from one graph."""
    if device == "cpu":
        return [dbscan(distance, eps, min_samples) for eps in radii]
    import torch

    from ucal.on_device.jaccard import Ragged
    from ucal.on_device.labels import dbscan_on

    arrays = (np.diff(distance.indptr).astype(np.int64), distance.indices.astype(np.int32, copy=False), distance.data)
    there = Ragged(*(torch.from_numpy(array).to(device) for array in arrays))
    return [dbscan_on(there, eps, min_samples).cpu().numpy() for eps in radii]


def dbscan(distance: Sparse, eps: float, min_samples: int) -> IntArray:
    """Give the labels (n,) int64 of scikit-learn's DBSCAN on this symmetric precomputed distance.

    distance (n, n): absent pairs are at distance 1. D <= eps is a neighbour, compared in float32;
    min_samples counts the row itself. Clusters are numbered by their smallest core row; a border
    row joins the lowest-numbered cluster with a core row near it; -1 = outlier. Time: the pairs.
    """
    n = distance.shape[0]
    if np.float32(eps) >= 1.0:  # every pair is near, the absent ones too
        return np.full(n, 0 if n >= min_samples else OUTLIER, np.int64)
    rows = np.repeat(np.arange(n), np.diff(distance.indptr))
    near = distance.data <= np.float32(eps)
    rows, columns = rows[near], distance.indices[near]
    core = np.bincount(rows, minlength=n) >= min_samples
    labels = np.full(n, OUTLIER, np.int64)
    inner = core[rows] & core[columns]
    labels[core] = _components(rows[inner], columns[inner].astype(np.int64), n)[core]
    labels[core] = by_first(labels[core])
    border = ~core[rows] & core[columns]
    reached = np.full(n, n, np.int64)
    np.minimum.at(reached, rows[border], labels[columns[border]])
    return np.where(reached < n, reached, labels)


def self_paced(
    base: IntArray, tight: IntArray, loose: IntArray, threshold: float | None, device: str = "cpu"
) -> tuple[IntArray, float | None]:
    """Keep the labels that hold still when the radius changes; the other rows become outliers.

    R_comp(i) = 1 - |A & B| / |A | B| for i's clusters A (base) and B (tight), R_indep(i) the same with
    the loose cluster; a cluster's value is the least of its members. An outlier counts as a cluster
    of one. A row stays iff its cluster's R_indep <= threshold and its own R_comp <= its cluster's.
    threshold None: the 90th percentile of R_indep over clusters of two or more, given back to be
    used from then on (still None when there is no such cluster). The arguments stay as they are.

    Source: Self-paced Contrastive Learning (Ge et al., NeurIPS 2020), 3.3; differs: contingency
    counts instead of n x n matrices; dropped rows are -1, which learners treat as classes of one.
    """
    if device != "cpu":
        return _self_paced_on(device, base, tight, loose, threshold)
    classes, sizes, own = _singled(base)
    comp = _instability(own, _singled(tight)[2])
    indep = _instability(own, _singled(loose)[2])
    cluster_comp, cluster_indep = np.ones(classes), np.ones(classes)
    np.minimum.at(cluster_comp, own, comp)
    np.minimum.at(cluster_indep, own, indep)
    if threshold is None:
        known = np.sort(cluster_indep[sizes > 1])
        if len(known) == 0:
            return base.copy(), None
        threshold = float(known[min(len(known) - 1, int(np.around(0.9 * len(known))))])
    kept = (cluster_indep[own] <= threshold) & (comp <= cluster_comp[own])
    return np.where(kept, base, OUTLIER), threshold


def _self_paced_on(
    device: str, base: IntArray, tight: IntArray, loose: IntArray, threshold: float | None
) -> tuple[IntArray, float | None]:
    import torch

    from ucal.on_device.labels import self_paced_on

    own, near, far = (torch.from_numpy(labels).to(device) for labels in (base, tight, loose))
    labels, threshold = self_paced_on(own, near, far, threshold)
    return labels.cpu().numpy(), threshold


def camera_centre(features: FloatArray, cameras: Sequence[int | None]) -> FloatArray:
    """Subtract each camera's mean feature and give rows of length 1 again, (n, d).

    Unknown cameras count as one camera. A row that equals its camera's mean (an only image) has no
    direction left and keeps its feature.
    """
    codes = np.unique([-1 if camera is None else camera for camera in cameras], return_inverse=True)[1]
    counts = np.bincount(codes)
    members = sparse.csr_array((1.0 / counts[codes], (codes, np.arange(len(codes)))))
    centred = features - (members @ features.astype(np.float64))[codes]
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    alone = lengths < 1e-6
    return np.where(alone, features, centred / np.where(alone, 1.0, lengths)).astype(np.float32)


def cluster_hash(labels: IntArray) -> str:
    """Name a partition: sha256 (hex) of its canonical labels as little-endian int64."""
    return hashlib.sha256(renumber(labels).astype("<i8").tobytes()).hexdigest()


def _components(rows: IntArray, columns: IntArray, n: int) -> IntArray:
    graph = sparse.csr_array((np.ones(len(rows), bool), (rows, columns)), shape=(n, n))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _singled(labels: IntArray) -> tuple[int, IntArray, IntArray]:
    """Make each outlier a class of its own: (classes, sizes (classes,), class of each row (n,))."""
    n = len(labels)
    values = np.where(labels == OUTLIER, np.arange(n) + labels.max(initial=0) + 1, labels)
    _, codes, sizes = np.unique(values, return_inverse=True, return_counts=True)
    return len(sizes), sizes.astype(np.int64), codes.astype(np.int64)


def _instability(own: IntArray, other: IntArray) -> NDArray[np.float64]:
    """Give 1 - |A & B| / |A | B| for each row's class in two partitions, (n,), from contingency counts."""
    key = own * (other.max(initial=0) + 1) + other
    _, codes, shared = np.unique(key, return_inverse=True, return_counts=True)
    both = shared[codes]
    return 1.0 - both / (np.bincount(own)[own] + np.bincount(other)[other] - both)
