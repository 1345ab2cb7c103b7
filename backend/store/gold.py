"""Questions whose truth is known, asked like any other to learn how often each person is right.

Known are pairs that an admin marked, and pairs of images whose identities the data tell (`truths`).
A check belongs to one person. It is built like the question it stands beside: same kind, reason, round,
group sizes and tiles (`gold_pairs`, `gold_pages`). Its answer never enters the label memory. What is
measured is pairs: a page has one a tile.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.store import answers, gold_pages, gold_pairs, leases, shapes, truths
from backend.store.gold_pairs import TRIES, Check, Seen
from backend.store.jobs import upsert
from backend.store.models import Answer, Project, Question, Run
from ucal.types import Kind, Reason

LIVE, CHECKED = "gold", "checked"  # states of its questions
_SETTLES = (Reason.CONFLICT.value, Reason.SECOND_LOOK.value)  # reasons that name earlier answers
_PAIRS = (gold_pairs.by_admin, gold_pairs.by_earlier_questions, gold_pairs.by_identities)
_PAGES = (gold_pages.by_admin, gold_pages.by_pages, gold_pages.by_identities)
_TRUTH = "truth"  # of a tile of a page: same as the anchor? Tiles that fill the page have none


class Dice(Protocol):
    """Gives numbers in [0, 1)."""

    def random(self) -> float: ...


def mix(
    session: Session, run: Run, person_id: str, wish: tuple[int, leases.Leased], now: datetime, dice: Dice = truths.DICE
) -> None:
    """Put checks among the new questions that a person is given (in place), at the project's rate.

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
    seen: Seen | None = None
    mixed: list[leases.Held] = []
    while new and leased.again + len(mixed) < count:
        like = new[0].question
        check = None
        if _may_stand_beside(like) and dice.random() < rate:
            check = _first_alike(waiting, like)
            if check is None:
                seen = seen or _seen(session, run, person_id)  # once: a person may have answered 60,000
                check = _make(session, run, (person_id, seen), like)
        mixed.append(new.pop(0) if check is None else leases.give(session, check, person_id, now))
    leases.drop(session, run.id, [held.question.id for held in new], person_id)
    leased.given[leased.again :] = mixed


def records(session: Session, project_id: str) -> dict[str, tuple[int, int]]:
    """Count, for each person, the pairs of known truth they answered rightly, and those they judged at all."""
    found: dict[str, tuple[int, int]] = {}
    for person, is_right in (*_pairs_judged(session, project_id), *_tiles_judged(session, project_id)):
        right, checked = found.get(person, (0, 0))
        found[person] = (right + is_right, checked + 1)
    return found


def _pairs_judged(session: Session, project_id: str) -> Iterator[tuple[str, bool]]:
    query = select(Answer.person_id, Answer.verdict, Question.gold).join(Question, _of_answer())
    query = query.join(Run, Run.id == Answer.run_id).where(
        Run.project_id == project_id,
        Answer.source == "gold",
        Answer.kind != Kind.PAGE.value,
        Answer.verdict.in_(("same", "different")),
        answers.stands(),
    )
    for person, verdict, truth in session.execute(query):
        yield person, verdict == truth


def _tiles_judged(session: Session, project_id: str) -> Iterator[tuple[str, bool]]:
    query = select(Answer.person_id, Answer.tiles, Question.tiles).join(Question, _of_answer())
    query = query.join(Run, Run.id == Answer.run_id).where(
        Run.project_id == project_id, Answer.source == "gold", Answer.kind == Kind.PAGE.value, answers.stands()
    )
    for person, said, shown in session.execute(query):
        truth = {tile["rows"][0]: tile[_TRUTH] for tile in shown if _TRUTH in tile}
        for tile in said:
            if tile["row"] in truth and tile["verdict"] in ("same", "different"):
                yield person, (tile["verdict"] == "same") == truth[tile["row"]]


def _of_answer() -> Any:
    return (Question.run_id == Answer.run_id) & (Question.id == Answer.question_id)


# -- making one --------------------------------------------------------------------------------


def _may_stand_beside(like: Question) -> bool:
    return like.kind != Kind.CONFLICT.value and like.reason not in _SETTLES


def _first_alike(waiting: list[Question], like: Question) -> Question | None:
    """Take the first check of this question's kind whose turn it is (in place): one put back comes after the others."""
    for check in waiting:
        if check.kind == like.kind and check.ordinal <= like.ordinal:
            waiting.remove(check)
            return check
    return None


def _waiting(session: Session, run: Run, person_id: str, now: datetime) -> list[Question]:
    """Give the checks that this person was given and did not answer, and does not hold any more."""
    query = select(Question).where(Question.run_id == run.id, Question.state == LIVE, Question.gold_person == person_id)
    found = session.scalars(query.order_by(Question.ordinal).with_for_update(skip_locked=True)).all()
    held = [(one, leases.of(session, one, person_id)) for one in found]
    return [one for one, lease in held if lease is None or lease.expires_at <= now]


def _make(session: Session, run: Run, who: tuple[str, Seen], like: Question) -> Question | None:
    """Make a check that looks like this question, and note it with what this person was asked (in place).

    None where there is none of known truth left for this person.
    """
    person_id, seen = who
    for source in _PAGES if like.kind == Kind.PAGE.value else _PAIRS:
        for _ in range(TRIES):
            check = source(session, run, seen, like)
            if check is None:
                break
            made = _add(session, person_id, like, check)
            if made is not None:
                seen.note(check)
                return made
    return None


def _add(session: Session, person_id: str, like: Question, check: Check) -> Question | None:
    """Add a check under the id that the loop would give it, or another where it checks somebody else already.

    None where the loop asked this very question.
    """
    own = check.question.id
    for id_ in (own, secrets.token_hex(len(own) // 2)):
        row = upsert(session, Question).values(_values(person_id, like, check) | {"id": id_})
        row = row.on_conflict_do_nothing(index_elements=[Question.run_id, Question.id])
        if session.scalar(row.returning(Question.id)) is not None:
            return session.get(Question, (like.run_id, id_))
        there = session.get(Question, (like.run_id, own), populate_existing=True)
        if there is None or there.state not in (LIVE, CHECKED):
            return None
    return None


def _values(person_id: str, like: Question, check: Check) -> dict[str, Any]:
    asked, truth = check.question, check.truth
    tiles = [shapes.tile_json(tile) for tile in asked.tiles]
    if asked.kind is Kind.PAGE:
        tiles = [tile | ({_TRUTH: truth[tile["rows"][0]]} if tile["rows"][0] in truth else {}) for tile in tiles]
    word = "page" if asked.kind is Kind.PAGE else "same" if truth[asked.right] else "different"
    return shapes.question_values(asked) | {
        "run_id": like.run_id,
        "stage": like.stage,
        "ordinal": like.ordinal,
        "tiles": tiles,
        "state": LIVE,
        "lease_fence": 0,
        "votes_base": like.votes_base,
        "votes_wanted": like.votes_base,
        "gold": word,
        "gold_person": person_id,
    }


def _seen(session: Session, run: Run, person_id: str) -> Seen:
    """Give what this person was asked in this project, to check them or for themselves."""
    by_check = select(Question.left_row, Question.right_row, Question.kind).join(Run, Run.id == Question.run_id)
    by_check = by_check.where(Run.project_id == run.project_id, Question.gold_person == person_id)
    checks = session.execute(by_check).all()
    answered = select(Answer.left_row, Answer.right_row).where(Answer.run_id == run.id, Answer.person_id == person_id)
    pairs = [*((left, right) for left, right, _ in checks), *session.execute(answered)]
    anchors = {left for left, _, kind in checks if kind == Kind.PAGE.value}
    return Seen({gold_pairs.ordered(left, right) for left, right in pairs}, anchors)
