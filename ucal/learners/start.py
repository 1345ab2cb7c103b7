"""Make the packaged start weights of the small net: trained with labels on generated people of its own.

Nobody of these people, and none of these cameras, is in a data set that `synth` makes for a run: their
seed is kept apart. Where a figure is shown for a run that starts here, "unsupervised" means: without
labels of the target collection.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from safetensors.torch import save_file

from ucal.config import RunConfig
from ucal.datasets.synth import Studio
from ucal.events import Event, Sink, silent
from ucal.learners.learner import ImageLearner
from ucal.seams import Check, never
from ucal.types import ByteArray, IntArray

COMMAND = "ucal make-start-weights OUT"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the start weights are made from."""

    people: int = 400
    images: int = 12  # of each person, each by another camera
    cameras: int = 40
    hard: float = 0.6  # how much the cameras differ: less than those of a run
    epochs: int = 25
    iterations: int = 37  # of each epoch
    identities_per_batch: int = 32  # 4 images of each
    seed: int = 2_000_000_001  # of people, cameras, weights and batches; kept apart from users' seeds

    def config(self) -> RunConfig:
        """Give the settings of the training."""
        return RunConfig(
            backbone="small",
            height=64,
            width=32,
            iterations=self.iterations,
            identities_per_batch=self.identities_per_batch,
            images_per_identity=4,
            lr=2e-3,
            lr_step=max(1, self.epochs * 4 // 5),
            momentum=0.5,
            pad=2,
            erase=0.5,
            seed=self.seed,
            device="cpu",
            precision="auto",
        )


def make_start_weights(out: Path, recipe: Recipe | None = None, *, check: Check = never, sink: Sink = silent) -> Path:
    """Write `out` (safetensors) and, beside it, a .json that says how it was made; give `out`."""
    recipe = recipe or Recipe()
    pixels, people, cameras = draw_people(recipe, check=check, sink=sink)
    config = recipe.config()
    learner = ImageLearner(config, pixels, cameras, check=check, sink=sink)
    for round_ in range(recipe.epochs):
        learner.train(people, np.zeros(0, np.int64), round_)
    out.parent.mkdir(parents=True, exist_ok=True)
    save_file({key: value.contiguous() for key, value in learner.model.state_dict().items()}, out)
    about = {
        "command": COMMAND,
        "recipe": asdict(recipe),
        "settings": config.to_dict(),
        "sha256": hashlib.sha256(out.read_bytes()).hexdigest(),
    }
    out.with_suffix(".json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    return out


def draw_people(recipe: Recipe, *, check: Check = never, sink: Sink = silent) -> tuple[ByteArray, IntArray, IntArray]:
    """Give pixels (n, 64, 32, 3), the person (n,) and the camera (n,) of each picture."""
    studio = Studio(recipe.people, recipe.cameras, recipe.seed, recipe.hard)
    rng = np.random.default_rng(recipe.seed)
    pixels, people, cameras = [], [], []
    for person in range(recipe.people):
        check()
        for camera in rng.choice(recipe.cameras, size=recipe.images, replace=False):
            pixels.append(studio.pixels(person, int(camera), 0, (64, 32)))
            people.append(person)
            cameras.append(int(camera))
        sink(Event("progress", {"what": "synth", "done": person + 1, "total": recipe.people}))
    return np.stack(pixels), np.array(people, dtype=np.int64), np.array(cameras, dtype=np.int64)
