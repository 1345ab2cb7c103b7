"""Graph correlation learning: every row is seen together with the other rows of its graph.

Source: "Mind Your Clever Neighbours" (GCL + SCL), Eqs. 1-5.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ucal.neighbours import Engine, nearest_ids
from ucal.seams import Check, never
from ucal.types import FloatArray, IntArray

Length = Literal["whole", "halves"]
NOBODY = -1  # pads the member lists of graphs that are too small
_BLOCK = 256  # rows refined at once


class GraphCorrelation(nn.Module):
    """Refines rows by the rows of their graph; its weights are learnt with the backbone's.

    theta and phi are a linear map (d, d), batch norm and L2 norm. Weights start random, or (`identity`) so
    that attention starts as the similarity of the rows themselves.

    Source: GCL + SCL, Eqs. 1-4; the same weights serve clustering and batches (below Eq. 5). The start is
    unstated.
    """

    def __init__(self, d: int, temperature: float, length: Length, start: Literal["random", "identity"]) -> None:
        super().__init__()
        self.temperature, self.length = temperature, length
        self.theta, self.phi = _embedding(d, start), _embedding(d, start)

    def attention(self, left: Tensor, right: Tensor, members: Tensor) -> Tensor:
        """Give m (b, g) = softmax_j(T theta(v_i) . phi(v_j)) over the members of each graph.

        left (b, d) and right (b, g, d) or (g, d), both embedded already; members (b, g) bool.
        Source: GCL + SCL, Eqs. 1 and 2.
        """
        relation = left @ right.T if right.ndim == 2 else torch.einsum("bd,bgd->bg", left, right)
        return torch.softmax((self.temperature * relation).masked_fill(~members, -torch.inf), dim=1)

    def embed(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """(b, d) -> theta(v), phi(v), both (b, d), rows of length 1."""
        return functional.normalize(self.theta(rows), dim=1), functional.normalize(self.phi(rows), dim=1)

    def forward(self, rows: Tensor) -> Tensor:
        """Refine a batch (b, d) that is one graph: v^ (b, 2 d), rows of length 1.

        Source: GCL + SCL, Eqs. 3-5 (noise suppression).
        """
        left, right = self.embed(rows)
        everybody = torch.ones(len(rows), len(rows), dtype=torch.bool, device=rows.device)
        return self.join(rows, self.attention(left, right, everybody) @ rows)

    def join(self, rows: Tensor, refined: Tensor) -> Tensor:
        """Give v^ = [v, v~] (b, 2 d) at length 1; `halves` brings v~ to length 1 before.

        Source: GCL + SCL, Eq. 4; differs: v^ is brought to length 1, which its distances and losses need.
        """
        if self.length == "halves":
            refined = functional.normalize(refined, dim=1)
        return functional.normalize(torch.cat([rows, refined], dim=1), dim=1)


def _embedding(d: int, start: Literal["random", "identity"]) -> nn.Sequential:
    linear = nn.Linear(d, d, bias=False)  # the batch norm has one
    if start == "identity":
        nn.init.eye_(linear.weight)
    return nn.Sequential(linear, nn.BatchNorm1d(d))


@torch.no_grad()
def refine(graph: GraphCorrelation, rows: FloatArray, members: IntArray, check: Check = never) -> FloatArray:
    """Give v^ (n, 2 d), rows of length 1, of all rows (n, d); row i's graph is members[i], padded with -1.

    The graph's batch norms use their stored statistics; its mode is left as it was. Time: n (d^2 + g d).
    Source: GCL + SCL, Eqs. 1-4 (cluster refinement).
    """
    device = next(graph.parameters()).device
    training = graph.training
    graph.eval()
    try:
        features = torch.from_numpy(rows)
        embedded = [graph.embed(part.to(device)) for part in features.split(_BLOCK)]  # type: ignore[no-untyped-call]
        left, right = (torch.cat([pair[side].cpu() for pair in embedded]) for side in (0, 1))
        parts: list[FloatArray] = []
        for start in range(0, len(rows), _BLOCK):
            check()
            own = slice(start, start + _BLOCK)
            ids = torch.from_numpy(members[own])
            inside, ids = (ids != NOBODY).to(device), ids.clamp(min=0)
            weights = graph.attention(left[own].to(device), right[ids].to(device), inside)
            refined = torch.einsum("bg,bgd->bd", weights, features[ids].to(device))
            parts.append(graph.join(features[own].to(device), refined).cpu().numpy())
    finally:
        graph.train(training)
    return np.concatenate(parts)


def neighbour_graphs(
    rows: FloatArray, size: int, *, engine: Engine, block_rows: int, device: str, check: Check = never
) -> IntArray:
    """Give each row's graph (n, g): itself, then its nearest others, g = min(size, n).

    Source: ours; the paper cuts the sorted file names into graphs, which leaks identities.
    """
    ids = nearest_ids(rows, size, engine=engine, block_rows=block_rows, device=device, check=check)
    own = np.arange(len(rows))[:, None]
    # of many equal rows one may be missing from its own list: then the last place goes
    places = np.argsort(ids != own, axis=1, kind="stable")
    ordered = np.take_along_axis(ids, places, axis=1)
    missing = ordered[:, 0] != own[:, 0]
    ordered[missing] = np.concatenate([own, ordered[:, :-1]], axis=1)[missing]
    return ordered


def ordered_graphs(order: IntArray, size: int) -> IntArray:
    """Cut an order (n,) of the rows into graphs of `size` and give each row's graph (n, size), padded with -1.

    Source: GCL + SCL, "a series of small graphs in the order of the sorted dataset"; the last may be smaller.
    """
    padded = np.full(-(-len(order) // size) * size, NOBODY, np.int64)
    padded[: len(order)] = order
    graphs = padded.reshape(-1, size)
    members = np.empty((len(order), size), np.int64)
    members[order] = np.repeat(graphs, size, axis=0)[: len(order)]
    return members
