"""Exact nearest rows on a device: float32 products tile by tile, candidates settled in float64 where they lie."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ucal.candidates import float32_slack, search_rows
from ucal.products import full_float32
from ucal.seams import Check
from ucal.types import FloatArray, IntArray

_SPARE = 8  # candidates beyond k, so that the edge of the list is nearly always settled without a second look
_TILE = 1 << 26  # similarities held at once (256 MB)
_PRODUCTS = 1 << 24  # float64 products held at once (128 MB)


def nearest_on(
    device: torch.device, features: FloatArray, k: int, block_rows: int, check: Check, tell: Callable[[int], None]
) -> IntArray:
    """Give the lists of `ucal.neighbours.nearest_ids`, (n, k): the order is the same, by (similarity, row).

    Rows whose candidates may miss one are searched again with eight times as many, those still open in float64.
    Memory on the device: the features, a tile of 256 MB and what `topk` needs for it.
    """
    matrix = torch.from_numpy(features).to(device)
    slack = float32_slack(features)
    n = len(features)
    ids = np.empty((n, k), np.int64)
    unproven = np.zeros(n, np.bool_)
    for start in range(0, n, block_rows):
        check()
        rows = torch.arange(start, min(start + block_rows, n), device=device)
        here = slice(start, start + len(rows))
        ids[here], unproven[here] = _settled(matrix, rows, k, min(k + _SPARE, n), slack)
        if start + block_rows < n:
            tell(start + block_rows)
    again = np.flatnonzero(unproven)
    for start in range(0, len(again), block_rows):
        check()
        part = again[start : start + block_rows]
        rows = torch.from_numpy(part).to(device)
        ids[part], unproven[part] = _settled(matrix, rows, k, min(8 * k, n), slack)
    left = np.flatnonzero(unproven)
    ids[left] = search_rows(features, left, k, check)
    return ids


def _settled(matrix: Tensor, rows: Tensor, k: int, width: int, slack: float) -> tuple[IntArray, IntArray]:
    """Give the first k of `width` candidates in exact order (b, k), and which rows may miss one (b,) bool."""
    values, ids = _candidates(matrix, rows, width)
    ids = ids.sort(dim=1).values
    exact = _similarities(matrix, rows, ids) + 0.0  # a sort may put -0 before 0; -0 + 0 is 0
    exact, by_similarity = exact.sort(dim=1, descending=True, stable=True)
    bound = values.amin(dim=1).double() + slack
    sure = exact[:, k - 1].double() > bound + 1e-7 * bound.abs()
    unproven = ~sure if width < len(matrix) else torch.zeros_like(sure)
    return ids.gather(1, by_similarity)[:, :k].cpu().numpy(), unproven.cpu().numpy()


def _candidates(matrix: Tensor, rows: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Give the `width` largest float32 products of some rows with all, (b, width) in any order, and their columns."""
    left = matrix[rows]
    columns = max(width, _TILE // max(1, len(rows)))
    values = torch.empty((len(rows), 0), device=matrix.device)
    ids = torch.empty((len(rows), 0), dtype=torch.int64, device=matrix.device)
    for start in range(0, len(matrix), columns):
        with full_float32():
            tile = left @ matrix[start : start + columns].T
        found = tile.topk(min(width, tile.shape[1]), dim=1, sorted=False)
        values, ids = torch.cat([values, found.values], 1), torch.cat([ids, found.indices + start], 1)
        if values.shape[1] > width:
            values, kept = values.topk(width, dim=1, sorted=False)
            ids = ids.gather(1, kept)
    return values, ids


def _similarities(matrix: Tensor, rows: Tensor, ids: Tensor) -> Tensor:
    """Give float64 inner products rounded to float32, (b, width)."""
    out = torch.empty(ids.shape, device=matrix.device)
    step = max(1, _PRODUCTS // max(1, ids.shape[1] * matrix.shape[1]))
    for start in range(0, len(rows), step):
        left = matrix[rows[start : start + step]].double()
        right = matrix[ids[start : start + step]].double()
        out[start : start + step] = (right * left[:, None, :]).sum(dim=2)
    return out
