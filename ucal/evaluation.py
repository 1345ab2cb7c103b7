"""What a result is worth: retrieval (CMC, mAP, mINP) and clusters against the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ucal.errors import EmptyDataError, FeaturesError
from ucal.matches import matches
from ucal.types import OUTLIER, FloatArray, IntArray

CMC_LENGTH = 50
_Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Retrieval by the standard protocol, as shares of 1. `cmc[k - 1]` is rank-k, up to k = 50."""

    mAP: float  # noqa: N815 - the field's own spelling
    rank1: float
    rank5: float
    rank10: float
    mINP: float  # noqa: N815
    cmc: tuple[float, ...]
    n_queries: int  # valid ones: with a relevant gallery row


def retrieval(  # noqa: PLR0913 - the protocol's six arrays
    query_features: FloatArray,
    gallery_features: FloatArray,
    query_ids: IntArray,
    gallery_ids: IntArray,
    query_cams: IntArray,
    gallery_cams: IntArray,
    block: int | None = None,
    device: str = "cpu",
) -> Retrieval:
    """Measure retrieval of (q, d) queries in a (g, d) gallery; rows have length 1.

    Per query the gallery is ranked by distance 2 - 2 cos, ties by gallery row. Rows of the query's
    identity and camera are junk and skipped; so are identities below 0 (junk or unknown); a query
    with no relevant row left does not count. Cameras below 0 are unknown: never junk. Distances are
    float32 of a float64 product, so that equal images tie whatever the block or the device. `block`
    queries at a time, by default as many as fit 32 MB. Time O(q g (d + log r)) for r relevant rows; the
    gallery is never sorted (`ucal.matches`).

    Source: the protocol of Market-1501, which UCAL 4.1 and GCL + SCL measure by.

    Raises:
        FeaturesError: shapes that do not fit together, or values that are not finite.
        EmptyDataError: no query has a relevant gallery row.
    """
    _check_side("query", query_features, query_ids, query_cams)
    _check_side("gallery", gallery_features, gallery_ids, gallery_cams)
    if query_features.shape[1] != gallery_features.shape[1]:
        lengths = f"{query_features.shape[1]} and {gallery_features.shape[1]}"
        raise FeaturesError(f"query and gallery: expected features of one length d, got {lengths}")
    queries = np.flatnonzero((query_ids >= 0) & np.isin(query_ids, gallery_ids))
    who = query_ids, gallery_ids, query_cams, gallery_cams
    return _summary(matches(query_features, gallery_features, who, queries, block, device))


def _summary(positions: list[IntArray]) -> Retrieval:
    if not positions:
        raise EmptyDataError("expected a query with a relevant gallery row (same identity, other camera), found none")
    first = np.array([found[0] for found in positions])
    precisions = [float(np.mean(np.arange(1, found.size + 1) / found)) for found in positions]
    inverse_negative_penalty = [found.size / int(found[-1]) for found in positions]
    cmc = tuple(float(np.mean(first <= rank)) for rank in range(1, CMC_LENGTH + 1))
    return Retrieval(
        mAP=float(np.mean(precisions)),
        rank1=cmc[0],
        rank5=cmc[4],
        rank10=cmc[9],
        mINP=float(np.mean(inverse_negative_penalty)),
        cmc=cmc,
        n_queries=len(positions),
    )


def _check_side(what: str, features: FloatArray, ids: IntArray, cams: IntArray) -> None:
    if features.ndim != 2 or ids.shape != (len(features),) or cams.shape != (len(features),):
        raise FeaturesError(
            f"{what}: expected features (n, d) with n identities and cameras, "
            f"got {features.shape}, {ids.shape} and {cams.shape}"
        )
    if not np.isfinite(features).all():
        raise FeaturesError(f"{what}: expected finite features, got NaN or infinity")


@dataclass(frozen=True, slots=True)
class Pairwise:
    """Shares of the pairs of images. Nothing claimed wrongly is precision 1, nothing missed is recall 1."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class ClusterScores:
    """Labels against the truth."""

    pairwise: Pairwise
    ari: float
    nmi: float
    wrong_rows: int
    clusters: int
    outliers: int


def cluster_scores(labels: IntArray, identities: IntArray) -> ClusterScores:
    """Give every score of (n,) labels against (n,) identities."""
    return ClusterScores(
        pairwise=pairwise(labels, identities),
        ari=adjusted_rand(labels, identities),
        nmi=normalized_mutual_information(labels, identities),
        wrong_rows=int(wrong_rows(labels, identities).size),
        clusters=int(np.unique(labels[labels != OUTLIER]).size),
        outliers=int((labels == OUTLIER).sum()),
    )


def pairwise(labels: IntArray, identities: IntArray) -> Pairwise:
    """Score the pairs that (n,) labels put together against those of one identity.

    Outliers (-1) are singletons; rows of identity below 0 (junk or unknown) are left out. From
    contingency counts: O(n log n), no n x n array.
    """
    table = _contingency(labels, identities)
    both, claimed, true = _pairs(table.cells), _pairs(table.clusters), _pairs(table.classes)
    return Pairwise(
        precision=both / claimed if claimed else 1.0,
        recall=both / true if true else 1.0,
        f1=2 * both / (claimed + true) if claimed + true else 1.0,
    )


def adjusted_rand(labels: IntArray, identities: IntArray) -> float:
    """Give the adjusted Rand index, outliers as singletons; 1 for equal partitions, trivial ones included.

    Source: Hubert & Arabie 1985.
    """
    table = _contingency(labels, identities)
    n = int(table.cells.sum())
    both, claimed, true = _pairs(table.cells), _pairs(table.clusters), _pairs(table.classes)
    if both == claimed == true:
        return 1.0
    expected = claimed * true / (n * (n - 1) // 2)
    return (both - expected) / ((claimed + true) / 2 - expected)


def normalized_mutual_information(labels: IntArray, identities: IntArray) -> float:
    """Give I(labels; identities) over the mean of the two entropies, outliers as singletons.

    1 when both are one group (as scikit-learn has it).
    """
    table = _contingency(labels, identities)
    n = int(table.cells.sum())
    entropies = _entropy(table.clusters, n) + _entropy(table.classes, n)
    if entropies == 0.0:
        return 1.0
    information = entropies - _entropy(table.cells, n)
    return float(min(1.0, max(0.0, 2.0 * information / entropies)))


def wrong_rows(labels: IntArray, identities: IntArray) -> IntArray:
    """Give the rows, rising, of clusters whose majority is another identity than theirs.

    In a tie the lowest identity is the majority. Outliers and rows of identity below 0 are never wrong.
    """
    rows = np.flatnonzero((labels != OUTLIER) & (identities >= 0))
    if rows.size == 0:
        return rows
    cluster = np.unique(labels[rows], return_inverse=True)[1]
    known, identity = np.unique(identities[rows], return_inverse=True)
    cells, cell, counts = np.unique(cluster * known.size + identity, return_inverse=True, return_counts=True)
    of_cluster = cells // known.size
    order = np.lexsort((cells, -counts, of_cluster))  # per cluster: the largest count, then the lowest identity
    majority = order[np.unique(of_cluster[order], return_index=True)[1]]
    wrong: IntArray = rows[cell != majority[cluster]]
    return wrong


@dataclass(frozen=True, slots=True)
class _Contingency:
    cells: IntArray  # rows in each (cluster, identity) that occurs
    clusters: IntArray
    classes: IntArray


def _contingency(labels: IntArray, identities: IntArray) -> _Contingency:
    if labels.shape != identities.shape or labels.ndim != 1:
        raise FeaturesError(f"expected one label and one identity a row, got {labels.shape} and {identities.shape}")
    known = identities >= 0
    groups, classes = labels[known].astype(np.int64), identities[known]
    alone = np.flatnonzero(groups == OUTLIER)
    groups[alone] = (groups.max() if groups.size else 0) + 1 + np.arange(alone.size)
    _, groups = np.unique(groups, return_inverse=True)
    _, classes = np.unique(classes, return_inverse=True)
    n_classes = int(classes.max()) + 1 if classes.size else 1
    _, cells = np.unique(groups * n_classes + classes, return_counts=True)
    return _Contingency(cells, np.bincount(groups), np.bincount(classes))


def _pairs(counts: IntArray) -> int:
    wide: NDArray[Any] = counts.astype(np.int64)
    return int((wide * (wide - 1) // 2).sum())


def _entropy(counts: IntArray, n: int) -> float:
    shares: _Doubles = np.sort(counts) / n if n else np.ones(1)  # sorted: the same sum however groups are numbered
    return float(-(shares * np.log(shares)).sum())
