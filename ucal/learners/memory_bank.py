"""Feature memories that a contrastive loss compares with. They change in `update` only, never in a backward pass.

Source: SpCL (a row of memory for each image), Cluster Contrast and GCL + SCL (one for each cluster, at first its mean).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def class_means(features: Tensor, classes: Tensor, n_classes: int) -> Tensor:
    """Give the mean feature (c, d) of each class 0..c-1; rows of class -1 are left out.

    Worked out on the CPU, whose sums always come in the same order.
    """
    features, classes = features.cpu(), classes.cpu()
    inside = classes >= 0
    sums = torch.zeros(n_classes, features.shape[1]).index_add_(0, classes[inside], features[inside])
    counts = torch.bincount(classes[inside], minlength=n_classes)
    return sums / counts.clamp(min=1)[:, None]


def waves(classes: Tensor) -> list[Tensor]:
    """Cut the positions of a batch into waves in which no class comes twice, in batch order.

    What is done wave by wave gives what doing it sample by sample gives, classes being independent.
    """
    order = torch.argsort(classes, stable=True)
    ordered = classes[order]
    starts = torch.cat([torch.ones(1, dtype=torch.bool, device=classes.device), ordered[1:] != ordered[:-1]])
    positions = torch.arange(len(classes), device=classes.device)
    first = torch.cummax(torch.where(starts, positions, 0), dim=0).values
    turn = torch.empty_like(positions)
    turn[order] = positions - first
    return [torch.nonzero(turn == wave).flatten() for wave in range(int(turn.max()) + 1)] if len(classes) else []


class CentroidMemory:
    """One feature of length 1 per class.

    Source: Cluster Contrast. Per sample in batch order: C_y <- m C_y + (1 - m) f, then length 1.
    """

    def __init__(self, centroids: Tensor, momentum: float, *, hard: bool = False) -> None:
        self.centroids = functional.normalize(centroids, dim=1)  # (c, d)
        self.momentum, self.hard = momentum, hard

    def similarities(self, features: Tensor) -> Tensor:
        """(b, d) -> cosines (b, c); gradients reach the features only."""
        return features @ self.centroids.T

    @torch.no_grad()
    def update(self, features: Tensor, classes: Tensor) -> None:
        """Move each class towards the batch's features; hard: towards its least similar one only."""
        features = features.detach().float()
        if self.hard:
            chosen = self._hardest(features, classes)
            features, classes = features[chosen], classes[chosen]
        for wave in waves(classes):
            target = classes[wave]
            moved = self.momentum * self.centroids[target] + (1 - self.momentum) * features[wave]
            self.centroids[target] = functional.normalize(moved, dim=1)

    def _hardest(self, features: Tensor, classes: Tensor) -> Tensor:
        """Give the position of each class's least similar sample; the first of equals."""
        own = (features * self.centroids[classes]).sum(dim=1)
        by_similarity = torch.argsort(own, stable=True)
        by_class = by_similarity[torch.argsort(classes[by_similarity], stable=True)]
        ordered = classes[by_class]
        first = torch.cat([torch.ones(1, dtype=torch.bool, device=classes.device), ordered[1:] != ordered[:-1]])
        return by_class[first]


class InstanceMemory:
    """One feature of length 1 per row of the data set; a class is the mean of its rows.

    Source: SpCL. F_i <- m F_i + (1 - m) f, then length 1. Class means are kept up to date
    with each row that moves, so a step costs the batch, not the data set.
    """

    def __init__(self, features: Tensor, classes: Tensor, momentum: float) -> None:
        """Start from `features` (n, d), of length 1, and the class (n,) of each row, -1 = none."""
        self.features, self.classes, self.momentum = features.clone(), classes, momentum
        n_classes = int(classes.max()) + 1 if len(classes) else 0
        self.means = class_means(features, classes, n_classes).to(features.device)  # (c, d)
        self.counts = torch.bincount(classes[classes >= 0], minlength=n_classes)

    def similarities(self, features: Tensor) -> Tensor:
        """(b, d) -> mean cosine with each class's rows (b, c); gradients reach the features only."""
        return features @ self.means.T

    @torch.no_grad()
    def update(self, features: Tensor, rows: Tensor) -> None:
        """Move the memory's rows towards the batch's features; every row must have a class."""
        features, classes = features.detach().float(), self.classes[rows]
        for wave in waves(classes):
            row, own = rows[wave], classes[wave]
            before = self.features[row]
            after = functional.normalize(self.momentum * before + (1 - self.momentum) * features[wave], dim=1)
            self.features[row] = after
            self.means[own] += (after - before) / self.counts[own, None]
