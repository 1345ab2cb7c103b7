"""SPAL's triplet: a picture nearer to what it is the same as than to what it differs from, by answers.

Source: SPAL ("Support Pair Active Learning", arXiv 2204.10008); margin 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ucal.learners.memory_bank import waves
from ucal.learners.training import Contrast
from ucal.memory import LabelMemory

MOMENTUM = 0.2  # of the memory's rows, as SpCL's


@dataclass(frozen=True, slots=True)
class Links:
    """What answers say of rows: group (row -> its "same" rows), apart (row -> rows it differs from)."""

    same: dict[int, list[int]]
    apart: dict[int, list[int]]


def links_of(memory: LabelMemory) -> Links:
    """Give each linked row's must-linked rows (itself left out) and cannot-linked rows, conflicts left out."""
    groups = {row: rows for rows in memory.groups() for row in rows}
    same = {row: [other for other in rows if other != row] for row, rows in groups.items()}
    apart: dict[int, set[int]] = {}
    for left, right in memory.cannot_pairs():
        a, b = groups.get(left, (left,)), groups.get(right, (right,))
        for row in a:
            apart.setdefault(row, set()).update(b)
        for row in b:
            apart.setdefault(row, set()).update(a)
    return Links(same, {row: sorted(others) for row, others in apart.items()})


class SupportTriplet:
    """Another loss with the triplet added, over a memory of every row's feature."""

    def __init__(self, contrast: Contrast, features: Tensor, links: Links, *, margin: float, weight: float) -> None:
        """Start from all rows' features (n, d), of length 1."""
        self.contrast, self.links, self.margin, self.weight = contrast, links, margin, weight
        self.memory = features.clone()

    def loss(self, features: Tensor, rows: Tensor) -> Tensor:
        """Give the other loss plus the weighted triplet."""
        return self.contrast.loss(features, rows) + self.weight * self.triplet(features, rows)

    def triplet(self, features: Tensor, rows: Tensor) -> Tensor:
        """Give the mean of [margin + |f - M_p| - |f - M_n|]+ over the batch's rows with links of both kinds.

        M_p: the least similar memory row that is the same; M_n: the most similar one that differs. 0
        where no row of the batch has both. Distances are Euclidean; excluded rows have no links.
        """
        anchors = [i for i, row in enumerate(rows.tolist()) if row in self.links.same and row in self.links.apart]
        if not anchors:
            return features.new_zeros(())
        near = [self._most(features[i], self.links.same[int(rows[i])], -1.0) for i in anchors]
        far = [self._most(features[i], self.links.apart[int(rows[i])], 1.0) for i in anchors]
        own = features[anchors]
        violation = self.margin + _distance(own, self.memory[near]) - _distance(own, self.memory[far])
        return functional.relu(violation).mean()

    def _most(self, feature: Tensor, others: list[int], sign: float) -> int:
        """Give which of these memory rows is the most (sign 1) or the least (-1) similar; the first of equals."""
        return others[int((sign * (self.memory[others] @ feature.detach())).argmax())]

    @torch.no_grad()
    def update(self, features: Tensor, rows: Tensor) -> None:
        """Move the other loss's memory, and the rows of this one: F_i <- m F_i + (1 - m) f, then length 1."""
        self.contrast.update(features, rows)
        features = features.detach().float()
        for wave in waves(rows):
            moved = MOMENTUM * self.memory[rows[wave]] + (1 - MOMENTUM) * features[wave]
            self.memory[rows[wave]] = functional.normalize(moved, dim=1)

    def remembered(self) -> Tensor | None:
        """Give what the other loss remembers."""
        return self.contrast.remembered()


def _distance(left: Tensor, right: Tensor) -> Tensor:
    """Give |l - r| (b,) of rows (b, d), with a gradient where they are equal."""
    return (left - right).pow(2).sum(dim=1).clamp(min=1e-12).sqrt()
