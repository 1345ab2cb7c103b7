"""MCL's division of labour: a random subset is clustered, its prototypes annotate all other rows.

Source: "Meta Clustering Learning" (MCL); its formulas are not public, those here are ours (docs/methods.md).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ucal.types import OUTLIER, BoolArray, FloatArray, IntArray

_SUBSET = 13  # stream of randomness under one seed
_BLOCK = 1 << 22  # similarities held at once


def subset_of(n: int, rho: float, seed: int) -> BoolArray:
    """Give X1, the (n,) mask of the rows that are clustered: a share rho, at least two, the same all through a run."""
    count = min(n, max(2, round(rho * n)))
    inside = np.zeros(n, bool)
    inside[np.random.default_rng((seed, _SUBSET)).permutation(n)[:count]] = True
    return inside


def meta_prototypes(features: FloatArray, labels: IntArray) -> FloatArray:
    """Give the mean feature at length 1 of each cluster 0..c-1, (c, d); rows labelled -1 are left out."""
    inside = labels != OUTLIER
    sums = np.zeros((int(labels.max(initial=OUTLIER)) + 1, features.shape[1]))
    np.add.at(sums, labels[inside], features[inside].astype(np.float64))
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return (sums / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)


def soft_labels(features: FloatArray, prototypes: FloatArray, tau: float) -> NDArray[np.float64]:
    """Give y(x) = softmax(P x / tau), (m, c): how much each row belongs to each prototype."""
    logits = features.astype(np.float64) @ prototypes.astype(np.float64).T / tau
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    soft: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return soft


def annotate(features: FloatArray, prototypes: FloatArray, tau: float) -> tuple[IntArray, NDArray[np.float64]]:
    """Give each row's likeliest prototype (m,) and its share of the soft label (m,), ties to the lower one.

    Without prototypes: -1 and 0. Time and memory: m c d, in blocks.
    """
    best, confidence = np.full(len(features), OUTLIER, np.int64), np.zeros(len(features))
    if len(prototypes) == 0:
        return best, confidence
    step = max(1, _BLOCK // len(prototypes))
    for start in range(0, len(features), step):
        soft = soft_labels(features[start : start + step], prototypes, tau)
        best[start : start + step] = soft.argmax(axis=1)
        confidence[start : start + step] = soft.max(axis=1)
    return best, confidence


def with_proposals(labels: IntArray, inside: BoolArray, features: FloatArray, tau: float, least: float) -> IntArray:
    """Give labels (n,) in which rows outside X1 have the cluster that the prototypes are sure of, else -1.

    labels (n,): X1's clusters 0..c-1 (other rows' are not looked at); least: the smallest share of the soft
    label that counts as sure.
    """
    own = np.where(inside, labels, OUTLIER)
    rest = np.flatnonzero(~inside)
    best, confidence = annotate(features[rest], meta_prototypes(features, own), tau)
    own[rest] = np.where(confidence >= least, best, OUTLIER)
    return own
