"""Pairs whose truth is known, asked like any other to learn how often each person is right.

Known are pairs that an admin marked (`GoldPair`), and pairs of images whose identities the data tell.
Such a question belongs to one person. It is built like the questions around it: same reason, round and
group sizes. Its answer never enters the label memory.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.errors import InvalidError
from backend.store import answers, images, leases
from backend.store.jobs import upsert
from backend.store.models import Answer, GoldPair, Image, Project, Question, Run
from ucal import types as core
from ucal.types import Reason

LIVE, CHECKED = "gold", "checked"  # states of its questions
_SETTLES = (Reason.CONFLICT.value, Reason.SECOND_LOOK.value)  # reasons that name earlier answers
_TRIES = 8  # to find a pair that this person has not seen
_PAST = 40  # earlier questions that are looked at for one of known truth

Pair = tuple[int, int]


class Dice(Protocol):
    """Gives numbers in [0, 1)."""

    def random(self) -> float: ...


_DICE = secrets.SystemRandom()  # nobody can foretell them


@dataclass(frozen=True, slots=True)
class Sides:
    """A pair of groups of known truth; the first row of each is what is judged."""

    left: tuple[int, ...]
    right: tuple[int, ...]
    same: bool
    sizes: tuple[int, int]


def mix(
    session: Session, run: Run, person_id: str, wish: tuple[int, leases.Leased], now: datetime, dice: Dice = _DICE
) -> None:
    """Put pairs of known truth among the new questions that a person is given (in place), at the project's rate.

    wish: how many questions the page asked for, and what it is given; there are never more than that, so
    those that find no room go back. A check that this person was given before and did not answer comes
    first. Where nothing new is given, or no truth is known, nothing is added.
    """
    count, leased = wish
    rate = session.get_one(Project, run.project_id).gold_rate
    new = leased.given[leased.again :]
    if rate <= 0 or not new:
        return
    waiting = _waiting(session, run, person_id, now)
    seen: set[Pair] = set()
    mixed: list[leases.Held] = []
    while new and leased.again + len(mixed) < count:
        plain = new[0].question.kind in ("pair", "card") and new[0].question.reason not in _SETTLES
        check = None
        if plain and dice.random() < rate:
            if not waiting:
                seen = seen or _seen(session, run, person_id)  # once: a person may have answered 60,000
            check = waiting.pop() if waiting else _make(session, run, (person_id, seen), new[0].question)
        mixed.append(new.pop(0) if check is None else leases.give(session, check, person_id, now))
    leases.drop(session, run.id, [held.question.id for held in new], person_id)
    leased.given[leased.again :] = mixed


def records(session: Session, project_id: str) -> dict[str, tuple[int, int]]:
    """Count, for each person, the pairs of known truth they answered rightly, and those they judged at all."""
    query = select(Answer.person_id, Answer.verdict, Question.gold).join(
        Question, (Question.run_id == Answer.run_id) & (Question.id == Answer.question_id)
    )
    query = query.join(Run, Run.id == Answer.run_id).where(
        Run.project_id == project_id,
        Answer.source == "gold",
        Answer.verdict.in_(("same", "different")),
        answers.stands(),
    )
    found: dict[str, tuple[int, int]] = {}
    for person, verdict, truth in session.execute(query):
        right, checked = found.get(person, (0, 0))
        found[person] = (right + (verdict == truth), checked + 1)
    return found


# -- what an admin marks -----------------------------------------------------------------------


def mark(session: Session, project: Project, pair: tuple[int, int], same: bool) -> None:
    """Keep what an admin said of a pair of training rows; said again, it replaces the first.

    Raises:
        InvalidError: one image, or images that are not two of this project's training images.
    """
    rows = sorted(set(pair))
    if len(rows) != 2 or len(images.by_rows(session, project.id, rows)) != 2:
        raise InvalidError("expected two different training images of this project")
    row = upsert(session, GoldPair).values(project_id=project.id, left_row=rows[0], right_row=rows[1], same=same)
    keys = [GoldPair.project_id, GoldPair.left_row, GoldPair.right_row]
    session.execute(row.on_conflict_do_update(index_elements=keys, set_={"same": same}))


def marked(session: Session, project_id: str) -> Sequence[GoldPair]:
    """Give the pairs that admins marked."""
    query = select(GoldPair).where(GoldPair.project_id == project_id)
    return session.scalars(query.order_by(GoldPair.left_row, GoldPair.right_row)).all()


def unmark(session: Session, project_id: str, pair: tuple[int, int]) -> None:
    """Forget what an admin said of a pair."""
    found = session.get(GoldPair, (project_id, min(pair), max(pair)))
    if found is not None:
        session.delete(found)


def n_known(session: Session, project_id: str) -> int:
    """Count the training images whose identity the data tell."""
    query = select(func.count()).where(Image.project_id == project_id, Image.split == "train", Image.identity >= 0)
    return session.scalar(query.select_from(Image)) or 0


# -- making one --------------------------------------------------------------------------------


def _waiting(session: Session, run: Run, person_id: str, now: datetime) -> list[Question]:
    """Give the checks that this person was given and did not answer, and does not hold any more."""
    query = select(Question).where(Question.run_id == run.id, Question.state == LIVE, Question.gold_person == person_id)
    found = session.scalars(query.with_for_update(skip_locked=True)).all()
    held = [(one, leases.of(session, one, person_id)) for one in found]
    return [one for one, lease in held if lease is None or lease.expires_at <= now]


def _make(session: Session, run: Run, who: tuple[str, set[Pair]], like: Question) -> Question | None:
    """Make a check that looks like this question, and note its pair with those that this person was asked (in place).

    None where there is no pair of known truth left for this person.
    """
    person_id, seen = who
    for source in (_by_admin, _by_earlier_questions, _by_identities):
        for _ in range(_TRIES):
            sides = source(session, run, seen, like)
            if sides is None:
                break
            made = _add(session, person_id, like, sides)
            if made is not None:
                seen.add(_pair(made.left_row, made.right_row))
                return made
    return None


def _add(session: Session, person_id: str, like: Question, sides: Sides) -> Question | None:
    """Add a check under the id that the loop would give this pair, or another where it checks somebody else already.

    None where the loop asked this very pair.
    """
    own = core.question_id(like.round, Reason(like.reason), sides.left[0], sides.right[0])
    for id_ in (own, secrets.token_hex(len(own) // 2)):
        row = upsert(session, Question).values(_values(person_id, like, id_, sides))
        row = row.on_conflict_do_nothing(index_elements=[Question.run_id, Question.id])
        if session.scalar(row.returning(Question.id)) is not None:
            return session.get(Question, (like.run_id, id_))
        there = session.get(Question, (like.run_id, own), populate_existing=True)
        if there is None or there.state not in (LIVE, CHECKED):
            return None
    return None


def _values(person_id: str, like: Question, id_: str, sides: Sides) -> dict[str, Any]:
    return {
        "run_id": like.run_id,
        "id": id_,
        "kind": "pair",
        "reason": like.reason,
        "round": like.round,
        "stage": like.stage,
        "ordinal": like.ordinal,
        "left_row": sides.left[0],
        "right_row": sides.right[0],
        "left_rows": list(sides.left),
        "right_rows": list(sides.right),
        "left_size": sides.sizes[0],
        "right_size": sides.sizes[1],
        "similarity": like.similarity,
        "state": LIVE,
        "lease_fence": 0,
        "gold": "same" if sides.same else "different",
        "gold_person": person_id,
    }


def _by_admin(session: Session, run: Run, seen: set[Pair], like: Question) -> Sides | None:
    """Take a marked pair that this person was not asked in this project."""
    free = [one for one in marked(session, run.project_id) if (one.left_row, one.right_row) not in seen]
    if not free:
        return None
    one = secrets.choice(free)
    left, right = secrets.choice([(one.left_row, one.right_row), (one.right_row, one.left_row)])
    return Sides((left,), (right,), one.same, (1, 1))


def _by_earlier_questions(session: Session, run: Run, seen: set[Pair], like: Question) -> Sides | None:
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
            return sides
    return None


def _first_known(session: Session, run: Run, found: Sequence[Question], seen: set[Pair]) -> Sides | None:
    """Give the first of these questions of which each side shows one known identity, and that is not in `seen`."""
    rows = {row for one in found for row in (*one.left_rows, *one.right_rows)}
    names = {row: image.identity for row, image in images.by_rows(session, run.project_id, rows).items()}
    for one in found:
        left, right = {names[row] for row in one.left_rows}, {names[row] for row in one.right_rows}
        known = len(left) == len(right) == 1 and all(name is not None and name >= 0 for name in left | right)
        if known and _pair(one.left_row, one.right_row) not in seen:
            sizes = (one.left_size, one.right_size)
            return Sides(tuple(one.left_rows), tuple(one.right_rows), left == right, sizes)
    return None


def _by_identities(session: Session, run: Run, seen: set[Pair], like: Question) -> Sides | None:
    """Draw two groups from the known identities, as large as those of the question they stand beside."""
    n_left, n_right = len(like.left_rows), len(like.right_rows)
    for _ in range(_TRIES):
        same = secrets.randbelow(2) == 0
        one = _rows_of_some(session, run, None)
        if one is None:
            return None
        identity, rows = one
        other = None if same else _rows_of_some(session, run, identity)
        if not same and other is None:
            continue
        left, right = _apart(rows, n_left, n_right) if other is None else (rows[:n_left], other[1][:n_right])
        if not left or not right or _pair(left[0], right[0]) in seen:
            continue
        full = len(left) == n_left and len(right) == n_right
        sizes = (like.left_size, like.right_size) if full else (len(left), len(right))
        return Sides(tuple(left), tuple(right), same, sizes)
    return None


def _apart(rows: list[int], n_left: int, n_right: int) -> tuple[list[int], list[int]]:
    """Split an identity's rows in two groups that share none, the smaller wish first where there are too few."""
    n_left = max(1, min(n_left, len(rows) - 1))
    return rows[:n_left], rows[n_left : n_left + n_right]


def _rows_of_some(session: Session, run: Run, but: int | None) -> tuple[int, list[int]] | None:
    """Give some identity (not `but`) and its training rows, in an order that nobody can foretell."""
    known = [Image.project_id == run.project_id, Image.split == "train", Image.identity >= 0]
    known += [] if but is None else [Image.identity != but]
    start = secrets.randbelow(max(1, session.get_one(Project, run.project_id).n_train))
    query = select(Image.identity).where(*known)
    identity = session.scalar(query.where(Image.row >= start).order_by(Image.row).limit(1))
    if identity is None:
        identity = session.scalar(query.order_by(Image.row).limit(1))
    if identity is None:
        return None
    rows = list(session.scalars(select(Image.row).where(*known, Image.identity == identity)))
    _DICE.shuffle(rows)
    return identity, rows


def _seen(session: Session, run: Run, person_id: str) -> set[Pair]:
    """Give the pairs that this person was asked in this project, to check them or for themselves."""
    by_check = select(Question.left_row, Question.right_row).join(Run, Run.id == Question.run_id)
    by_check = by_check.where(Run.project_id == run.project_id, Question.gold_person == person_id)
    answered = select(Answer.left_row, Answer.right_row).where(Answer.run_id == run.id, Answer.person_id == person_id)
    pairs = [*session.execute(by_check), *session.execute(answered)]
    return {_pair(left, right) for left, right in pairs}


def _pair(one: int, other: int) -> Pair:
    return min(one, other), max(one, other)
