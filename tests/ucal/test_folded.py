"""Folded batch norms keep the statistics they were stored with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from ucal.backbones import build
from ucal.backbones.folded import folded_norms
from ucal.config import RunConfig
from ucal.events import Event
from ucal.learners.learner import ImageLearner

CONFIG = RunConfig(
    backbone="small", height=32, width=16, iterations=2, identities_per_batch=2, images_per_identity=2, device="cpu"
)


def norms(model: nn.Module) -> dict[str, nn.Module]:
    return {name: layer for name, layer in model.named_modules() if isinstance(layer, nn.BatchNorm2d)}


def folded_file(path: Path) -> Path:
    """Write the small net's weights with every batch norm but the neck's as a folding converter leaves it."""
    model = build(CONFIG)
    for layer in norms(model).values():
        nn.init.normal_(layer.bias, generator=torch.Generator().manual_seed(0))  # type: ignore[arg-type]
    save_file(model.state_dict(), path)
    return path


def pictures() -> tuple[np.ndarray, np.ndarray]:
    labels = np.repeat(np.arange(3), 4)
    return np.random.default_rng(0).integers(0, 256, (12, 32, 16, 3)).astype(np.uint8), labels


def test_a_fresh_layer_is_not_folded_and_one_with_a_bias_over_identity_statistics_is() -> None:
    layer = nn.BatchNorm2d(3)
    assert folded_norms(layer) == ()
    with torch.no_grad():
        layer.bias[1] = 0.5
    assert folded_norms(layer) == (layer,)
    with torch.no_grad():
        layer.running_mean[0] = 1e-6  # type: ignore[index]
    assert folded_norms(layer) == ()


def test_layers_without_statistics_or_affine_part_are_not_folded() -> None:
    assert (
        folded_norms(nn.Sequential(nn.BatchNorm2d(2, affine=False), nn.BatchNorm2d(2, track_running_stats=False))) == ()
    )


@pytest.mark.parametrize("weights", ["start", None])
def test_the_packaged_start_and_random_weights_have_no_folded_layer(weights: str | None) -> None:
    assert folded_norms(build(CONFIG.replace(weights=weights))) == ()


def test_training_leaves_folded_statistics_alone_learns_their_weights_and_says_so_once(tmp_path: Path) -> None:
    pixels, labels = pictures()
    events: list[Event] = []
    config = CONFIG.replace(weights=str(folded_file(tmp_path / "w.safetensors")))
    learner = ImageLearner(config, pixels, None, sink=events.append)
    told = [str(event.values["text"]) for event in events if event.name == "warning"]
    count = len(norms(learner.model))
    assert told == [
        f"weights: {count} batch norms are folded into their convolutions and keep their stored statistics in training"
    ]
    before = {name: layer.weight.detach().clone() for name, layer in norms(learner.model).items()}  # type: ignore[operator]
    for round_ in range(2):
        learner.train(labels, np.zeros(0, np.int64), round_)
    for name, layer in norms(learner.model).items():
        assert torch.equal(layer.running_mean, torch.zeros_like(layer.running_mean)), name  # type: ignore[arg-type]
        assert torch.equal(layer.running_var, torch.ones_like(layer.running_var)), name  # type: ignore[arg-type]
        assert not torch.equal(layer.weight, before[name]), name  # type: ignore[arg-type]
    neck = learner.model.get_submodule("head.neck")
    assert bool((neck.running_mean != 0).any())  # type: ignore[operator, union-attr]


def test_a_learner_loaded_from_its_file_still_knows_its_folded_layers(tmp_path: Path) -> None:
    pixels, labels = pictures()
    config = CONFIG.replace(weights=str(folded_file(tmp_path / "w.safetensors")))
    first = ImageLearner(config, pixels, None)
    first.train(labels, np.zeros(0, np.int64), 0)
    first.save(tmp_path / "state")
    second = ImageLearner(config, pixels, None)
    second.load(tmp_path / "state")
    assert first.train(labels, np.zeros(0, np.int64), 1) == second.train(labels, np.zeros(0, np.int64), 1)
    np.testing.assert_array_equal(first.features(), second.features())
