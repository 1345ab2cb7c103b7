"""The golden run: 60 generated images of 12 people, their pixels as features, 3 rounds, seed 0.

Nothing is learnt, so that the figures are the same on every machine. A change that moves them must be meant:
`GOLDEN=write pytest tests/test_golden.py` writes them anew, and the diff says what moved.
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import numpy as np

from ucal.build import Surroundings, build
from ucal.config import RunConfig
from ucal.datasets import read
from ucal.datasets.opening import load_pixels
from ucal.datasets.synth import generate
from ucal.drive import drive
from ucal.runs import FileLog, FolderStates, RunFolder

GOLDEN = Path(__file__).parent / "golden" / "run.json"
CONFIG = RunConfig(train=False, epochs=3, query_from=0, k1=8, k2=3, eps=0.6, min_samples=2, camera_centre=True)


def run(root: Path) -> list[dict[str, object]]:
    made = generate(root / "set", identities=12, cameras=5, images=1, height=64, width=32, seed=0, hard=0.3, held_out=0)
    dataset = read(made, "market1501")
    pixels, _ = load_pixels(dataset.train, 16, 8)
    rows = pixels.reshape(len(pixels), -1).astype(np.float64)
    rows -= rows.mean(axis=0)
    features = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    folder = RunFolder(root / "run")
    frozen = dataclasses.replace(dataset, features=features, query=(), gallery=())
    parts = build(CONFIG, frozen, Surroundings(folder, FileLog(folder.path("answers.jsonl"))))
    state = drive(parts, FolderStates(folder))
    asked = [[a.round, a.left, a.right, a.verdict.value] for a in parts.log.read()]
    names = ("round", "answers", "inferred", "clusters", "outliers", "cluster_hash")
    rounds = [{name: getattr(report, name) for name in names} for report in state.reports]
    return [{"rounds": rounds, "answers": asked}]


def test_the_golden_run_gives_what_it_gave(tmp_path):
    result = run(tmp_path)
    if os.environ.get("GOLDEN") == "write":
        GOLDEN.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    assert result == json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert len(result[0]["answers"]) > 10, "expected a run that asks"
