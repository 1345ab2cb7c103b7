"""Similarities tile by tile with torch; only the largest of each row are kept, never a row of the product.

On a CPU each tile of the symmetric product is computed once and offered to its rows and its columns.
Where the processor multiplies bfloat16 fast, candidates come from rounded features: the rounding
error of every row is measured, so the exact order that follows is still proven (Cauchy-Schwarz).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ucal.candidates import Candidates, Search, float32_slack, lengths
from ucal.seams import Check
from ucal.types import FloatArray, IntArray

if TYPE_CHECKING:
    import torch

_SPARE = 8  # candidates beyond k, so that the edge of the list is nearly always settled without a second look
_SPARE_HALF = 66  # as many beyond k for rounded features
_SMALL = 1024  # rows below which rounding the features first does not pay

Heaps = tuple[FloatArray, NDArray[np.int32]]


def product_search(features: FloatArray, block_rows: int) -> tuple[Search, int]:
    """Give the exact search's first pass on the CPU, and its candidates beyond k."""
    if prefers_half(len(features)):
        return half_search(features, block_rows), _SPARE_HALF
    return float32_search(features, block_rows), _SPARE


def prefers_half(n: int) -> bool:
    """Say whether n rows are searched sooner through bfloat16 on this CPU."""
    import torch

    from ucal.backbones.embed import has_fast_bf16

    return n >= _SMALL and has_fast_bf16(torch.device("cpu"))


def float32_search(features: FloatArray, block_rows: int) -> Search:
    """Find candidates with float32 products on the CPU."""
    import torch

    def search(width: int, check: Check, tell: Callable[[int], None]) -> Iterator[Candidates]:
        values, ids = symmetric_top(torch.from_numpy(features), width, block_rows, check, tell)
        errors = np.tile([float32_slack(features), 0.0], (len(features), 1))
        yield Candidates(np.arange(len(features)), values, ids, errors)

    return search


def half_search(features: FloatArray, block_rows: int) -> Search:
    """Find candidates with bfloat16 products on the CPU, each row's error measured."""

    def search(width: int, check: Check, tell: Callable[[int], None]) -> Iterator[Candidates]:
        rounded, lost = _rounded(features)
        values, ids = symmetric_top(rounded, width, block_rows, check, tell)
        del rounded
        yield Candidates(np.arange(len(features)), values, ids, half_errors(features, lost))

    return search


def half_errors(features: FloatArray, lost: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bound |x.y - bf16(rx.ry)| for each row x and any y: |x-rx||y| + |rx||y-ry|, and 2^-8 of the value, (n, 2)."""
    length = lengths(features)
    bound = lost * length.max(initial=0.0) + (length + lost) * lost.max(initial=0.0) + 2 * float32_slack(features)
    return np.column_stack([bound, np.full(len(bound), 2.0**-8)])


def _rounded(features: FloatArray) -> tuple[torch.Tensor, NDArray[np.float64]]:
    """Give the features as bfloat16 and the length of what each row lost, (n,)."""
    import torch

    rounded = torch.empty(features.shape, dtype=torch.bfloat16)
    lost = np.empty(len(features), np.float64)
    for start in range(0, len(features), 1024):
        part = torch.from_numpy(features[start : start + 1024])
        rounded[start : start + 1024] = part
        lost[start : start + 1024] = lengths((part - rounded[start : start + 1024].float()).numpy())
    return rounded, lost


def symmetric_top(
    matrix: torch.Tensor, width: int, block_rows: int, check: Check, tell: Callable[[int], None]
) -> Heaps:
    """Give each row's `width` largest products with all rows, (n, width) values float32 and ids int32.

    Memory: block_rows x block_rows floats, and n x width. Half the products: x.y is y.x.
    """
    import torch

    n = len(matrix)
    heaps = new_heaps(n, width)
    buffer = torch.empty(min(block_rows, n) ** 2, dtype=torch.float32)
    for start in range(0, n, block_rows):
        check()
        left = matrix[start : start + block_rows]
        for column in range(start, n, block_rows):
            right = matrix[column : column + block_rows]
            tile = buffer[: len(left) * len(right)].view(len(left), len(right))
            _multiply(left, right, tile)
            offer(tile.numpy(), (start, column), heaps)
            if column > start:
                offer_columns(tile.numpy(), (start, column), heaps)
        if start + block_rows < n:
            tell(start + block_rows)
    return heaps


def rows_top(features: FloatArray, rows: IntArray, width: int, block_rows: int, check: Check) -> Heaps:
    """Give the `width` largest float32 products of some rows with all rows, (b, width)."""
    import torch

    matrix = torch.from_numpy(features)
    heaps = new_heaps(len(rows), width)
    for start in range(0, len(rows), block_rows):
        check()
        left = matrix[torch.from_numpy(rows[start : start + block_rows])]
        for column in range(0, len(features), block_rows):
            right = matrix[column : column + block_rows]
            tile = torch.empty(len(left), len(right))
            _multiply(left, right, tile)
            offer(tile.numpy(), (start, column), heaps)
    return heaps


def new_heaps(n: int, width: int) -> Heaps:
    """Give n empty heaps."""
    return np.full((n, width), -np.inf, np.float32), np.zeros((n, width), np.int32)


def offer(tile: FloatArray, corner: tuple[int, int], heaps: Heaps) -> None:
    """Offer a tile's entries to its rows' heaps, rows divided among torch's threads."""
    import torch

    from ucal.compiled import in_threads, top_k

    in_threads(lambda a, b: top_k.take_rows(tile, (a, b), corner, *heaps), tile.shape[0], torch.get_num_threads(), 64)


def offer_columns(tile: FloatArray, corner: tuple[int, int], heaps: Heaps) -> None:
    """Offer a tile's entries to its columns' heaps."""
    import torch

    from ucal.compiled import in_threads, top_k

    in_threads(
        lambda a, b: top_k.take_columns(tile, (a, b), corner, *heaps), tile.shape[1], torch.get_num_threads(), 64
    )


def _multiply(left: torch.Tensor, right: torch.Tensor, out: torch.Tensor) -> None:
    import torch

    if left.dtype == torch.float32:
        with full_float32():
            torch.mm(left, right.T, out=out)
    else:
        out.copy_(left @ right.T)


@contextmanager
def full_float32() -> Iterator[None]:
    """Switch TF32 off: its 10-bit products would make the candidates wrong, not only unsure."""
    import torch

    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
