"""Training pictures, changed at random: flip, shift, erase; on bytes, before they become floats.

Source: methods.md 1 (flip, zero padding and crop, erasing of 2-40 % of the area at an aspect of
.3-3.33); differs: an erased box gets ImageNet's mean colour, which is 0 after normalising.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ucal.backbones.embed import MEAN, normalise

_FILL = torch.tensor([round(255 * mean) for mean in MEAN], dtype=torch.uint8)
_TRIES = 10  # boxes drawn before a picture is left whole


@dataclass(frozen=True, slots=True)
class Augment:
    """How pictures are changed; each picture draws for itself."""

    flip: float = 0.5  # probability
    pad: int = 10  # zeros on each side before the crop, pixels
    erase: float = 0.5  # probability

    def __call__(self, batch: Tensor, generator: torch.Generator) -> Tensor:
        """Uint8 (n, h, w, 3) -> float32 (n, 3, h, w), normalised; `batch` stays as it is."""
        return normalise(self.change(batch, generator))

    def change(self, batch: Tensor, generator: torch.Generator) -> Tensor:
        """Give the changed bytes (n, h, w, 3).

        The generator is a CPU one, so that the same draws are made whatever the device.
        """
        n, height, width, _ = batch.shape
        flips = (torch.rand(n, generator=generator) < self.flip).tolist()
        shifts = torch.randint(-self.pad, self.pad + 1, (n, 2), generator=generator).tolist()
        erased = (torch.rand(n, generator=generator) < self.erase).tolist()
        changed = torch.zeros_like(batch)
        fill = _FILL.to(batch.device)
        for index, (down, right) in enumerate(shifts):
            source = batch[index].flip(1) if flips[index] else batch[index]
            _shift(source, changed[index], down, right)
            if erased[index]:
                _erase(changed[index], _box(height, width, generator), fill)
        return changed


def _shift(source: Tensor, target: Tensor, down: int, right: int) -> None:
    """Copy (h, w, 3) into the zeros of `target`, moved; what leaves the picture is lost."""
    height, width, _ = source.shape
    if abs(down) >= height or abs(right) >= width:
        return
    top, left = max(0, down), max(0, right)
    rows, columns = height - abs(down), width - abs(right)
    part = source[max(0, -down) : max(0, -down) + rows, max(0, -right) : max(0, -right) + columns]
    target[top : top + rows, left : left + columns] = part


def _erase(picture: Tensor, box: tuple[int, int, int, int] | None, fill: Tensor) -> None:
    if box is not None:
        top, left, rows, columns = box
        picture[top : top + rows, left : left + columns] = fill


def _box(height: int, width: int, generator: torch.Generator) -> tuple[int, int, int, int] | None:
    """Draw top, left, rows, columns of a box of 2-40 % of the area; None when none fits."""
    for area, aspect, y, x in torch.rand(_TRIES, 4, generator=generator, dtype=torch.float64).tolist():
        wanted = (0.02 + 0.38 * area) * height * width
        shape = 0.3 + (3.33 - 0.3) * aspect
        rows, columns = round(math.sqrt(wanted * shape)), round(math.sqrt(wanted / shape))
        if 0 < rows < height and 0 < columns < width:
            return int(y * (height - rows + 1)), int(x * (width - columns + 1)), rows, columns
    return None
