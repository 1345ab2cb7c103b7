"""A run whose model has grouped its images: the files and the state that a worker leaves behind."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from backend.store.models import Run
from tests.backend.world import World
from ucal.state import State
from ucal.types import Step


def group(world: World, run: Run, labels: Sequence[int], features: np.ndarray[Any, Any] | None = None) -> None:
    """Let the run have these clusters; without features, rows of one cluster lie close together."""
    given = np.array(labels, np.int64)
    if features is None:
        rng = np.random.default_rng(0)
        features = rng.normal(size=(given.max() + 2, 16))[given] + 0.2 * rng.normal(size=(len(given), 16))
    rows = (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32)
    folder = world.settings.runs_dir / run.id
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "r0000.base.npy", given)
    np.save(folder / "r0000.features.npy", rows)
    state = State(version=2, step=Step.ASK, features="r0000.features.npy", base_labels="r0000.base.npy")
    with world.scope() as session:
        stored = session.get_one(Run, run.id)
        stored.core_state, stored.version = state.dumps(), 2


def image_ids(client: Any, run: Run) -> list[str]:
    """Give the training images' ids in the order of their rows."""
    found = client.api("GET", f"/projects/{run.project_id}/images?limit=500")
    return [image["id"] for image in json.loads(found.text)]
