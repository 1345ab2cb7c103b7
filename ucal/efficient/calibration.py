"""Where does "same" end on the scale of similarity? A few cards on the merges of the label-free tree say.

P(same | h) is a logistic in the merge height h = 1 - similarity. Its .5 is where two groups are as
likely one identity as not; its .9 is where the tree is cut into atoms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ucal.efficient.belief import fit
from ucal.efficient.linkage import Tree
from ucal.memory import LabelMemory
from ucal.types import FloatArray, IntArray, Kind, Verdict

Double = NDArray[np.float64]
_STRENGTH = 30.0  # of the answers against the penalty on the slope
_MOST_PAIRS = 2000  # answers that a later model version is calibrated on, the latest ones


@dataclass(frozen=True, slots=True)
class Scale:
    """The fitted logistic: P(same | h) = sigmoid(slope h + bias)."""

    slope: float
    bias: float

    @property
    def informative(self) -> bool:
        """Say whether greater height makes "same" less likely, as it must where features carry identity."""
        return self.slope < -1e-6

    def height(self, p: float) -> float:
        """Give the height at which P(same) is p; 0 where the scale is not informative."""
        return (float(np.log(p / (1 - p))) - self.bias) / self.slope if self.informative else 0.0


def is_calibration(kind: Kind, n_tiles: int) -> bool:
    """Say whether an answer of this kind is a calibration card: a card without a tile."""
    return kind is Kind.CARD and n_tiles == 0


def fit_scale(heights: Double, same: Double, highest: float) -> Scale:
    """Fit the scale to judged merges (m,), with the pseudo-points (0, same) and (highest, different) of weight .5."""
    points = np.concatenate([heights, [0.0, highest]])
    verdicts = np.concatenate([same, [1.0, 0.0]])
    weights = np.concatenate([np.ones(len(heights)), [0.5, 0.5]])
    model = fit(points[:, None], verdicts, weights, _STRENGTH)
    return Scale(float(model.slopes[0]), model.bias)


class Dendrogram:
    """The tree's nodes: rows 0..n-1, then the merges in order; who is below whom, and where two rows meet."""

    def __init__(self, tree: Tree, n: int) -> None:
        self.n, self.heights = n, 1.0 - tree.similarity
        self.sizes = tree.sizes
        node = np.arange(n)
        self.children = np.empty((len(tree.left), 2), np.int64)
        self.parents = np.full(n + len(tree.left), -1, np.int64)
        for i, (left, right) in enumerate(zip(tree.left.tolist(), tree.right.tolist(), strict=True)):
            self.children[i] = node[left], node[right]
            self.parents[self.children[i]] = n + i
            node[left] = n + i

    @property
    def highest(self) -> float:
        """Give the height of the last merges; 1 where there are none."""
        return float(self.heights.max(initial=0.0)) if len(self.heights) else 1.0

    def rows(self, node: int) -> IntArray:
        """Give the rows below a node, rising."""
        found, open_ = [], [node]
        while open_:
            node = open_.pop()
            if node < self.n:
                found.append(node)
            else:
                open_ += self.children[node - self.n].tolist()
        return np.array(sorted(found), np.int64)

    def meeting(self, left: int, right: int) -> int | None:
        """Give the merge (its number) that brings two rows together; None where none does."""
        above = set()
        node = left
        while node >= 0:
            above.add(node)
            node = int(self.parents[node])
        node = right
        while node >= 0 and node not in above:
            node = int(self.parents[node])
        return None if node < 0 else node - self.n


def medoid(rows: IntArray, features: FloatArray) -> int:
    """Give the row of largest dot product with the mean of these rows; ties to the lower row."""
    part = features[rows].astype(np.float64)
    return int(rows[int(np.argmax((part @ part.sum(axis=0)).astype(np.float32)))])


def judged(dendrogram: Dendrogram, memory: LabelMemory, first_round: int) -> tuple[Double, Double]:
    """Give (heights, same) of what the scale is fitted to.

    These are the calibration cards of this model version; where answers of earlier rounds exist
    (another version), the last 2,000 of those pairs too, at the height where the new tree joins
    them (the highest where it does not).
    """
    pairs: list[tuple[int, int, Verdict]] = []
    for answer in memory.answers:
        if answer.round < first_round or is_calibration(answer.kind, len(answer.tiles)):
            pairs += [link for link in answer.links if link[2] in (Verdict.SAME, Verdict.DIFFERENT)]
    heights, same = [], []
    for left, right, verdict in pairs[-_MOST_PAIRS:]:
        merge = dendrogram.meeting(left, right)
        heights.append(dendrogram.highest if merge is None else float(dendrogram.heights[merge]))
        same.append(float(verdict is Verdict.SAME))
    return np.array(heights), np.array(same)


def cards(
    dendrogram: Dendrogram, features: FloatArray, memory: LabelMemory, scale: Scale, targets: Sequence[float]
) -> list[tuple[int, int, IntArray, IntArray]]:
    """Choose a merge to ask about for each target P: (medoid, medoid, rows, rows).

    Among the max(30, n / 40) merges nearest in height to h(P) whose medoids are not decided, the one
    of largest |left| x |right|.
    """
    chosen: list[tuple[int, int, IntArray, IntArray]] = []
    taken: set[int] = set()
    products = dendrogram.sizes[:, 0] * dendrogram.sizes[:, 1]
    for target in targets:
        order = np.argsort(np.abs(dendrogram.heights - scale.height(target)), kind="stable")
        near = order[: max(30, dendrogram.n // 40) + len(taken)]
        for merge in near[np.argsort(-products[near], kind="stable")].tolist():
            left, right = (dendrogram.rows(int(node)) for node in dendrogram.children[merge])
            pair = medoid(left, features), medoid(right, features)
            if merge not in taken and not memory.decided(*pair):
                taken.add(merge)
                chosen.append((*pair, left, right))
                break
    return chosen
