"""Embedding: rows of length 1, whatever the batch; modes, interruption and progress."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ucal.backbones import build
from ucal.backbones.embed import embed, normalise, pick_device
from ucal.config import RunConfig
from ucal.errors import ConfigError, DataFormatError, InterruptedRun
from ucal.events import Event
from ucal.types import ByteArray

MODEL = build(RunConfig(backbone="small"))


def pictures(n: int) -> ByteArray:
    return np.random.default_rng(1).integers(0, 256, (n, 32, 16, 3), dtype=np.uint8)


def test_rows_are_those_of_the_plain_forward_pass_whatever_the_batch() -> None:
    pixels = pictures(7)
    with torch.inference_mode():
        slow = MODEL.eval()(normalise(torch.from_numpy(pixels))).numpy()
    for batch in (1, 3, 7, 100):
        rows = embed(MODEL, pixels, batch=batch)
        assert rows.dtype == np.float32
        np.testing.assert_allclose(rows, slow, atol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_slices_for_a_cpus_caches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = pictures(11)
    whole = embed(MODEL, pixels, batch=8)
    seen: list[int] = []
    monkeypatch.setattr("ucal.backbones.embed.SLICE", 3 * pixels.shape[1] * pixels.shape[2] + 1)
    hook = MODEL.register_forward_pre_hook(lambda _, args: seen.append(len(args[0])))
    try:
        np.testing.assert_allclose(embed(MODEL, pixels, batch=8), whole, atol=1e-6)
    finally:
        hook.remove()
    assert seen == [3, 3, 2, 3]


def test_no_pictures_give_no_rows_of_the_right_length() -> None:
    assert embed(MODEL, pictures(0)).shape == (0, 128)


def test_half_precision_is_close() -> None:
    pixels = pictures(4)
    cosines = (embed(MODEL, pixels) * embed(MODEL, pixels, precision="bf16")).sum(axis=1)
    assert cosines.min() > 0.99


@pytest.mark.parametrize("training", [True, False])
def test_the_model_keeps_its_mode_and_its_buffers(training: bool) -> None:
    model = build(RunConfig(backbone="small")).train(training)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    embed(model, pictures(3))
    assert model.training is training
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())


def test_an_interruption_between_batches_leaves_the_mode_as_it_was() -> None:
    calls: list[int] = []

    def check() -> None:
        calls.append(1)
        if len(calls) == 2:
            raise InterruptedRun("pause")

    model = build(RunConfig(backbone="small")).train()
    with pytest.raises(InterruptedRun):
        embed(model, pictures(5), batch=2, check=check)
    assert len(calls) == 2
    assert model.training


def test_progress_is_told_per_batch() -> None:
    events: list[Event] = []
    embed(MODEL, pictures(5), batch=2, sink=events.append)
    assert [event.values["done"] for event in events] == [2, 4, 5]
    assert {event.values["what"] for event in events} == {"embed"}


def test_pixels_of_another_kind_are_refused() -> None:
    with pytest.raises(DataFormatError, match=r"expected uint8 \(n, height, width, 3\), got float32 \(2, 8, 8, 3\)"):
        embed(MODEL, np.zeros((2, 8, 8, 3), np.float32))  # type: ignore[arg-type]


def test_read_only_and_strided_pixels_are_fine() -> None:
    pixels = pictures(4)
    view = pixels[:, :, ::-1]
    view.setflags(write=False)
    np.testing.assert_array_equal(embed(MODEL, view), embed(MODEL, np.ascontiguousarray(view)))


def test_asking_for_a_gpu_that_is_not_there_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device("auto") == pick_device("cpu") == torch.device("cpu")
    with pytest.raises(ConfigError, match="expected a CUDA GPU"):
        pick_device("cuda")
