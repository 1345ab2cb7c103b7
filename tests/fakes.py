"""Small stand-ins for the parts of a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ucal.annotators import Oracle
from ucal.build import proposer
from ucal.clustering import make_clusterer
from ucal.config import RunConfig
from ucal.loop import Parts
from ucal.proposers.efficient import EfficientProposer
from ucal.runs import Checkpointed, FileLog, RunFolder
from ucal.seams import Annotator
from ucal.types import FloatArray, IntArray


def blobs(
    identities: int = 8, images: int = 8, d: int = 16, spread: float = 0.25, seed: int = 0
) -> tuple[FloatArray, IntArray]:
    """Give unit rows around random directions, two of every four directions close to each other."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(identities, d))
    centres[1::4] = centres[0::4][: len(centres[1::4])] + 0.35 * rng.normal(size=centres[1::4].shape)
    truth = np.repeat(np.arange(identities), images)
    rows = centres[truth] / np.linalg.norm(centres[truth], axis=1, keepdims=True)
    rows = rows + spread * rng.normal(size=rows.shape) / np.sqrt(d) * 2
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), truth.astype(np.int64)


@dataclass
class DriftingLearner:
    """Pull every row a little towards its cluster's mean: learning without a network. Its state is its features."""

    rows: FloatArray
    interrupt: Callable[[], None] = field(default=lambda: None)

    def features(self) -> FloatArray:
        return self.rows.copy()

    def train(
        self, labels: IntArray, excluded: IntArray, round_: int, weights: FloatArray | None = None
    ) -> float | None:
        del round_, weights
        self.rows = self.rows.copy()
        for label in np.unique(labels[labels >= 0]):
            members = np.setdiff1d(np.flatnonzero(labels == label), excluded)
            if members.size:
                self.rows[members] = 0.8 * self.rows[members] + 0.2 * self.rows[members].mean(axis=0)
                self.interrupt()
        self.rows /= np.linalg.norm(self.rows, axis=1, keepdims=True)
        return 1.0

    def embed(self, split: str) -> FloatArray:
        raise AssertionError(f"nothing to embed for {split}")

    def save(self, path: Path) -> None:
        with path.open("wb") as file:
            np.save(file, self.rows)

    def load(self, path: Path) -> None:
        self.rows = np.load(path)


def make_parts(
    root: Path, config: RunConfig, *, annotate: Annotator | None = None, learner: DriftingLearner | None = None
) -> Parts:
    """Build a run over `blobs` in this folder."""
    rows, truth = blobs(seed=config.seed)
    folder = RunFolder(root)
    propose = proposer(config)
    return Parts(
        config=config,
        n=len(rows),
        learner=Checkpointed(learner or DriftingLearner(rows), folder),
        cluster=make_clusterer(config),
        propose=propose,
        annotate=annotate or Oracle(truth, config.seed, config.error, config.unsure),
        log=FileLog(root / "answers.jsonl"),
        folder=folder,
        truth=truth,
        evaluate=lambda learner: None,
        sink=lambda event: None,
        proceed=lambda state: False,
        organise=propose if isinstance(propose, EfficientProposer) else None,
    )
