"""What the answers of a run say, kept between requests: a replay of 60,000 answers takes a second or two.

One `Memories` belongs to one session factory. Each time, it reads what the log got since, so any
number of processes may keep their own. A memory into which a transaction put an answer that was
then rolled back is forgotten.
"""

from __future__ import annotations

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
from backend.store.shapes import tile_answers
from backend.store.tail import Recent, Tail, rows_of
from ucal import types as core
from ucal.imported import imported_links
from ucal.memory import LabelMemory
from ucal.types import Kind, Verdict

KEPT = 4  # runs


@dataclass(slots=True)
class _Kept:
    memory: LabelMemory
    tail: Tail = field(default_factory=Tail)
    edit_seq: int = 0  # up to which edits were read: one after another, so never out of order
    lock: Lock = field(default_factory=Lock)


class Memories:
    """The label memories of the runs that were asked for last."""

    def __init__(self) -> None:
        self._recent: Recent[_Kept] = Recent(KEPT)

    @contextmanager
    def of(self, session: Session, run: Run) -> Iterator[LabelMemory]:
        """Give a run's memory with all that this transaction sees; nobody else uses it meanwhile."""
        kept = self._recent.get(session, run.id, lambda: _Kept(_empty(session, run)))
        with kept.lock:
            _catch_up(session, run.id, kept)
            yield kept.memory


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
    fresh = kept.tail.unread(session, run_id)
    query = select(*_COLUMNS).where(Answer.run_id == run_id, Answer.counts).order_by(Answer.seq)
    _take(kept.memory, rows_of(session, query, Answer.seq, fresh))
    kept.tail.take(fresh)
    for edit in edits.newer(session, run_id, kept.edit_seq):
        kept.memory.add(edits.as_event(edit))
        kept.edit_seq = edit.seq


def _take(memory: LabelMemory, rows: Iterable[Any]) -> None:
    for id_, left, right, verdict, question, bad, retracts, kind, tiles in rows:
        says = {"bad_rows": tuple(bad), "retracts": retracts, "kind": Kind(kind), "tiles": tile_answers(tiles)}
        memory.add(core.Answer(id_, left, right, Verdict(verdict), question, **says))
