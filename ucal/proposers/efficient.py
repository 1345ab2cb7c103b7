"""The efficient policy: calibration cards first, then pages by expected correct pairs per action.

It reaches the clusters by questions about groups: atoms (micro-clusters that are believed pure and
never asserted) are laid beside an anchor, ticked where the model believes "same", and the person
puts right what is wrong. Everything it knows follows from the features and the log of answers.

Source: our own; `docs/methods.md` has the equations and what each ingredient contributes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import islice

import numpy as np

from ucal.config import RunConfig
from ucal.conflicts import Conflict
from ucal.efficient.calibration import cards, medoid
from ucal.efficient.doubt import doubtful, hopeless, likeliest, quiet
from ucal.efficient.pages import Candidates, Page, choose, disjoint, expected_f1
from ucal.efficient.plan import Plan, Planner
from ucal.efficient.trust import trust
from ucal.errors import ConfigError
from ucal.labels import renumber
from ucal.memory import LabelMemory
from ucal.neighbours import pair_similarities
from ucal.proposers.groups import ask_rows, exemplars, make_question
from ucal.seams import AHEAD, Scene
from ucal.suspects import suspected
from ucal.types import OUTLIER, FloatArray, IntArray, Kind, Question, Reason, Role, Tile, conflict_id, page_id

_TARGETS = (0.5, 0.8)  # P(same) that a pair of calibration cards aims at
_BATCH_SHARE = 0.03  # pages in a plan, as a share of the actions so far
_LEAST_RATE = 0.05  # expected pairs put right per action that a page must be worth
_UNFIT = 3  # spare rows of a tile: those that fit least


class EfficientProposer:
    """Ask what puts most pairs of images right per action. Its labels are the best guess (`labels`)."""

    def __init__(self, config: RunConfig, cameras: Sequence[int | None] | None = None) -> None:
        self.config = config
        self.planner = Planner(cameras if config.camera_centre else None, config.without)
        again = ("second-look", "conflict") if config.expected_error > 0 else ("conflict",)
        pages = ("page", *again) * config.pages_per_round
        self.stages: tuple[str, ...] = ("conflict", *["calibrate"] * (config.cards // 2), *pages)

    def __call__(self, scene: Scene) -> Sequence[Question]:
        """Give one stage's questions, best first."""
        if scene.stage == "conflict":
            return _conflicts(scene, self.config.expected_error)
        if scene.stage == "calibrate":
            return self._cards(scene)
        if scene.stage == "page":
            return self._pages(scene, _plan_size(scene.memory))
        if scene.stage == AHEAD:
            return self._pages(scene, self.config.ask_ahead)
        if scene.stage == "second-look":
            return self._second_looks(scene)
        raise ConfigError(f"stage: expected one of {', '.join(sorted(set(self.stages)))}, got {scene.stage!r}")

    def labels(self, features: FloatArray, memory: LabelMemory, round_: int) -> IntArray:
        """Give the best guess (n,): what is shown, measured and trained on; -1 = alone, or a bad image."""
        labels = self.planner.plan(features, memory, self._first_round(round_)).labels
        alone = np.bincount(labels[labels >= 0], minlength=1)[labels] < 2
        return renumber(np.where(alone, OUTLIER, labels))

    def weights(self, features: FloatArray, memory: LabelMemory, round_: int) -> FloatArray:
        """Give P(same) with its cluster's anchor for each row that no person put there, else 1, (n,)."""
        plan = self.planner.plan(features, memory, self._first_round(round_))
        return trust(plan.labelled.parts, self.planner.tiles(plan, memory, plan.labelled))

    def why_dry(self, features: FloatArray, memory: LabelMemory, round_: int) -> str:
        """Say why it has nothing left to ask: the queue has run dry, or the features cannot do it."""
        if hopeless(memory):
            found = likeliest(memory)
            return (
                f"these features cannot tell the identities apart: of the {len(found)} groups that looked most alike, "
                f"{sum(found)} were the same"
            )
        plan = self.planner.plan(features, memory, self._first_round(round_))
        estimate = expected_f1(plan.labelled, self.planner.tiles(plan, memory, plan.labelled))
        return (
            f"the queue has run dry: no page is worth an action any more (the model's own, optimistic estimate of "
            f"pairwise F1 is {estimate:.3f}; only a random audit can tell)"
        )

    def _first_round(self, round_: int) -> int:
        return round_ if self.config.train else 0

    def _cards(self, scene: Scene) -> list[Question]:
        """Ask two calibration cards, while fewer than `cards` answers say where "same" ends."""
        if scene.memory.n_answers >= self.config.cards or self.config.without == "calibration":
            return []
        version = self.planner.version(scene.features)
        scale = self.planner.scale(version, scene.memory, self._first_round(scene.round))
        chosen = cards(version.dendrogram, version.rows, scene.memory, scale, _TARGETS)
        return [self._card(scene, *card) for card in chosen]

    def _card(self, scene: Scene, left: int, right: int, left_rows: IntArray, right_rows: IntArray) -> Question:
        spare = self.config.exemplars
        sides = (
            (left, exemplars(scene.features, left, left_rows, spare), len(left_rows)),
            (right, exemplars(scene.features, right, right_rows, spare), len(right_rows)),
        )
        question = make_question(scene, Reason.CALIBRATE, *sides)
        return dataclasses.replace(question, kind=Kind.CARD)

    def _pages(self, scene: Scene, most: int) -> list[Question]:
        memory = scene.memory
        if quiet(memory, _plan_size(memory)) or (hopeless(memory) and not self.config.train):
            return []
        plan = self.planner.plan(scene.features, memory, self._first_round(scene.round))
        tiles = self.planner.tiles(plan, memory, plan.scene)
        pages = choose(tiles, self.config.page_tiles, None)
        if pages:
            price = float(np.percentile([page.rate for page in pages], 75))
            pages = [page for page in choose(tiles, self.config.page_tiles, price) if page.rate >= _LEAST_RATE]
        found = (self._page(scene, plan, tiles, page) for page in disjoint(pages, tiles, plan.scene.anchors))
        asked = (page for page in found if page is not None)
        return list(islice(asked, most))

    def _second_looks(self, scene: Scene) -> list[Question]:
        """Ask surprising answers that much hangs on once more."""
        bad = set(scene.memory.bad_rows().tolist())
        doubts = doubtful(scene.memory, self.config.expected_error, self.config.second_look)
        pairs = dict.fromkeys((answer.left, tile.row) for answer, tile in doubts)
        return [ask_rows(scene, Reason.SECOND_LOOK, *pair) for pair in pairs if not bad.intersection(pair)]

    def _page(self, scene: Scene, plan: Plan, tiles: Candidates, page: Page) -> Question | None:
        anchor_rows = plan.scene.parts.rows(int(plan.scene.anchors[page.cluster]))
        anchor = medoid(anchor_rows, plan.scene.rows)
        shown = [self._tile(plan, tiles, place) for place in page.tiles.tolist()]
        shown = [tile for tile in shown if tile.rows[0] != anchor and not scene.memory.decided(anchor, tile.rows[0])]
        if not shown:
            return None
        medoids = [tile.rows[0] for tile in shown]
        first = shown[0]
        similarity = pair_similarities(scene.features, np.array([anchor]), np.array([first.rows[0]]))
        return Question(
            id=page_id(scene.round, anchor, medoids),
            left=anchor,
            right=first.rows[0],
            left_rows=exemplars(scene.features, anchor, anchor_rows, self.config.exemplars),
            right_rows=first.rows,
            reason=Reason.GROUP,
            similarity=float(similarity[0]),
            round=scene.round,
            left_size=len(anchor_rows),
            right_size=first.size,
            kind=Kind.CARD if len(shown) == 1 else Kind.PAGE,
            tiles=tuple(shown),
            gain=page.gain,
        )

    def _tile(self, plan: Plan, tiles: Candidates, place: int) -> Tile:
        row, p = int(tiles.row[place]), float(tiles.p[place])
        signals = tuple(float(signal) for signal in tiles.signals[place])
        if row >= 0:
            return Tile((row,), p >= 0.5, 1, p, Role.AUDIT, signals)
        rows = plan.scene.parts.rows(int(tiles.group[place]))
        inside = bool(tiles.inside[place])
        middle = medoid(rows, plan.scene.rows)
        return Tile(
            (middle, *_least_fitting(rows, middle, plan.scene.rows)),
            p >= 0.5,
            len(rows),
            p,
            Role.INSIDE if inside else Role.OUTSIDE,
            signals,
        )


def _plan_size(memory: LabelMemory) -> int:
    """Give the most pages of a plan: 1, 5 or 15 by the number of rows, later a share of the actions so far."""
    least = 1 if memory.n < 1000 else 5 if memory.n < 10_000 else 15
    return max(least, int(_BATCH_SHARE * memory.n_actions))


def _least_fitting(rows: IntArray, middle: int, features: FloatArray) -> tuple[int, ...]:
    """Give up to 3 rows, other than the medoid, that are least similar to the group's mean."""
    part = features[rows].astype(np.float64)
    order = rows[np.argsort((part @ part.sum(axis=0)).astype(np.float32), kind="stable")]
    return tuple(int(row) for row in order[order != middle][:_UNFIT])


def _conflicts(scene: Scene, error: float) -> list[Question]:
    """Ask which of the answers that cannot all be true is wrong, the likeliest first; bad images are left out."""
    bad = set(scene.memory.bad_rows().tolist())
    questions = []
    for conflict in suspected(scene.memory, scene.features, error):
        if not bad.intersection(row for pair in conflict.pairs for row in pair):
            questions.append(_conflict(scene, conflict))
    return questions


def _conflict(scene: Scene, conflict: Conflict) -> Question:
    left, right = conflict.pairs[0]
    question = ask_rows(scene, Reason.CONFLICT, left, right)
    if len(conflict.pairs) == 1:  # the votes on one pair are tied: one more vote
        return question
    said = ((pair, scene.memory.voted(*pair)) for pair in conflict.pairs)
    disputed = tuple((*pair, verdict) for pair, verdict in said if verdict is not None)
    name = conflict_id(scene.round, disputed)
    return dataclasses.replace(question, id=name, kind=Kind.CONFLICT, disputed=disputed)
