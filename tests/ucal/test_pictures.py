"""Pictures on their way to the device: the same batches whether gathered when asked for or ahead."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from ucal.backbones.pictures import Pictures
from ucal.errors import DataFormatError

CPU = torch.device("cpu")
PIXELS = np.random.default_rng(0).integers(0, 256, (40, 6, 4, 3), dtype=np.uint8)
GROUPS = [np.array([3, 3, 39, 0]), slice(8, 12), np.array([7]), slice(36, 40), np.array([5, 1])]


@pytest.mark.parametrize("ahead", [0, 1, 3, 50])
def test_batches_come_in_order_whatever_is_read_ahead(ahead: int) -> None:
    batches = list(Pictures(PIXELS, CPU, ahead=ahead).batches(iter(GROUPS)))
    assert len(batches) == len(GROUPS)
    for batch, rows in zip(batches, GROUPS, strict=True):
        np.testing.assert_array_equal(batch.numpy(), PIXELS[rows])


def test_no_more_is_read_ahead_than_asked_for() -> None:
    taken = []

    def groups() -> Iterator[slice]:
        for start in range(30):
            taken.append(start)
            yield slice(start, start + 1)

    batches = Pictures(PIXELS, CPU, ahead=2).batches(groups())
    next(batches)
    assert taken == [0, 1, 2]
    next(batches)
    assert taken == [0, 1, 2, 3]


def test_an_error_of_the_reading_thread_reaches_the_caller() -> None:
    with pytest.raises(IndexError):
        list(Pictures(PIXELS, CPU, ahead=2).batches([slice(0, 2), np.array([99])]))


@pytest.mark.parametrize("pixels", [PIXELS.astype(np.float32), PIXELS[..., :1], PIXELS[0]])
def test_other_arrays_are_refused(pixels: np.ndarray) -> None:
    with pytest.raises(DataFormatError, match=r"expected uint8 \(n, height, width, 3\)"):
        Pictures(pixels, CPU)
