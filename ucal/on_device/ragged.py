"""Rows of different lengths laid end to end: the sums and cuts that the sparse steps need."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

ENTRIES = 1 << 24
"""Entries held at once, about 60 bytes each while they are sorted: a gigabyte."""


def runs(costs: Tensor, most: int) -> Iterator[tuple[int, int]]:
    """Cut rows 0..n into runs (start, stop) whose costs (n,) sum to `most` or less; a row above it is alone."""
    ends = costs.cpu().numpy().astype(np.int64).cumsum()
    start = 0
    while start < len(ends):
        before = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + most, side="right")))
        yield start, stop
        start = stop


def starts_of(counts: Tensor) -> Tensor:
    """Give where each row of `counts` (n,) entries begins, and where the last ends, (n + 1,) int64."""
    starts = torch.zeros(len(counts) + 1, dtype=torch.int64, device=counts.device)
    torch.cumsum(counts, 0, out=starts[1:])
    return starts


def owners(counts: Tensor) -> Tensor:
    """Give the row of each entry, (sum of counts,) int64."""
    return torch.repeat_interleave(torch.arange(len(counts), device=counts.device), counts)


def ranges(first: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Give first[r], first[r] + 1, ... (counts[r] of them) for every r, end to end; and the r of each."""
    owner = owners(counts)
    shift = first - starts_of(counts)[:-1]
    return torch.arange(len(owner), device=owner.device) + shift[owner], owner


def summed(keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """Give the distinct keys, rising, and the sum of each one's values, added in the order in which they come."""
    if not len(keys):
        return keys, values
    keys, order = torch.sort(keys, stable=True)
    distinct, counts = torch.unique_consecutive(keys, return_counts=True)
    return distinct, torch.segment_reduce(values[order], "sum", lengths=counts)
