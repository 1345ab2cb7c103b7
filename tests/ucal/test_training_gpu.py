"""On a GPU training takes pictures there once, changes them there and goes on from a file. Needs CUDA."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ucal.backbones.pictures import Pictures
from ucal.config import RunConfig
from ucal.learners.augment import Augment, changed
from ucal.learners.learner import ImageLearner

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine offers no CUDA device"),
]

PIXELS = np.random.default_rng(0).integers(0, 256, (64, 32, 16, 3), dtype=np.uint8)
LABELS = np.arange(64) // 8
NOBODY = np.zeros(0, np.int64)


def settings(device: str, **more: object) -> RunConfig:
    start = RunConfig(backbone="small", height=32, width=16, iterations=4, images_per_identity=2, pad=2)
    return start.replace(device=device, identities_per_batch=4, weights="start", **more)


@pytest.mark.parametrize("resident", [True, False])
def test_batches_on_the_gpu_are_those_of_the_cpu(resident: bool) -> None:
    pictures = Pictures(PIXELS, torch.device("cuda"), once=resident)
    groups = [np.array([3, 3, 60]), slice(8, 20), np.array([1])] * 10
    for batch, rows in zip(pictures.batches(groups), groups, strict=True):
        assert batch.device.type == "cuda"
        np.testing.assert_array_equal(batch.cpu().numpy(), PIXELS[rows])


def test_pictures_are_changed_on_the_gpu_as_on_the_cpu() -> None:
    batch = torch.from_numpy(PIXELS)
    changes = Augment(0.5, 3, 0.5).draw(64, 32, 16, torch.Generator().manual_seed(0))
    assert torch.equal(changed(batch.cuda(), changes).cpu(), changed(batch, changes))


def test_a_batch_on_the_gpu_has_the_loss_of_the_cpu() -> None:
    losses = []
    for device in ("cpu", "cuda"):
        learner = ImageLearner(settings(device, iterations=1), PIXELS, None)
        losses.append(learner.train(LABELS, NOBODY, 0))
    assert losses[1] == pytest.approx(losses[0], rel=1e-2)  # convolutions in TF32


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_going_on_from_a_file_is_going_on(precision: str, tmp_path: Path) -> None:
    config = settings("cuda", precision=precision)
    kept = ImageLearner(config, PIXELS, None)
    kept.train(LABELS, NOBODY, 0)
    kept.save(tmp_path / "state")
    loaded = ImageLearner(config, PIXELS, None)
    loaded.load(tmp_path / "state")
    first, second = (learner.train(LABELS, NOBODY, 1) for learner in (kept, loaded))
    assert first == pytest.approx(second, rel=1e-5)
    np.testing.assert_allclose(kept.embed("train"), loaded.embed("train"), atol=1e-3)
