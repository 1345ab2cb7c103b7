"""What the answers of a run say, kept between requests: a replay of 60,000 answers takes a second or two.

One `Memories` belongs to one session factory. Each time, it reads what the log got since, so any
number of processes may keep their own. A memory into which a transaction put an answer that was
then rolled back is forgotten.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.store import edits
from backend.store.images import core_image
from backend.store.models import Answer, Image, Project, Run
from backend.store.session import after_failure
from backend.store.shapes import tile_answers
from ucal import types as core
from ucal.imported import imported_links
from ucal.memory import LabelMemory
from ucal.types import Kind, Verdict

KEPT = 4  # runs
OVERLAP = 1000  # sequence numbers looked at again: transactions do not commit in the order of their numbers
_CHUNK = 500  # rows a statement: below every database's limit of parameters


@dataclass(slots=True)
class _Kept:
    memory: LabelMemory
    seq: int = 0  # up to which the log was read
    read: set[int] = field(default_factory=set)  # the newest of the sequence numbers that were read
    edit_seq: int = 0  # and that of edits: one after another, so never out of order
    lock: Lock = field(default_factory=Lock)


class Memories:
    """The label memories of the runs that were asked for last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = Lock()

    @contextmanager
    def of(self, session: Session, run: Run) -> Iterator[LabelMemory]:
        """Give a run's memory with all that this transaction sees; nobody else uses it meanwhile."""
        kept = self._get(session, run)
        after_failure(session, lambda: self._forget(run.id))
        with kept.lock:
            _catch_up(session, run.id, kept)
            yield kept.memory

    def _get(self, session: Session, run: Run) -> _Kept:
        with self._lock:
            known = run.id in self._kept
        fresh = None if known else _Kept(_empty(session, run))  # reads images: nobody waits for that
        with self._lock:
            kept = self._kept.pop(run.id, None) or fresh or _Kept(_empty(session, run))
            self._kept[run.id] = kept
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return kept

    def _forget(self, run_id: str) -> None:
        with self._lock:
            self._kept.pop(run_id, None)


def _empty(session: Session, run: Run) -> LabelMemory:
    """Make the memory before any answer: what the data know, where the run takes that."""
    n = session.get_one(Project, run.project_id).n_train
    if not run.config.get("imported_links"):
        return LabelMemory(n, run.config["memory"])
    query = select(Image).where(Image.project_id == run.project_id, Image.split == "train").order_by(Image.row)
    images = [core_image(row) for row in session.scalars(query)]
    return LabelMemory(n, run.config["memory"], imported=imported_links(images))


def memories_of(session: Session) -> Memories:
    """Give the memories that belong to a session's factory."""
    found: Memories = session.info["memories"]
    return found


_COLUMNS = (
    Answer.id,
    Answer.left_row,
    Answer.right_row,
    Answer.verdict,
    Answer.question_id,
    Answer.bad_rows,
    Answer.retracts,
    Answer.kind,
    Answer.tiles,
)


def _catch_up(session: Session, run_id: str, kept: _Kept) -> None:
    newer = select(Answer.seq).where(Answer.run_id == run_id, Answer.seq > kept.seq - OVERLAP)
    fresh = sorted(set(session.scalars(newer)) - kept.read)  # numbers only: a page is long to read
    for start in range(0, len(fresh), _CHUNK):
        some = (Answer.run_id == run_id, Answer.seq.in_(fresh[start : start + _CHUNK]), Answer.counts)
        _take(kept.memory, session.execute(select(*_COLUMNS).where(*some).order_by(Answer.seq)))
    kept.seq = max([kept.seq, *fresh[-1:]])
    kept.read = {seq for seq in kept.read.union(fresh) if seq > kept.seq - OVERLAP}
    for edit in edits.newer(session, run_id, kept.edit_seq):
        kept.memory.add(edits.as_event(edit))
        kept.edit_seq = edit.seq


def _take(memory: LabelMemory, rows: Iterable[Any]) -> None:
    for id_, left, right, verdict, question, bad, retracts, kind, tiles in rows:
        says = {"bad_rows": tuple(bad), "retracts": retracts, "kind": Kind(kind), "tiles": tile_answers(tiles)}
        memory.add(core.Answer(id_, left, right, Verdict(verdict), question, **says))
