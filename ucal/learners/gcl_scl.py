"""GCL + SCL: two cluster memories, of the features and of their refined form; only the hardest queries count.

Source: "Mind Your Clever Neighbours", Eqs. 6-8. Momentum .1 by default (the paper says .2 in one place).
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from ucal.learners.graph import GraphCorrelation
from ucal.learners.memory_bank import CentroidMemory, class_means

MOMENTUM = 0.1
Queries = Literal["hardest", "average", "random"]


def hardest(similarities: Tensor, classes: Tensor, k: int) -> Tensor:
    """Give the positions of each class's k least similar queries, by class, the least similar first.

    similarities (b,) of each query to its own centroid; ties go to the earlier query. A class with
    fewer than k queries gives all.
    Source: GCL + SCL, above Eq. 6.
    """
    by_similarity = torch.argsort(similarities, stable=True)
    by_class = by_similarity[torch.argsort(classes[by_similarity], stable=True)]
    ordered = classes[by_class]
    positions = torch.arange(len(ordered), device=classes.device)
    starts = torch.ones_like(ordered, dtype=torch.bool)
    starts[1:] = ordered[1:] != ordered[:-1]
    first = torch.cummax(torch.where(starts, positions, 0), dim=0).values
    return by_class[positions - first < k]


class SelectiveContrast:
    """One memory and its loss over the chosen queries.

    Of a class's queries in a batch, the k least similar move its centroid in turn and enter the loss
    (`hardest`); or all enter it and their mean moves the centroid once (`average`); or one that is drawn (`random`).

    Source: GCL + SCL, Eqs. 6 and 7; Table 3 has the other two policies (that the loss follows them is our reading).
    """

    def __init__(  # noqa: PLR0913 - two tensors, the rest are options by name
        self,
        features: Tensor,
        classes: Tensor,
        *,
        tau: float,
        momentum: float | None,
        k: int,
        queries: Queries = "hardest",
        seed: int = 0,
    ) -> None:
        """Start from all rows' features (n, d) and classes (n,) numbered 0..c-1, -1 = left out.

        seed: what `random` draws by; the same on all ranks.
        """
        self.classes, self.tau, self.k, self.queries = classes, tau, k, queries
        self._generator = torch.Generator().manual_seed(seed)
        means = class_means(features, classes, int(classes.max()) + 1).to(features.device)
        self.memory = CentroidMemory(means, MOMENTUM if momentum is None else momentum)

    def choose(self, features: Tensor, rows: Tensor) -> Tensor:
        """Give the positions of the batch's chosen queries, in the order in which they move the memory."""
        own = self.classes[rows]
        if self.queries == "average":
            return torch.arange(len(rows), device=rows.device)
        if self.queries == "random":  # the one with the least of as many random numbers
            return hardest(torch.rand(len(rows), generator=self._generator).to(rows.device), own, 1)
        return hardest((features.detach() * self.memory.centroids[own]).sum(dim=1), own, self.k)

    def loss(self, features: Tensor, rows: Tensor, chosen: Tensor) -> Tensor:
        """Mean cross-entropy of the chosen queries.

        Source: GCL + SCL, Eq. 7; differs: the mean over a batch's chosen queries, not their sum.
        """
        logits = self.memory.similarities(features[chosen]) / self.tau
        return functional.cross_entropy(logits, self.classes[rows[chosen]])

    def update(self, features: Tensor, rows: Tensor, chosen: Tensor) -> None:
        """Move each class towards its chosen queries in turn (or their mean, once), then length 1.

        Source: GCL + SCL, Eq. 6; differs: centroids are brought to length 1 after each move.
        """
        moving, own = features[chosen], self.classes[rows[chosen]]
        if self.queries == "average":
            own, places = torch.unique(own, return_inverse=True)
            moving = class_means(moving.detach().float(), places, len(own)).to(rows.device)
        self.memory.update(moving, own)


class GclScl:
    """The loss of one round: SCL(x) + lambda SCL(x^), x^ from the batch as one graph.

    Source: GCL + SCL, Eq. 8.
    """

    def __init__(self, graph: GraphCorrelation, plain: SelectiveContrast, refined: SelectiveContrast, weight: float):
        """`plain` over (n, d) features, `refined` over (n, 2 d); weight = lambda."""
        self.graph, self.parts, self.weight = graph, (plain, refined), weight
        self._moves: list[tuple[SelectiveContrast, Tensor, Tensor]] = []  # what `update` will do

    def loss(self, features: Tensor, rows: Tensor) -> Tensor:
        """Give the loss of a batch (b, d); remembers its chosen queries for `update`."""
        views = (features, self.graph(features))
        chosen = [part.choose(view, rows) for part, view in zip(self.parts, views, strict=True)]
        self._moves = [(part, view.detach(), own) for part, view, own in zip(self.parts, views, chosen, strict=True)]
        plain, refined = (part.loss(view, rows, own) for part, view, own in zip(self.parts, views, chosen, strict=True))
        return plain + self.weight * refined

    def update(self, features: Tensor, rows: Tensor) -> None:
        """Move both memories by the queries that the loss chose; called after the gradient step."""
        del features
        for part, view, chosen in self._moves:
            part.update(view, rows, chosen)
        self._moves = []

    def remembered(self) -> Tensor | None:
        """Nothing outlives the round; the graph's weights are saved with the backbone's."""
        return None
