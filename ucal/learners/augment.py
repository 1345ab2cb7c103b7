"""Training pictures, changed at random: flip, shift, erase; on bytes, before they become floats.

Source: the released code of SpCL and Cluster Contrast (flip, zero padding and crop, erasing of 2-40 % of the area at
an aspect of .3-3.33); differs: an erased box gets ImageNet's mean colour, which is 0 after normalising.
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
class Changes:
    """What is done to each picture of a batch, on the CPU.

    flips (n,) bool; shifts (n, 2) pixels down and right; boxes (n, 4) top, left, rows, columns (0 rows: none).
    """

    flips: Tensor
    shifts: Tensor
    boxes: Tensor

    def of(self, part: slice) -> Changes:
        """Give the changes of some of the pictures."""
        return Changes(self.flips[part], self.shifts[part], self.boxes[part])


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
        """Give the changed bytes (n, h, w, 3)."""
        n, height, width, _ = batch.shape
        return changed(batch, self.draw(n, height, width, generator))

    def draw(self, n: int, height: int, width: int, generator: torch.Generator) -> Changes:
        """Draw the changes of n pictures; the generator is a CPU one, so the draws are the same whatever the device."""
        flips = torch.rand(n, generator=generator) < self.flip
        shifts = torch.randint(-self.pad, self.pad + 1, (n, 2), generator=generator)
        erased = torch.rand(n, generator=generator) < self.erase
        boxes = [_box(height, width, generator) if wanted else _NO_BOX for wanted in erased.tolist()]
        return Changes(flips, shifts, torch.tensor(boxes, dtype=torch.int64).reshape(n, 4))


def changed(batch: Tensor, changes: Changes) -> Tensor:
    """Give the changed bytes (n, h, w, 3); `batch` stays as it is.

    A CPU copies picture by picture, which is fastest there; a GPU gathers all pixels at once.
    """
    return one_by_one(batch, changes) if batch.device.type == "cpu" else at_once(batch, changes)


def one_by_one(batch: Tensor, changes: Changes) -> Tensor:
    """Give what `changed` gives, by copies of rectangles."""
    result = torch.zeros_like(batch)
    fill = _FILL.to(batch.device)
    plans = zip(changes.flips.tolist(), changes.shifts.tolist(), changes.boxes.tolist(), strict=True)
    for index, (flip, (down, right), (top, left, rows, columns)) in enumerate(plans):
        _shift(batch[index].flip(1) if flip else batch[index], result[index], down, right)
        if rows:
            result[index, top : top + rows, left : left + columns] = fill
    return result


def at_once(batch: Tensor, changes: Changes) -> Tensor:
    """Give what `changed` gives, by one gather and two masks over the whole batch."""
    n, height, width, _ = batch.shape
    device = batch.device
    moved = (changes.flips, changes.shifts, changes.boxes)
    flips, shifts, boxes = (part.to(device, non_blocking=True) for part in moved)
    y, x = torch.arange(height, device=device), torch.arange(width, device=device)
    rows, columns = y - shifts[:, :1], x - shifts[:, 1:]
    seen = _grid((rows >= 0) & (rows < height), (columns >= 0) & (columns < width))
    columns = torch.where(flips[:, None], width - 1 - columns, columns)
    first = torch.arange(n, device=device)[:, None, None] * (height * width)
    places = first + rows.clamp(0, height - 1)[:, :, None] * width + columns.clamp(0, width - 1)[:, None, :]
    result = batch.reshape(-1, 3)[places.flatten()].view_as(batch) * seen[..., None]
    top, left, tall, wide = boxes.T[:, :, None]
    erased = _grid((y >= top) & (y < top + tall), (x >= left) & (x < left + wide))
    return torch.where(erased[..., None], _FILL.to(device), result)


def _grid(rows: Tensor, columns: Tensor) -> Tensor:
    """(n, h) and (n, w) -> (n, h, w): where both hold."""
    return rows[:, :, None] & columns[:, None, :]


def _shift(source: Tensor, target: Tensor, down: int, right: int) -> None:
    """Copy (h, w, 3) into the zeros of `target`, moved; what leaves the picture is lost."""
    height, width, _ = source.shape
    if abs(down) >= height or abs(right) >= width:
        return
    top, left = max(0, down), max(0, right)
    rows, columns = height - abs(down), width - abs(right)
    part = source[max(0, -down) : max(0, -down) + rows, max(0, -right) : max(0, -right) + columns]
    target[top : top + rows, left : left + columns] = part


_NO_BOX = (0, 0, 0, 0)


def _box(height: int, width: int, generator: torch.Generator) -> tuple[int, int, int, int]:
    """Draw top, left, rows, columns of a box of 2-40 % of the area; no rows when none fits."""
    for area, aspect, y, x in torch.rand(_TRIES, 4, generator=generator, dtype=torch.float64).tolist():
        wanted = (0.02 + 0.38 * area) * height * width
        shape = 0.3 + (3.33 - 0.3) * aspect
        rows, columns = round(math.sqrt(wanted * shape)), round(math.sqrt(wanted / shape))
        if 0 < rows < height and 0 < columns < width:
            return int(y * (height - rows + 1)), int(x * (width - columns + 1)), rows, columns
    return _NO_BOX
