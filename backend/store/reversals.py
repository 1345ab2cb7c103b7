"""What taking an answer back would reverse: said before a person changes an answer."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import or_
from sqlalchemy.orm import Session

from backend.errors import NotFoundError
from backend.schemas import Reversal
from backend.store import answers
from backend.store.memories import memories_of
from backend.store.models import Answer, Run
from ucal import types as core
from ucal.types import Verdict

_CHUNK = 200  # rows a statement: below every database's limit of parameters


def preview(session: Session, run: Run, answer_id: str) -> Reversal:
    """Say what an undo of this answer reverses.

    `parts` are the sizes of the two groups of images that come apart (none where the answer joins
    nothing by itself), `later` the standing answers given after it on images of those groups.
    Looks at every standing answer once: O(answers).

    Raises:
        NotFoundError: no such answer in this run.
    """
    given = answers.find(session, run.id, answer_id)
    if given is None or given.retracts is not None:
        raise NotFoundError(f"no answer {answer_id!r} in this run")
    with memories_of(session).of(session, run) as memory:
        standing = memory.answers
    rest = [answer for answer in standing if answer.id != answer_id]
    if len(rest) == len(standing):
        return Reversal(parts=[], later=0)
    before = _group(standing, given.left_row)
    left, right = _group(rest, given.left_row), _group(rest, given.right_row)
    apart = given.right_row in before and given.right_row not in left
    return Reversal(
        parts=[len(left), len(right)] if apart else [],
        later=_given_later(session, run, given, left | right),
    )


def _group(log: Iterable[core.Answer], start: int) -> set[int]:
    """Give the rows joined to `start` by pairs that more people call the same than different."""
    votes: dict[tuple[int, int], int] = {}
    for answer in log:
        pair = (min(answer.left, answer.right), max(answer.left, answer.right))
        change = {Verdict.SAME: 1, Verdict.DIFFERENT: -1}.get(answer.verdict, 0)
        votes[pair] = votes.get(pair, 0) + change
    beside: dict[int, list[int]] = {}
    for (low, high), balance in votes.items():
        if balance > 0:
            beside.setdefault(low, []).append(high)
            beside.setdefault(high, []).append(low)
    found, waiting = {start}, [start]
    while waiting:
        for row in beside.get(waiting.pop(), ()):
            if row not in found:
                found.add(row)
                waiting.append(row)
    return found


def _given_later(session: Session, run: Run, given: Answer, rows: set[int]) -> int:
    if given.verdict not in (Verdict.SAME, Verdict.DIFFERENT):
        return 0
    ids: set[str] = set()
    chosen = sorted(rows)
    for start in range(0, len(chosen), _CHUNK):
        part = chosen[start : start + _CHUNK]
        touches = or_(Answer.left_row.in_(part), Answer.right_row.in_(part))
        later = answers.standing(run.id).where(Answer.seq > given.seq, touches)
        ids.update(session.scalars(later.with_only_columns(Answer.id)))
    return len(ids)
