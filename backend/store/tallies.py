"""What a run's answers sum up to, kept between requests: each answer of the log is counted once, not at every reply.

One `Tallies` belongs to one session factory. Each time, it counts what the log got since, so any number
of processes may keep their own. A tally that counted an answer which was then rolled back is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from backend.store.models import Answer
from backend.store.tail import Recent, Tail, rows_of

KEPT = 32  # runs


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
    tail: Tail = field(default_factory=Tail)
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
        self._recent: Recent[_Tally] = Recent(KEPT)

    def of(self, session: Session, run_id: str) -> tuple[Totals, dict[str, int]]:
        """Give what stands in a run as this transaction sees it: the totals, and the answers of each person."""
        tally = self._recent.get(session, run_id, _Tally)
        with tally.lock:
            _catch_up(session, run_id, tally)
            return Totals(*tally.sums), dict(tally.people)


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
    if tally.tail.seq == 0:
        _begin(session, run_id, tally)
    seqs = tally.tail.unread(session, run_id)
    query = select(*_COLUMNS).where(Answer.run_id == run_id)
    fresh = list(rows_of(session, query.order_by(Answer.seq), Answer.seq, seqs))
    ids = [row.retracts for row in fresh if row.retracts is not None]
    undone = {row.id: row for row in rows_of(session, query, Answer.id, ids)}
    for row in fresh:
        what, sign = (row, +1) if row.retracts is None else (undone[row.retracts], -1)
        which = (what.source != "votes", what.counts)
        tally.add(what.person_id, which, (sign, sign * what.judged, sign * what.actions))
    tally.tail.take(seqs)


def _begin(session: Session, run_id: str, tally: _Tally) -> None:
    """Sum up the log but for its newest part, by two statements."""
    last = session.scalar(select(func.max(Answer.seq)).where(Answer.run_id == run_id)) or 0
    tail = Tail.at_end(last)
    undo = aliased(Answer)
    group = (Answer.person_id, Answer.source, Answer.counts)
    sums = (*group, func.count().label("n"), func.sum(Answer.judged), func.sum(Answer.actions))
    given = select(*sums).where(Answer.run_id == run_id, Answer.retracts.is_(None), Answer.seq <= tail.horizon)
    back = select(*sums).select_from(undo).join(Answer, (Answer.run_id == run_id) & (Answer.id == undo.retracts))
    back = back.where(undo.run_id == run_id, undo.retracts.is_not(None), undo.seq <= tail.horizon)
    for query, sign in ((given, +1), (back, -1)):
        for person, source, counts, n, judged, actions in session.execute(query.group_by(*group)):
            tally.add(person, (source != "votes", counts), (sign * n, sign * int(judged), sign * int(actions)))
    tally.tail = tail
