"""What a run's answers sum up to, kept between requests: each answer of the log is counted once, not at every reply.

One `Tallies` belongs to one session factory. Each time, it counts what the log got since, so any number
of processes may keep their own. A tally that counted an answer which was then rolled back is forgotten.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session, aliased

from backend.store.models import Answer
from backend.store.session import after_failure

KEPT = 32  # runs
OVERLAP = 1000  # sequence numbers looked at again: transactions do not commit in the order of their numbers
_CHUNK = 500  # rows a statement: below every database's limit of parameters


@dataclass(frozen=True, slots=True)
class Totals:
    """Answers that stand (a page is one), the pairs that the label memory has of them, and what they took.

    `counted` are the actions that `budget_actions` counts: of several votes those of their verdict, which
    is nobody's answer. A vote among several, and a check, is no pair.
    """

    answers: int
    judged: int
    actions: int
    counted: int


@dataclass(slots=True)
class _Tally:
    seq: int = 0  # up to which the log was counted
    counted: set[int] = field(default_factory=set)  # the newest of the sequence numbers that were counted
    sums: list[int] = field(default_factory=lambda: [0, 0, 0, 0])  # as `Totals`
    people: dict[str, int] = field(default_factory=dict)  # person -> answers that stand
    lock: Lock = field(default_factory=Lock)

    def add(self, person: str, which: tuple[bool, bool], sums: tuple[int, int, int]) -> None:
        """Count some of a person's answers: whether people gave them and the memory has them; n, judged, actions."""
        (by_people, counts), (n, judged, actions) = which, sums
        each = (by_people * n, counts * judged, by_people * actions, counts * actions)
        self.sums = [total + int(one) for total, one in zip(self.sums, each, strict=True)]
        if by_people:
            self.people[person] = self.people.get(person, 0) + n


class Tallies:
    """The tallies of the runs that were asked for last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Tally] = OrderedDict()
        self._lock = Lock()

    def of(self, session: Session, run_id: str) -> tuple[Totals, dict[str, int]]:
        """Give what stands in a run as this transaction sees it: the totals, and the answers of each person."""
        with self._lock:
            tally = self._kept.pop(run_id, None) or _Tally()
            self._kept[run_id] = tally
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        after_failure(session, lambda: self._forget(run_id))
        with tally.lock:
            _catch_up(session, run_id, tally)
            return Totals(*tally.sums), dict(tally.people)

    def _forget(self, run_id: str) -> None:
        with self._lock:
            self._kept.pop(run_id, None)


def tallies_of(session: Session) -> Tallies:
    """Give the tallies that belong to a session's factory."""
    found: Tallies = session.info["tallies"]
    return found


_COLUMNS = (
    Answer.seq,
    Answer.id,
    Answer.person_id,
    Answer.source,
    Answer.counts,
    Answer.judged,
    Answer.actions,
    Answer.retracts,
)


def _catch_up(session: Session, run_id: str, tally: _Tally) -> None:
    if tally.seq == 0:
        _begin(session, run_id, tally)
    newer = select(Answer.seq).where(Answer.run_id == run_id, Answer.seq > tally.seq - OVERLAP)
    seqs = sorted(set(session.scalars(newer)) - tally.counted)
    fresh: list[Row[Any]] = []
    for start in range(0, len(seqs), _CHUNK):
        some = select(*_COLUMNS).where(Answer.run_id == run_id, Answer.seq.in_(seqs[start : start + _CHUNK]))
        fresh += session.execute(some.order_by(Answer.seq))
    undone = _by_id(session, run_id, [row.retracts for row in fresh if row.retracts is not None])
    for row in fresh:
        what, sign = (row, +1) if row.retracts is None else (undone[row.retracts], -1)
        which = (what.source != "votes", what.counts)
        tally.add(what.person_id, which, (sign, sign * what.judged, sign * what.actions))
    tally.seq = max([tally.seq, *(row.seq for row in fresh)])
    tally.counted = {seq for seq in (*tally.counted, *(row.seq for row in fresh)) if seq > tally.seq - OVERLAP}


def _begin(session: Session, run_id: str, tally: _Tally) -> None:
    """Sum up the log but for its newest part, by two statements."""
    last = session.scalar(select(func.max(Answer.seq)).where(Answer.run_id == run_id)) or 0
    horizon = max(0, last - OVERLAP)
    undo = aliased(Answer)
    group = (Answer.person_id, Answer.source, Answer.counts)
    sums = (*group, func.count().label("n"), func.sum(Answer.judged), func.sum(Answer.actions))
    given = select(*sums).where(Answer.run_id == run_id, Answer.retracts.is_(None), Answer.seq <= horizon)
    back = select(*sums).select_from(undo).join(Answer, (Answer.run_id == run_id) & (Answer.id == undo.retracts))
    back = back.where(undo.run_id == run_id, undo.retracts.is_not(None), undo.seq <= horizon)
    for query, sign in ((given, +1), (back, -1)):
        for person, source, counts, n, judged, actions in session.execute(query.group_by(*group)):
            tally.add(person, (source != "votes", counts), (sign * n, sign * int(judged), sign * int(actions)))
    tally.seq, tally.counted = horizon + OVERLAP, set()


def _by_id(session: Session, run_id: str, ids: Sequence[str]) -> dict[str, Row[Any]]:
    found: dict[str, Row[Any]] = {}
    for start in range(0, len(ids), _CHUNK):
        some = select(*_COLUMNS).where(Answer.run_id == run_id, Answer.id.in_(ids[start : start + _CHUNK]))
        found |= {row.id: row for row in session.execute(some)}
    return found
