"""P(same as the anchor) of a tile, fitted to the answers; and where on the scale of z it has a given value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ucal.efficient.belief import Logistic, fit, sigmoid
from ucal.memory import LabelMemory
from ucal.types import Verdict

Double = NDArray[np.float64]
Z, MARGIN, LOG_TILE, LOG_CLUSTER, AUDIT, AUDIT_MARGIN, SINGLE = range(7)
N_SIGNALS = 7
_LATEST = 800  # judged tiles that the model is fitted to
_FEWEST = 12  # judged tiles before it is fitted at all
_STRENGTH = 2.0
_AUDIT_PRIOR = 0.98
_LOWEST, _HIGHEST = 0.003, 0.997
_LEAST_SLOPE = 0.05  # of P(same) in z alone; below it z says nothing
_FARTHEST, _DEEPEST = 4.0, 5.0  # in z: how far the answers may move the threshold; and how far below it one may merge


@dataclass(frozen=True, slots=True)
class TileBelief:
    """P(same) from a tile's signals.

    slope0 is k0, the slope of the label-free P0 = sigmoid(k0 (z - z0)). `model` knows all signals, `line` z
    alone; both are None before 12 judged tiles.
    """

    slope0: float
    z0: float
    model: Logistic | None = None
    line: Logistic | None = None

    def __call__(self, signals: Double) -> Double:
        """Give P(same), within .003 to .997, of tiles with these signals (m, 7)."""
        if self.model is None:
            p = np.where(signals[:, AUDIT] > 0, _AUDIT_PRIOR, sigmoid(self.slope0 * (signals[:, Z] - self.z0)))
        else:
            p = self.model(signals)
        return np.clip(p, _LOWEST, _HIGHEST)

    def z(self, p: float) -> float:
        """Give where P(same), by z alone, is p <= .5; z0 where z says nothing.

        P = .5 is looked for within 4 of z0, smaller P at most 5 below it.
        """
        slope, bias = self.slope0, -self.slope0 * self.z0
        if self.line is not None:
            slope, bias = float(self.line.slopes[0]), self.line.bias
        if slope <= _LEAST_SLOPE:
            return self.z0
        middle = float(np.clip(-bias / slope, self.z0 - _FARTHEST, self.z0 + _FARTHEST))
        return middle + max(float(np.log(p / (1 - p))) / slope, -_DEEPEST)


def judged_tiles(memory: LabelMemory) -> tuple[Double, Double]:
    """Give signals (m, 7) and verdicts (m,) in 0..1 of the latest 800 tiles that people judged."""
    signals, same = [], []
    for answer in reversed(memory.answers):
        for tile in reversed(answer.tiles):
            if len(tile.signals) == N_SIGNALS and tile.verdict in (Verdict.SAME, Verdict.DIFFERENT):
                signals.append(tile.signals)
                same.append(float(tile.verdict is Verdict.SAME))
        if len(signals) >= _LATEST:
            break
    return np.array(signals[:_LATEST]).reshape(-1, N_SIGNALS), np.array(same[:_LATEST])


def believe(signals: Double, same: Double, slope0: float, z0: float) -> TileBelief:
    """Fit to judged tiles; pseudo-tiles hold the fit near P0, and near "same" for audits, while answers are few."""
    if len(same) < _FEWEST:
        return TileBelief(slope0, z0)
    grid = np.linspace(-3.0, 3.0, 13)
    p0 = sigmoid(slope0 * grid)
    prior = np.zeros((13, N_SIGNALS))
    prior[:, Z], prior[:, MARGIN] = z0 + grid, grid / 2
    audits = np.zeros((2, N_SIGNALS))
    audits[:, AUDIT] = 1.0
    model = fit(
        np.concatenate([signals, prior, prior, audits]),
        np.concatenate([same, np.ones(13), np.zeros(13), [1.0, 0.0]]),
        np.concatenate([np.ones(len(same)), 0.15 * p0, 0.15 * (1 - p0), [3.0, 0.06]]),
        _STRENGTH,
    )
    plain = signals[:, AUDIT] == 0
    line = fit(
        np.concatenate([signals[plain, Z], z0 + grid, z0 + grid])[:, None],
        np.concatenate([same[plain], np.ones(13), np.zeros(13)]),
        np.concatenate([np.ones(int(plain.sum())), 0.3 * p0, 0.3 * (1 - p0)]),
        _STRENGTH,
    )
    return TileBelief(slope0, z0, model, line)
