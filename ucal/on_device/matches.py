"""Ranks of the relevant gallery rows on a device: float64 products, a block of queries at a time; counts, no sort."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ucal.types import FloatArray, IntArray

Who = tuple[IntArray, IntArray, IntArray, IntArray]
_TILE = 1 << 25  # distances held at once (128 MB; a few bytes more each while they are compared)
_COLUMNS = 8192  # gallery rows multiplied at once


def matches_on(  # noqa: PLR0913 - as `ucal.matches.matches`
    device: torch.device,
    query: FloatArray,
    gallery: FloatArray,
    who: Who,
    queries: IntArray,
    block: int | None = None,
    tile: int = _TILE,
) -> list[IntArray]:
    """Give `ucal.matches.matches`: for each of `queries` with a relevant row, their 1-based ranks, rising.

    Memory on the device: both sides, and `tile` distances; `block` queries at a time, by default as many as fit.
    """
    rows, columns = torch.from_numpy(query).to(device), torch.from_numpy(gallery).to(device)
    query_ids, gallery_ids, query_cams, gallery_cams = (
        torch.from_numpy(np.ascontiguousarray(array, np.int64)).to(device) for array in who
    )
    found: list[IntArray] = []
    chosen = torch.from_numpy(np.ascontiguousarray(queries, np.int64)).to(device)
    for part in torch.split(chosen, block or max(1, tile // max(1, len(gallery)))):
        same = query_ids[part][:, None] == gallery_ids
        camera = query_cams[part][:, None]
        junk = same & (camera == gallery_cams) & (camera >= 0)
        distance = _distances(rows[part], columns)
        distance[junk | (gallery_ids < 0)] = torch.inf
        relevant = same & ~junk
        ranks = _ranks(distance, relevant, max(1, tile // max(1, len(gallery))))
        found += np.split(ranks, np.cumsum(relevant.sum(dim=1).cpu().numpy()))[:-1]
    return [np.sort(ranks) for ranks in found if len(ranks)]


def _distances(queries: Tensor, gallery: Tensor) -> Tensor:
    """Give 2 - 2 cos in float64, rounded to float32, (b, g)."""
    out = torch.empty((len(queries), len(gallery)), device=gallery.device)
    left = queries.double()
    for start in range(0, len(gallery), _COLUMNS):
        out[:, start : start + _COLUMNS] = 2.0 - 2.0 * (left @ gallery[start : start + _COLUMNS].double().T)
    return out


def _ranks(distance: Tensor, relevant: Tensor, step: int) -> IntArray:
    """Give the rank of each relevant (query, row) by (distance, row), query by query."""
    out = []
    numbers = torch.arange(distance.shape[1], device=distance.device)
    for pairs in torch.split(relevant.nonzero(), step):
        line, row = distance[pairs[:, 0]], pairs[:, 1:]
        own = line.gather(1, row)
        out.append(((line < own) | ((line == own) & (numbers < row))).sum(dim=1) + 1)
    ranks: IntArray = torch.cat(out).cpu().numpy() if out else np.empty(0, np.int64)
    return ranks
