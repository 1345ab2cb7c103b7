"""A screened search: candidates by short projections of the rows, compared exactly afterwards.

For an orthogonal projection P, x.y = Px.Py + rx.ry, and |rx.ry| <= |rx||ry| for the rests r. So each
row's error is known, and where the candidates' exact similarities beat it, the list is proven exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from ucal.candidates import Candidates, Search, float32_slack, lengths
from ucal.products import float32_search, half_search, prefers_half
from ucal.seams import Check
from ucal.types import FloatArray

if TYPE_CHECKING:
    import torch

_SAMPLE = 2048  # rows that the projection is fitted to
_EXTRA = 32  # directions fitted beyond those kept


def screened_search(features: FloatArray, length: int, block_rows: int) -> Search:
    """Give the search that compares rows by their projections to `length` numbers, on the CPU."""

    def search(width: int, check: Check, tell: Callable[[int], None]) -> Iterator[Candidates]:
        short = projected(features, min(length, features.shape[1]))
        own, kept = lengths(features), lengths(short) * (1 - 2.0**-19)
        rest = np.sqrt(np.maximum(own**2 - kept**2, 0.0) + 2 * float32_slack(features))
        engine = half_search if prefers_half(len(short)) else float32_search
        for found in engine(short, block_rows)(width, check, tell):
            errors = found.errors.copy()
            errors[:, 0] += (rest * rest.max(initial=0.0))[found.rows] + float32_slack(features)
            yield Candidates(found.rows, found.values, found.ids, errors)

    return search


def projected(features: FloatArray, length: int) -> FloatArray:
    """Give rows (n, length): their coordinates along orthogonal directions that hold most of a sample's square sum.

    Source: Halko, Martinsson & Tropp 2011 (randomised range finder, one power step). The same features give
    the same directions.
    """
    import torch

    basis = _basis(torch.from_numpy(features[:: max(1, len(features) // _SAMPLE)][:_SAMPLE]), length)
    short = np.empty((len(features), length), np.float32)
    for start in range(0, len(features), 4096):
        torch.mm(
            torch.from_numpy(features[start : start + 4096]), basis, out=torch.from_numpy(short[start : start + 4096])
        )
    return short


def _basis(sample: torch.Tensor, length: int) -> torch.Tensor:
    """Give orthonormal columns (d, length)."""
    import torch

    d = sample.shape[1]
    generator = torch.Generator().manual_seed(0)
    wide = torch.randn(d, min(d, length + _EXTRA), generator=generator)
    for _ in range(2):
        wide = torch.linalg.qr((sample.T @ (sample @ wide)).double())[0].float()
    seen = sample @ wide
    order = torch.linalg.eigh((seen.T @ seen).double())[1].flip(1)[:, :length]
    basis: torch.Tensor = torch.linalg.qr(wide.double() @ order)[0].float().contiguous()
    return basis
