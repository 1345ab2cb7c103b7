"""MCL: contrast on the clustered subset X1, consistency and a soft-weighted triplet on all other rows.

Source: "Meta Clustering Learning" (MCL); its formulas are not public, those here are ours (docs/methods.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ucal.learners.cluster_contrast import ClusterContrast
from ucal.types import IntArray

_TRIPLES = 1 << 22  # weighted triples held at once


def consistency(first: Tensor, second: Tensor) -> Tensor:
    """Give the symmetric KL divergence of two views' soft labels, the mean over images; targets have no gradient.

    first, second (b, c): logits of the views. KL(sg y2 || y1) + KL(sg y1 || y2).
    """
    views = functional.log_softmax(first, dim=1), functional.log_softmax(second, dim=1)
    one, two = (
        functional.kl_div(student, target.detach(), reduction="batchmean", log_target=True)
        for student, target in (views, views[::-1])
    )
    return one + two


def agreement(soft: Tensor) -> Tensor:
    """Give A_ij = 1 - |y_i - y_j|_1 / 2, (b, b) in [0, 1], from soft labels (b, c)."""
    return 1.0 - 0.5 * torch.cdist(soft, soft, p=1)


def soft_triplet(features: Tensor, weights: Tensor, margin: float) -> Tensor:
    """Give the mean over rows of their hardest weighted triple, max over p != i and n of
    A_ip (1 - A_in) [margin + |f_i - f_p| - |f_i - f_n|]+.

    features (b, d) of length 1, weights A (b, b). With A of zeros and ones it is the batch-hard triplet
    loss: positives weigh A_ij, negatives 1 - A_ij. Which triple is hardest is chosen without gradient.
    """  # noqa: D205 - the formula is the sentence
    distances = (2.0 - 2.0 * features @ features.T).clamp(min=1e-8).sqrt()
    near, far = weights.clone().fill_diagonal_(0.0), 1.0 - weights
    anchors = torch.arange(len(features), device=features.device)
    positives, negatives = _hardest(distances.detach(), near, far, margin)
    violation = functional.relu(margin + distances[anchors, positives] - distances[anchors, negatives])
    return (near[anchors, positives] * far[anchors, negatives] * violation).mean()


def _hardest(distances: Tensor, near: Tensor, far: Tensor, margin: float) -> tuple[Tensor, Tensor]:
    """Give p and n (b,) of each anchor's largest weighted violation."""
    b = len(distances)
    picks = []
    for rows in torch.arange(b, device=distances.device).split(max(1, _TRIPLES // (b * b))):  # type: ignore[no-untyped-call]
        own = distances[rows]
        violation = functional.relu(margin + own[:, :, None] - own[:, None, :])
        picks.append((near[rows][:, :, None] * far[rows][:, None, :] * violation).flatten(1).argmax(dim=1))
    pick = torch.cat(picks)
    return pick // b, pick % b


@dataclass(frozen=True, slots=True)
class Weights:
    """What the polishing losses weigh, and the triplet's margin."""

    consistency: float = 1.0
    triplet: float = 1.0
    margin: float = 0.3


class Mcl:
    """The loss of one round: contrastive(X1) + consistency + triplet; the memory's centroids are the prototypes."""

    def __init__(self, contrast: ClusterContrast, inside: Tensor, weights: Weights) -> None:
        """`contrast` over X1's clusters; inside (n,) bool: X1."""
        self.contrast, self.inside, self.weights = contrast, inside, weights

    def loss(self, features: Tensor, rows: Tensor) -> Tensor:
        """Give the loss of a batch: rows of X1 in any order, and two views of other rows, first all, then all again."""
        inside = self.inside[rows]
        total = features.new_zeros(())
        if bool(inside.any()):
            total = total + self.contrast.loss(features[inside], rows[inside])
        rest = features[~inside]
        if len(rest):
            total = total + self._polish(rest)
        return total

    def _polish(self, rest: Tensor) -> Tensor:
        logits = self.contrast.memory.similarities(rest) / self.contrast.tau
        first, second = logits.chunk(2)
        weights = agreement(torch.softmax(logits.detach(), dim=1))
        return self.weights.consistency * consistency(first, second) + self.weights.triplet * soft_triplet(
            rest, weights, self.weights.margin
        )

    def update(self, features: Tensor, rows: Tensor) -> None:
        """Move the centroids by the rows of X1; called after the gradient step."""
        inside = self.inside[rows]
        self.contrast.update(features[inside], rows[inside])

    def remembered(self) -> Tensor | None:
        """Nothing outlives the round."""
        return None


def polishing_batches(own: Iterator[IntArray], rest: Iterator[IntArray], *, joint: bool) -> Iterator[IntArray]:
    """Give MCL's batches: each of X1 together with two views of other rows, or all of X1's first."""
    if joint:
        for first, other in zip(own, rest, strict=True):
            yield np.concatenate([first, other, other])
    else:
        yield from own
        for other in rest:
            yield np.concatenate([other, other])


def uniform_batches(rows: IntArray, rng: np.random.Generator, size: int, iterations: int) -> Iterator[IntArray]:
    """Give batches from random passes over `rows`."""
    waiting = np.zeros(0, np.int64)
    for _ in range(iterations):
        while len(waiting) < size:
            waiting = np.concatenate([waiting, rng.permutation(rows)])
        yield waiting[:size]
        waiting = waiting[size:]
