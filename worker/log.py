"""StoreLog: a run's append-only log of answers, in the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from backend.store import answers, edits, events
from backend.store.session import SessionFactory, session_scope
from backend.store.tail import Tail
from ucal.types import Answer


@dataclass(slots=True)
class StoreLog:
    """Reads on where it stopped: people append while the worker works, and nothing is ever changed."""

    sessions: SessionFactory
    run_id: str
    _tail: Tail = field(default_factory=Tail, init=False)
    _given: list[tuple[int, Answer]] = field(default_factory=list, init=False)  # by their sequence numbers
    _edited: list[Answer] = field(default_factory=list, init=False)
    _edit_seq: int = field(default=0, init=False)
    _known: int = field(default=0, init=False)  # events of answers that were read, those that do not count too

    def read(self) -> Sequence[Answer]:
        """Give all events, oldest first."""
        with session_scope(self.sessions, read_only=True) as session:
            there = answers.count(session, self.run_id)
            fresh = self._tail.unread(session, self.run_id)
            if self._known + len(fresh) < there:  # one was stored long after it had its number: read all again
                self._tail, self._given, self._known = Tail(), [], 0
                fresh = self._tail.unread(session, self.run_id)
            given = answers.read_some(session, self.run_id, fresh)
            edited = edits.newer(session, self.run_id, self._edit_seq)
            self._edited += [edits.as_event(edit) for edit in edited]
            self._edit_seq = edited[-1].seq if edited else self._edit_seq
        if given:
            self._given = sorted([*self._given, *given], key=lambda pair: pair[0])
        self._tail.take(fresh)
        self._known += len(fresh)
        return events.in_order([answer for _, answer in self._given], self._edited)

    def append(self, new: Sequence[Answer]) -> None:
        """Add durably; an id that is there already is left as it is."""
        if new:
            with session_scope(self.sessions) as session:
                answers.append_log(session, self.run_id, new)
