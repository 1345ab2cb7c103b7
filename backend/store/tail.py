"""What is kept of runs between requests, and how it reads on in their logs of answers.

Any number of processes may keep their own: nothing but the log says what there is.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Generic, TypeVar

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.store.models import Answer
from backend.store.session import after_failure

OVERLAP = 1000  # sequence numbers looked at again: transactions do not commit in the order of their numbers
_CHUNK = 500  # rows a statement: below every database's limit of parameters

Kept = TypeVar("Kept")
Value = TypeVar("Value")


class Recent(Generic[Kept]):
    """What is kept of the runs that were asked for last, at most so many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._lock = Lock()

    def get(self, session: Session, run_id: str, make: Callable[[], Kept]) -> Kept:
        """Give what is kept of a run, made if need be; forgotten if this session's transaction is not stored."""
        with self._lock:
            known = run_id in self._kept
        fresh = None if known else make()  # may read much: nobody waits for that
        with self._lock:
            kept = self._kept.pop(run_id, fresh)
            if kept is None:  # forgotten meanwhile
                kept = make()
            self._kept[run_id] = kept
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        after_failure(session, lambda: self._forget(run_id))
        return kept

    def _forget(self, run_id: str) -> None:
        with self._lock:
            self._kept.pop(run_id, None)


@dataclass(slots=True)
class Tail:
    """How far a run's log was read."""

    seq: int = 0  # the highest sequence number
    read: set[int] = field(default_factory=set)  # the newest of those that were read

    @classmethod
    def at_end(cls, last: int) -> Tail:
        """Make that of a log that ends at `last` and was read but for its newest part."""
        return cls(max(last, OVERLAP))

    @property
    def horizon(self) -> int:
        """Give the sequence number up to which all was read."""
        return self.seq - OVERLAP

    def unread(self, session: Session, run_id: str) -> list[int]:
        """Give the sequence numbers that came since, rising: numbers only, as an answer may be long to read."""
        newer = select(Answer.seq).where(Answer.run_id == run_id, Answer.seq > self.horizon)
        return sorted(set(session.scalars(newer)) - self.read)

    def take(self, seqs: Sequence[int]) -> None:
        """Note that these were read."""
        self.seq = max([self.seq, *seqs])
        self.read = {seq for seq in self.read.union(seqs) if seq > self.horizon}


def rows_of(
    session: Session, query: Select[*tuple[Any, ...]], column: InstrumentedAttribute[Value], values: Sequence[Value]
) -> Iterator[Row[*tuple[Any, ...]]]:
    """Give the rows that have one of these values in a column, by as many statements as the values need."""
    for start in range(0, len(values), _CHUNK):
        yield from session.execute(query.where(column.in_(values[start : start + _CHUNK])))
