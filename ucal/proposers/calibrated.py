"""UCAL's own questions, but from better clusters: a tree cut where a few calibration cards say.

What the paper's policy gains from its start alone, without our pages: for comparison.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ucal.config import RunConfig
from ucal.labels import renumber
from ucal.memory import LabelMemory
from ucal.proposers.efficient import EfficientProposer
from ucal.proposers.ucal import UcalProposer
from ucal.reorganise import reorganise
from ucal.seams import Scene
from ucal.types import OUTLIER, FloatArray, IntArray, Question


class CalibratedUcal:
    """Ask the efficient policy's calibration cards, then what UCAL asks about the tree's cut at P(same) = .5."""

    def __init__(self, config: RunConfig) -> None:
        self._cards = EfficientProposer(config)
        self._asks = UcalProposer(config)
        cards = [stage for stage in self._cards.stages if stage == "calibrate"]
        self.stages: tuple[str, ...] = ("conflict", *cards, *self._asks.stages[1:])

    def __call__(self, scene: Scene) -> Sequence[Question]:
        """Give one stage's questions, best first."""
        return self._cards(scene) if scene.stage == "calibrate" else self._asks(scene)

    def labels(self, features: FloatArray, memory: LabelMemory, round_: int) -> IntArray:
        """Give the cut (n,) as the answers leave it; -1 = alone."""
        planner = self._cards.planner
        version = planner.version(features)
        labels = version.cut(planner.scale(version, memory, 0).height(0.5))
        alone = np.bincount(labels)[labels] < 2
        return reorganise(renumber(np.where(alone, OUTLIER, labels)), features, memory)

    def weights(self, features: FloatArray, memory: LabelMemory, round_: int) -> FloatArray | None:
        """Say nothing: no row of the cut was judged one by one."""
        return None

    def why_dry(self, features: FloatArray, memory: LabelMemory, round_: int) -> str:
        """Say why it has nothing left to ask."""
        return "nothing left to ask"
