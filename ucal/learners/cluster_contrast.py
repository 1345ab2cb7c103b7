"""Cluster Contrast: one centroid per cluster, rebuilt each round; rows in no cluster are left out.

Source: Cluster Contrast (a memory and a loss at the level of clusters); UCAL, Eq. 1, whose x.c_k this takes as the
cosine with the centroid. Momentum .1 by default (its code's default is .2).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ucal.learners.memory_bank import CentroidMemory, class_means

MOMENTUM = 0.1


class ClusterContrast:
    """The loss of one round."""

    def __init__(
        self,
        features: Tensor,
        labels: Tensor,
        *,
        tau: float,
        momentum: float | None,
        hard: bool,
        weights: Tensor | None = None,
    ) -> None:
        """Start from all rows' features (n, d) and classes (n,) numbered 0..c-1, -1 = left out.

        weights (n,): what each row counts in the loss; None = all alike.
        """
        self.classes, self.tau, self.weights = labels, tau, weights
        means = class_means(features, labels, int(labels.max()) + 1).to(features.device)
        self.memory = CentroidMemory(means, MOMENTUM if momentum is None else momentum, hard=hard)

    def loss(self, features: Tensor, rows: Tensor) -> Tensor:
        """Mean cross-entropy, by the rows' weights, of the batch's features (b, d) against their rows' clusters."""
        logits, target = self.memory.similarities(features) / self.tau, self.classes[rows]
        if self.weights is None:
            return functional.cross_entropy(logits, target)
        each = functional.cross_entropy(logits, target, reduction="none")
        return torch.dot(each, self.weights[rows]) / self.weights[rows].sum().clamp(min=1e-12)

    def update(self, features: Tensor, rows: Tensor) -> None:
        """Move the centroids; called after the gradient step."""
        self.memory.update(features, self.classes[rows])

    def remembered(self) -> torch.Tensor | None:
        """Nothing outlives the round."""
        return None
