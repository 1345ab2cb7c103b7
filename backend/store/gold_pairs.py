"""Pairs of known truth that look like a given question: marked ones, questions of earlier rounds, drawn ones."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.store import truths
from backend.store.models import Question, Run
from backend.store.shapes import core_question
from ucal import types as core
from ucal.types import Kind, Tile

TRIES = 8  # to find one that this person has not seen
_PAST = 40  # earlier questions that are looked at for one of known truth
_CARD = 4  # images of a group that a card shows

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Check:
    """A question of known truth: of which rows it is known whether they are the same as the left one."""

    question: core.Question
    truth: dict[int, bool]


@dataclass(slots=True)
class Seen:
    """What a person was asked in this project: pairs, and anchors of pages that checked them."""

    pairs: set[Pair] = field(default_factory=set)
    anchors: set[int] = field(default_factory=set)

    def note(self, check: Check) -> None:
        """Note what a new check asks (in place)."""
        self.pairs.add(ordered(check.question.left, check.question.right))
        if check.question.kind is Kind.PAGE:
            self.anchors.add(check.question.left)


@dataclass(frozen=True, slots=True)
class _Sides:
    """A pair of groups of known truth; the first row of each is what is judged."""

    left: tuple[int, ...]
    right: tuple[int, ...]
    same: bool
    sizes: tuple[int, int]


def ordered(one: int, other: int) -> Pair:
    """Give a pair with the smaller row first."""
    return min(one, other), max(one, other)


def by_admin(session: Session, run: Run, seen: Seen, like: Question) -> Check | None:
    """Take a marked pair that this person was not asked in this project."""
    free = [one for one in truths.marked(session, run.project_id) if (one.left_row, one.right_row) not in seen.pairs]
    if not free:
        return None
    one = secrets.choice(free)
    left, right = secrets.choice([(one.left_row, one.right_row), (one.right_row, one.left_row)])
    return _check(like, _Sides((left,), (right,), one.same, (1, 1)))


def by_earlier_questions(session: Session, run: Run, seen: Seen, like: Question) -> Check | None:
    """Take a question of an earlier round whose images' identities are known: as hard as questions are."""
    over = Question.state.in_(("answered", "settled", "closed"))
    earlier = (Question.run_id == run.id, Question.kind.in_(("pair", "card")), Question.round < like.round, over)
    total = session.scalar(select(func.count()).where(*earlier).select_from(Question)) or 0
    if total == 0:
        return None
    query = select(Question).where(*earlier).order_by(Question.ordinal, Question.id)
    for start in (secrets.randbelow(total), 0):
        found = session.scalars(query.offset(start).limit(_PAST)).all()
        sides = _first_known(session, run, found, seen)
        if sides is not None:
            return _check(like, sides)
    return None


def by_identities(session: Session, run: Run, seen: Seen, like: Question) -> Check | None:
    """Draw two groups from the known identities, as large as those of the question they stand beside."""
    n_left, n_right = len(like.left_rows), len(like.right_rows)
    for _ in range(TRIES):
        same = secrets.randbelow(2) == 0
        one = truths.rows_of_some(session, run.project_id)
        if one is None:
            return None
        identity, rows = one
        other = None if same else truths.rows_of_some(session, run.project_id, [identity])
        if not same and other is None:
            continue
        left, right = _apart(rows, n_left, n_right) if other is None else (rows[:n_left], other[1][:n_right])
        if not left or not right or ordered(left[0], right[0]) in seen.pairs:
            continue
        full = len(left) == n_left and len(right) == n_right
        sizes = (like.left_size, like.right_size) if full else (len(left), len(right))
        return _check(like, _Sides(tuple(left), tuple(right), same, sizes))
    return None


def _check(like: Question, sides: _Sides) -> Check:
    """Make the question: a pair, or a card where the one it stands beside is one (a card takes odd images)."""
    asked = core_question(like)
    tiles: tuple[Tile, ...] = ()
    right = sides.right
    if asked.kind is Kind.CARD and asked.tiles:
        right = right[:_CARD]
        tiles = (dataclasses.replace(asked.tiles[0], rows=right, size=sides.sizes[1]),)
    question = dataclasses.replace(
        asked,
        id=core.question_id(asked.round, asked.reason, sides.left[0], right[0]),
        left=sides.left[0],
        right=right[0],
        left_rows=sides.left,
        right_rows=right,
        left_size=sides.sizes[0],
        right_size=sides.sizes[1],
        tiles=tiles,
    )
    return Check(question, {right[0]: sides.same})


def _first_known(session: Session, run: Run, found: Sequence[Question], seen: Seen) -> _Sides | None:
    """Give the first of these questions of which each side shows one known identity, and that is not in `seen`."""
    rows = {row for one in found for row in (*one.left_rows, *one.right_rows)}
    names = truths.identities(session, run.project_id, rows)
    for one in found:
        left, right = {names.get(row) for row in one.left_rows}, {names.get(row) for row in one.right_rows}
        known = len(left) == len(right) == 1 and None not in left | right
        if known and ordered(one.left_row, one.right_row) not in seen.pairs:
            sizes = (one.left_size, one.right_size)
            return _Sides(tuple(one.left_rows), tuple(one.right_rows), left == right, sizes)
    return None


def _apart(rows: list[int], n_left: int, n_right: int) -> tuple[list[int], list[int]]:
    """Split an identity's rows in two groups that share none, the smaller wish first where there are too few."""
    n_left = max(1, min(n_left, len(rows) - 1))
    return rows[:n_left], rows[n_left : n_left + n_right]
