"""What every backbone ends in: pooling, a batch-norm neck without bias, rows of length 1."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional


class GeneralisedMean(nn.Module):
    """Pool a map by the p-th root of its mean p-th power; p is learnt and starts at 3.

    Source: Cluster Contrast's code (GeM); values are clamped at 1e-6 first.
    """

    def __init__(self) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.full((1,), 3.0))

    def forward(self, maps: Tensor) -> Tensor:
        """(n, d, h, w) -> (n, d)."""
        powered = maps.float().clamp(min=1e-6).pow(self.p)
        return powered.mean(dim=(2, 3)).pow(1.0 / self.p)


class Average(nn.Module):
    """Pool a map by its mean."""

    def forward(self, maps: Tensor) -> Tensor:
        """(n, d, h, w) -> (n, d)."""
        return maps.float().mean(dim=(2, 3))


class Head(nn.Module):
    """Pooling, BatchNorm1d whose bias stays 0, L2 norm; the same in training and evaluation.

    Source: UCAL 4.2, GCL + SCL (implementation details); the frozen bias is the released code's.
    """

    def __init__(self, dimension: int, pooling: Literal["gap", "gem"]) -> None:
        super().__init__()
        self.dimension = dimension
        self.pool = GeneralisedMean() if pooling == "gem" else Average()
        self.neck = nn.BatchNorm1d(dimension)
        self.neck.bias.requires_grad_(False)

    def forward(self, maps: Tensor) -> Tensor:
        """(n, d, h, w) -> (n, d) float32, rows of length 1."""
        with torch.autocast(maps.device.type, enabled=False):
            rows = self.neck(self.pool(maps))
        return functional.normalize(rows, dim=1)
