"""Pictures -> features: the forward pass without gradients, in batches."""

from __future__ import annotations

import contextlib
from typing import Literal

import torch
from torch import Tensor, nn

from ucal.backbones.pictures import Pictures
from ucal.errors import ConfigError
from ucal.events import Event, Sink, silent
from ucal.ranks import ALONE, Ranks
from ucal.seams import Check, never
from ucal.types import ByteArray, FloatArray

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, of pixels in 0..1

Precision = Literal["float32", "bf16", "auto"]

SLICE = 200_000  # pixels that a CPU takes through the net at once: more of them leave its caches


def pick_device(name: Literal["auto", "cpu", "cuda"]) -> torch.device:
    """Give the device; `auto` takes a GPU where there is one.

    Raises:
        ConfigError: `cuda` where there is none.
    """
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise ConfigError("device: expected a CUDA GPU, this machine has none that torch can use (set device=cpu)")
    return torch.device("cuda" if name == "cuda" or (name == "auto" and available) else "cpu")


def normalise(batch: Tensor) -> Tensor:
    """Turn uint8 (n, h, w, 3) into float32 (n, 3, h, w) less ImageNet's mean, over its deviation.

    The result keeps the memory order of the input, which torch calls channels_last.
    """
    mean = torch.tensor(MEAN, device=batch.device)
    std = torch.tensor(STD, device=batch.device)
    return torch.addcmul(-mean / std, batch.float(), 1 / (255 * std)).permute(0, 3, 1, 2)


def precision_of(device: torch.device, precision: Precision) -> contextlib.AbstractContextManager[object]:
    """Give the context in which a forward pass runs; `auto` is bf16 on devices with instructions for it."""
    half = precision == "bf16" or (precision == "auto" and has_fast_bf16(device))
    return torch.autocast(device.type, torch.bfloat16, enabled=half)


def has_fast_bf16(device: torch.device) -> bool:
    """Say whether bf16 is the faster choice here; a CPU without AVX512-BF16 emulates it slowly."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported())


def embed(  # noqa: PLR0913 - two arguments, the rest are options by name
    model: nn.Module,
    pixels: ByteArray | Pictures,
    *,
    batch: int = 256,
    device: torch.device | None = None,
    precision: Precision = "float32",
    ranks: Ranks = ALONE,
    check: Check = never,
    sink: Sink = silent,
) -> FloatArray:
    """Embed pictures (n, h, w, 3) uint8 and give (n, d) float32, rows of length 1.

    The model must be on `device` already; it is left in the mode (training, evaluation) it was in. Several
    ranks take the batches in turn and each gets all rows: to the bit what one process makes of them.
    """
    device = device or next(model.parameters()).device
    pictures = pixels if isinstance(pixels, Pictures) else Pictures(pixels, device)
    training, total = model.training, len(pictures)
    starts = range(ranks.rank * batch, total, ranks.world * batch)
    rows = torch.zeros(total, dimension_of(model))
    model.eval()
    try:
        with torch.inference_mode(), precision_of(device, precision):
            parts = pictures.batches(slice(start, start + batch) for start in starts)
            for start, part in zip(starts, parts, strict=True):
                check()
                found = [model(normalise(piece)).float() for piece in _slices(part)]
                rows[start : start + batch] = torch.cat(found).cpu()
                sink(Event("progress", {"what": "embed", "done": min(start + batch, total), "total": total}))
    finally:
        model.train(training)
    ranks.add_up(rows, device)
    return rows.numpy()


def _slices(batch: Tensor) -> tuple[Tensor, ...]:
    """Cut a batch (n, h, w, 3) into what goes through the net at once: on a GPU all of it."""
    if batch.device.type != "cpu":
        return (batch,)
    return torch.split(batch, max(1, SLICE // (batch.shape[1] * batch.shape[2])))


def dimension_of(model: nn.Module) -> int:
    """Give the length d of the rows that a backbone makes."""
    head = model.get_submodule("head")
    return int(head.neck.num_features)  # type: ignore[union-attr, arg-type]
