"""A plan: the features and the log of answers, worked out into best-guess clusters and what to ask next.

Nothing here is remembered from call to call but what the same features and the same answers would
give again, so a run that was killed goes on as if it had not been.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ucal.clustering import camera_centre
from ucal.efficient.calibration import Dendrogram, Scale, fit_scale, is_calibration, judged
from ucal.efficient.components import Components, components
from ucal.efficient.guess import Frame, allowed, grouped, guess, near_pairs, nearest_components, spread_of_best
from ucal.efficient.keys import distinct, pair_keys, pairs_of
from ucal.efficient.linkage import Groups, dots, link
from ucal.efficient.pages import Candidates, World, candidates, world
from ucal.efficient.preparation import unit, whiten, within_class
from ucal.efficient.tiles import AUDIT, TileBelief, believe, judged_tiles
from ucal.memory import LabelMemory
from ucal.neighbours import nearest_ids
from ucal.types import Answer, FloatArray, IntArray, Verdict

Double = NDArray[np.float64]
NEIGHBOURS = 30  # k of the neighbour lists
_COMPARABLE = 8000  # components up to which all are compared with each other at every plan
_ATOM_P = 0.9  # P(same) at which the tree is cut into atoms
_PAGE_P, _LABEL_P = 0.5, 0.12  # P(same) down to which components are merged: on pages, and in the labels
_FIRST_LISTS = 64  # answers before neighbours are searched under the learnt metric; again whenever they doubled


@dataclass(frozen=True, slots=True)
class Version:
    """What belongs to one version of the features: whitened rows, neighbour lists, the tree."""

    key: str
    rows: FloatArray
    neighbours: IntArray
    dendrogram: Dendrogram

    def atoms(self, scale: Scale) -> IntArray:
        """Cut the tree where P(same) is .9."""
        return self.cut(scale.height(_ATOM_P))

    def cut(self, height: float) -> IntArray:
        """Cut the tree at a height (0 where it is below): each row's group, (n,)."""
        return _cut_rows(self.dendrogram, self.dendrogram.heights <= max(0.0, height))


def _cut_rows(dendrogram: Dendrogram, below: NDArray[np.bool_]) -> IntArray:
    """Give each row's highest node among the merges that are below, (n,)."""
    top = np.arange(dendrogram.n + len(below))
    for merge in range(len(below) - 1, -1, -1):
        if below[merge]:
            top[dendrogram.children[merge]] = top[dendrogram.n + merge]
    return top[: dendrogram.n]


@dataclass(frozen=True, slots=True)
class Plan:
    """The best guess of now, and what the pages are made from.

    Pages are made from clusters that are merged while "same" is the likelier answer (`scene`). The labels are merged
    further, down to P(same) = .12: while F1 is low, a link that is missed costs it more than a wrong one
    (docs/decisions/0018).
    """

    scale: Scale
    frame: Frame
    belief: TileBelief
    scene: World
    pairs: IntArray  # (e, 2) components that may meet, low first
    similarity: Double  # (e,) of the pairs
    labelled: World  # as `scene`, with the clusters of the labels

    @property
    def labels(self) -> IntArray:
        """Give each row's cluster, (n,); -1 = a bad image."""
        of = self.labelled.parts.of
        labels: IntArray = np.where(of >= 0, self.labelled.clusters[of], -1)
        return labels


class Planner:
    """Make plans; keeps the last version and the last plan, which equal what would be worked out again.

    cameras: given, each camera's mean is subtracted first. without: the ingredient that is left out
    (`RunConfig.without`): whitening = rows as given; calibration = the scale knows its pseudo-points
    only; atoms = every row is one; metric = the whitened rows; belief = P0 alone; audits = none.
    """

    def __init__(self, cameras: Sequence[int | None] | None = None, without: str = "nothing") -> None:
        self._cameras = cameras
        self._without = without
        self._version: Version | None = None
        self._features: FloatArray | None = None  # what the version was made of
        self._neighbours: dict[str, IntArray] = {}
        self._z0: tuple[str, float] | None = None
        self._plan: tuple[str, Plan] | None = None

    def version(self, features: FloatArray) -> Version:
        """Prepare these features (n, d): seconds for 5,000 rows, a minute for 30,000."""
        if self._version is not None and features is self._features:
            return self._version
        self._features = features
        key = hashlib.sha256(np.ascontiguousarray(features).data).hexdigest()
        if self._version is None or self._version.key != key:
            centred = features if self._cameras is None else camera_centre(features, self._cameras)
            rows = unit(centred) if self._without == "whitening" else whiten(centred)
            neighbours = nearest_ids(rows, NEIGHBOURS + 1)
            n = len(rows)
            alone = Groups(rows.astype(np.float64), np.ones(n, np.int64))
            pairs = np.stack([np.repeat(np.arange(n), neighbours.shape[1]), neighbours.ravel()], axis=1)
            tree = link(alone, pairs, 0.0)
            self._version = Version(key, rows, neighbours, Dendrogram(tree, n))
            self._neighbours.clear()
        return self._version

    def scale(self, version: Version, memory: LabelMemory, first_round: int) -> Scale:
        """Fit where "same" ends."""
        heights, same = judged(version.dendrogram, memory, first_round)
        if self._without == "calibration":
            heights, same = heights[:0], same[:0]
        return fit_scale(heights, same, version.dendrogram.highest)

    def plan(self, features: FloatArray, memory: LabelMemory, first_round: int) -> Plan:
        """Work out the plan; first_round = the round in which these features came."""
        version = self.version(features)
        key = f"{version.key}:{first_round}:{_digest(memory.answers)}"
        if self._plan is None or self._plan[0] != key:
            self._plan = (key, self._make(version, memory, first_round))
        return self._plan[1]

    def _make(self, version: Version, memory: LabelMemory, first_round: int) -> Plan:
        scale = self.scale(version, memory, first_round)
        atoms = np.arange(len(version.rows)) if self._without == "atoms" else version.atoms(scale)
        parts, rows = self._parts(version, atoms, memory)
        groups = grouped(rows, parts)
        pairs = near_pairs(self._lists(version, atoms, memory), parts)
        if parts.count <= _COMPARABLE:
            pairs = np.concatenate([pairs, nearest_components(groups, parts, NEIGHBOURS)])
            pairs = pairs_of(distinct(pair_keys(pairs, parts.count)), parts.count)
        similarity = dots(groups.sums, groups.sizes, pairs[:, 0], pairs[:, 1])
        free = allowed(pairs, parts)
        median, sd = spread_of_best(parts.count, pairs[free], similarity[free])
        frame = Frame(median, sd, self._first_z0(version, scale, atoms, memory, first_round))
        signals, same = judged_tiles(memory)
        if self._without == "belief":
            signals, same = signals[:0], same[:0]
        belief = believe(signals, same, float(np.clip(-scale.slope * sd, 0.5, 6.0)), frame.z0)
        lows = [belief.z(_PAGE_P), belief.z(_LABEL_P)]
        clusters, merged = guess(groups, pairs, similarity, parts, frame, lows)
        scenes = [world(rows, groups, parts, named) for named in (clusters, merged)]
        return Plan(scale, frame, belief, scenes[0], pairs, similarity, scenes[1])

    def _lists(self, version: Version, atoms: IntArray, memory: LabelMemory) -> IntArray:
        """Give neighbour lists (n, k) under the metric of the first 64, 128, 256, ... answers; before, x0's."""
        said = memory.answers
        count = 1 << (len(said).bit_length() - 1) if len(said) >= _FIRST_LISTS else 0
        if count == 0:
            return version.neighbours
        first = said[:count]
        key = f"{version.key}:{_digest(first)}"
        if key not in self._neighbours:
            _, rows = self._parts(version, atoms, LabelMemory(memory.n, memory.mode, first, memory.imported))
            self._neighbours = {key: nearest_ids(rows, NEIGHBOURS + 1)}
        return self._neighbours[key]

    def _first_z0(
        self, version: Version, scale: Scale, atoms: IntArray, memory: LabelMemory, first_round: int
    ) -> float:
        """Give z0 as it was at the version's first plan: of the answers that were there before it."""
        before = [
            answer
            for answer in memory.answers
            if answer.round < first_round or is_calibration(answer.kind, len(answer.tiles))
        ]
        key = f"{version.key}:{first_round}:{_digest(before)}"
        if self._z0 is None or self._z0[0] != key:
            then = LabelMemory(memory.n, memory.mode, before, memory.imported)
            parts, rows = self._parts(version, atoms, then)
            pairs = near_pairs(version.neighbours, parts)
            pairs = pairs[allowed(pairs, parts)]
            groups = grouped(rows, parts)
            similarity = dots(groups.sums, groups.sizes, pairs[:, 0], pairs[:, 1])
            median, sd = spread_of_best(parts.count, pairs, similarity)
            self._z0 = (key, (1.0 - scale.height(0.5) - median) / sd)
        return self._z0[1]

    def tiles(self, plan: Plan, memory: LabelMemory, scene: World) -> Candidates:
        """Give every tile worth asking about in one of the plan's scenes."""
        shown = np.zeros(memory.n, bool)
        shown[memory.judged_rows()] = True
        if self._without == "audits":
            shown[:] = True
        return candidates(scene, plan.pairs, plan.similarity, shown, plan.frame, plan.belief)

    def _parts(self, version: Version, atoms: IntArray, memory: LabelMemory) -> tuple[Components, FloatArray]:
        parts = components(atoms, version.rows, memory, _removed(memory))
        if self._without == "metric":
            return parts, version.rows
        return parts, within_class(version.rows, parts.of, parts.confirmed)


def _removed(memory: LabelMemory) -> IntArray:
    """Give the rows that an audit found not to be their anchor's."""
    rows = {
        tile.row
        for answer in memory.answers
        for tile in answer.tiles
        if tile.signals and tile.signals[AUDIT] > 0 and tile.verdict is Verdict.DIFFERENT
    }
    return np.array(sorted(rows), np.int64)


def _digest(answers: Sequence[Answer]) -> str:
    """Name what stands in the log."""
    return hashlib.sha256("\n".join(answer.id for answer in answers).encode()).hexdigest()
