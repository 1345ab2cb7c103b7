"""The command that makes the start weights, on a tiny recipe; and what the packaged ones say of themselves."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from ucal.backbones import build
from ucal.backbones.weights import START
from ucal.config import RunConfig
from ucal.events import Event
from ucal.learners.start import Recipe, draw_people, make_start_weights

TINY = Recipe(people=4, images=2, cameras=3, epochs=2, seed=3, iterations=2, identities_per_batch=2)


def test_weights_are_made_with_the_story_beside_them_and_load(tmp_path: Path) -> None:
    events: list[Event] = []
    out = make_start_weights(tmp_path / "new" / "w.safetensors", TINY, sink=events.append)
    about = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    assert about["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert about["recipe"] == asdict(TINY)
    assert about["command"].startswith("ucal make-start-weights")
    fresh, trained = (build(RunConfig(backbone="small", seed=3, weights=path)) for path in (None, str(out)))
    assert not torch.equal(fresh.state_dict()["conv1.weight"], trained.state_dict()["conv1.weight"])
    assert [event.values["round"] for event in events if event.name == "loss"] == [0, 0, 1, 1]


def test_the_same_recipe_gives_the_same_file(tmp_path: Path) -> None:
    first, again = (make_start_weights(tmp_path / f"{name}.safetensors", TINY).read_bytes() for name in "ab")
    assert first == again


def test_each_person_is_seen_once_by_each_of_their_cameras() -> None:
    pixels, people, cameras = draw_people(TINY)
    assert pixels.shape == (8, 64, 32, 3)
    assert np.bincount(people).tolist() == [2, 2, 2, 2]
    assert len(set(zip(people.tolist(), cameras.tolist(), strict=True))) == 8


def test_the_packaged_weights_come_from_the_recipe_as_it_is() -> None:
    about, recipe = json.loads(START.with_suffix(".json").read_text(encoding="utf-8")), asdict(Recipe())
    assert {name: recipe[name] for name in about["recipe"]} == about["recipe"]
    for name in ("iterations", "identities_per_batch", "lr", "lr_step", "erase", "seed"):
        assert about["settings"][name] == getattr(Recipe().config(), name)
