"""Decoded pictures on their way to the device: one copy, ahead of time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from ucal.errors import DataFormatError
from ucal.types import ByteArray, IntArray

_AHEAD = 3  # batches gathered before they are asked for
_SHARE = 0.25  # of the GPU's free memory that the pictures may fill


def check_pixels(pixels: ByteArray) -> ByteArray:
    """Give back pixels that are (n, height, width, 3) uint8.

    Raises:
        DataFormatError: they are not.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[3] != 3:
        raise DataFormatError(f"pixels: expected uint8 (n, height, width, 3), got {pixels.dtype} {pixels.shape}")
    return pixels


class Pictures:
    """Pictures (n, h, w, 3) uint8, given to a device batch by batch as uint8.

    On a GPU they are copied there once, whole, where they take at most a quarter of its free memory; else a
    thread gathers the next batches into pinned memory while the GPU works, and each is copied
    without waiting. On a CPU a batch is gathered when it is asked for, or `ahead` of that (for tests).
    """

    def __init__(self, pixels: ByteArray, device: torch.device, *, once: bool = True, ahead: int | None = None) -> None:
        """Keep `pixels`, which may be mapped from a file. once=False: never whole on a GPU, for pictures seldom used.

        Raises:
            DataFormatError: they are not uint8 (n, height, width, 3).
        """
        self.pixels, self.device = check_pixels(pixels), device
        self._pinned = device.type == "cuda"
        self._ahead = ahead if ahead is not None else _AHEAD if self._pinned else 0
        self._resident: Tensor | None = None
        if once and self._pinned and pixels.nbytes <= _SHARE * torch.cuda.mem_get_info(device)[0]:
            self._resident = torch.from_numpy(np.ascontiguousarray(pixels)).to(device)

    def __len__(self) -> int:
        return len(self.pixels)

    def batches(self, groups: Iterable[IntArray | slice]) -> Iterator[Tensor]:
        """Give the pictures (b, h, w, 3) of each group of rows, on the device, in order."""
        if self._resident is not None:
            for rows in groups:
                yield self._resident[rows if isinstance(rows, slice) else torch.from_numpy(rows).to(self.device)]
        elif self._ahead:
            yield from self._read_ahead(groups)
        else:
            for rows in groups:
                yield self._gathered(rows).to(self.device)

    def _read_ahead(self, groups: Iterable[IntArray | slice]) -> Iterator[Tensor]:
        waiting: deque[Future[Tensor]] = deque()
        with ThreadPoolExecutor(1) as pool:
            for rows in groups:
                waiting.append(pool.submit(self._gathered, rows))
                if len(waiting) > self._ahead:
                    yield waiting.popleft().result().to(self.device, non_blocking=True)
            while waiting:
                yield waiting.popleft().result().to(self.device, non_blocking=True)

    def _gathered(self, rows: IntArray | slice) -> Tensor:
        """Give the pictures on the CPU; pinned ones come from torch's cache, which waits for their copies to end."""
        batch = torch.from_numpy(np.ascontiguousarray(self.pixels[rows]))
        return batch.pin_memory() if self._pinned else batch
