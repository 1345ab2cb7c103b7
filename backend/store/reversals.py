"""What taking an answer back would reverse: said before a person changes an answer."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.answer_schemas import Reversal
from backend.errors import ForbiddenError, NotFoundError
from backend.schemas import Role
from backend.store import answers, edits, votes
from backend.store.memories import memories_of
from backend.store.models import Answer as Stored
from backend.store.models import Person, Question, Run
from ucal.memory import LabelMemory
from ucal.types import Answer, Verdict


def preview(session: Session, run: Run, person: Person, answer_id: str) -> Reversal:
    """Say what an undo of this answer reverses.

    `parts` are the sizes of the groups of images that come apart, that of the left image (or the
    anchor) first; none where the answer joins nothing by itself. `later` are the standing answers
    given after it on images of those groups. Looks at every standing answer once: O(answers).

    Raises:
        NotFoundError: no such answer in this run.
        ForbiddenError: somebody else's answer (an admin may look).
    """
    given = answers.find(session, run.id, answer_id)
    if given is None or given.retracts is not None:
        raise NotFoundError(f"no answer {answer_id!r} in this run")
    if given.person_id != person.id and person.role != Role.ADMIN:
        raise ForbiddenError("only the person who gave an answer, or an admin, may see what taking it back reverses")
    if given.source == "gold":
        return _of_check(session, run, given)
    event = given if given.counts else votes.verdict_of(session, given)
    instead = votes.without(session, run, given)
    with memories_of(session).of(session, run) as memory:
        order = [answer.id for answer in memory.answers]
        if event is None or event.id not in order:
            return Reversal(parts=[], later=0)
        place = order.index(event.id)
        entry, later = memory.answers[place], memory.answers[place + 1 :]
        parts, rows = _apart(memory, entry, [] if instead is None else [instead])
    return Reversal(parts=parts, later=_touching(later, rows))


def _of_check(session: Session, run: Run, given: Stored) -> Reversal:
    """Say what an undo would reverse if the check were the question that it looks like."""
    if answers.undone_ids(session, run.id, [given.id]) or not _looks_decided(session, given):
        return Reversal(parts=[], later=0)
    [entry] = answers.read(session, run.id, Stored.id == given.id)
    newer = answers.newer_ids(session, run.id, given.seq)
    newer.update(edit.id for edit in edits.newer(session, run.id, 0) if edit.at > given.at)
    with memories_of(session).of(session, run) as memory:
        later = [answer for answer in memory.answers if answer.id in newer]
        parts, rows = _apart(memory, entry, [], adding=True)
    return Reversal(parts=parts, later=_touching(later, rows))


def _looks_decided(session: Session, given: Stored) -> bool:
    """Say whether one vote decides here, or whether the question that the check stood beside is decided."""
    check = session.get_one(Question, (given.run_id, given.question_id))
    beside = select(Question.state).where(
        Question.run_id == given.run_id, Question.ordinal == check.ordinal, Question.gold.is_(None)
    )
    return check.votes_base == 1 or session.scalars(beside.limit(1)).first() == "answered"


def _apart(
    memory: LabelMemory, entry: Answer, instead: Sequence[Answer], *, adding: bool = False
) -> tuple[list[int], set[int]]:
    """Give the sizes of the groups that come apart, and the rows of all groups that the answer is about.

    adding: the memory has never heard of the entry; take it as if it had.
    """
    said = [link for link in entry.links if link[2] in (Verdict.SAME, Verdict.DIFFERENT)]
    [together] = memory.joined([entry.left], (), [entry] if adding else ())
    rows = dict.fromkeys(row for left, right, _ in said for row in (left, right))
    groups = memory.joined(rows, () if adding else [entry], instead)
    parts = [len(group) for group in groups if group <= together]
    return parts if len(parts) > 1 else [], set().union(*groups)


def _touching(later: Sequence[Answer], rows: set[int]) -> int:
    return sum(any(left in rows or right in rows for left, right, _ in answer.links) for answer in later)
