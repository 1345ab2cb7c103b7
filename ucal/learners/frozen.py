"""`FrozenLearner` has given features, which training leaves as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ucal.errors import FeaturesError
from ucal.types import FloatArray, IntArray


class FrozenLearner:
    """Given features that stay as they are: training does nothing."""

    def __init__(
        self, features: FloatArray, query: FloatArray | None = None, gallery: FloatArray | None = None
    ) -> None:
        """Keep the rows (n, d), brought to length 1.

        Raises:
            FeaturesError: not (n, d), not finite, or a row of zeros.
        """
        self._rows = _unit(features, "features")
        self._splits = {
            name: _unit(rows, name) for name, rows in (("query", query), ("gallery", gallery)) if rows is not None
        }

    def features(self) -> FloatArray:
        return self._rows.copy()

    def train(
        self, labels: IntArray, excluded: IntArray, round_: int, weights: FloatArray | None = None
    ) -> float | None:
        return None

    def embed(self, split: str) -> FloatArray:
        if split == "train":
            return self._rows.copy()
        if split not in self._splits:
            raise FeaturesError(f"embed: expected given features of {split!r}, there are none")
        return self._splits[split].copy()

    def save(self, path: Path) -> None:
        """Write an empty file: there is no state, and callers count on a file."""
        path.write_bytes(b"")

    def load(self, path: Path) -> None:
        """Do nothing: there is no state."""


def _unit(features: FloatArray, name: str) -> FloatArray:
    rows = np.asarray(features, dtype=np.float32)
    if rows.ndim != 2:
        raise FeaturesError(f"{name}: expected (n, d), got shape {rows.shape}")
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or (lengths == 0).any():
        bad = int(np.flatnonzero(~np.isfinite(lengths[:, 0]) | (lengths[:, 0] == 0))[0])
        raise FeaturesError(f"{name}: expected finite rows other than 0, row {bad} is not")
    unit: FloatArray = rows / lengths
    return unit
