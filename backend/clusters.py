"""The clusters of a run as they stand now: what the model's newest grouping and all answers and edits come to.

Kept between requests, as it takes a second or two at 30,000 images; worked out again when the model
groups anew or somebody answers. The label memory used here is not the one that answers are taken
with: looking at clusters keeps nobody from answering.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.errors import BusyError, StateError
from backend.store import edits
from backend.store.audits import Clusters
from backend.store.memories import Memories
from backend.store.models import Answer, Image, Run
from ucal.overview import Overview, overview
from ucal.reorganise import reorganise
from ucal.state import State
from ucal.types import FloatArray, IntArray

KEPT = 2  # runs
_OWN_LABELS = ("efficient", "spal")  # policies that group by the answers themselves

Key = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Grouping:
    """What the model came to: its labels (n,), before answers where its policy has such, and its features (n, d)."""

    version: int
    round: int
    labels: IntArray
    features: FloatArray


@dataclass(frozen=True, slots=True)
class Now:
    """The clusters at one moment."""

    key: Key
    round: int
    clusters: Overview


class Browser:
    """The groupings and clusters of the runs that were looked at last."""

    def __init__(self, runs_dir: Path) -> None:
        self.runs_dir = runs_dir
        self.memories = Memories()
        self._groupings: OrderedDict[str, Grouping] = OrderedDict()
        self._now: dict[str, Now] = {}
        self._cameras: dict[str, IntArray] = {}  # of projects; images never change after their import
        self._lock = Lock()

    def now(self, session: Session, run: Run) -> Now:
        """Give a run's clusters with all that this transaction sees.

        Raises:
            StateError: the run has not grouped its images yet.
            BusyError: it is moving on at this very moment.
        """
        grouping = self._grouping(run)
        key = (run.version, _last_answer(session, run.id), edits.last_seq(session, run.id))
        with self._lock:
            kept = self._now.get(run.id)
        if kept is not None and kept.key == key:
            return kept
        with self.memories.of(session, run) as memory:
            labels = reorganise(grouping.labels, grouping.features, memory)
            found = Now(key, grouping.round, overview(labels, grouping.features, memory))
        with self._lock:
            self._now[run.id] = found
        return found

    def auditable(self, session: Session, run: Run) -> Clusters:
        """Give a run's clusters as they stand now, for an audit; errors as of `now`."""
        grouping, found = self._grouping(run), self.now(session, run).clusters
        return Clusters(found.labels, grouping.features, np.flatnonzero(found.bad))

    def cameras(self, session: Session, project_id: str) -> IntArray:
        """Give the camera of each training row, (n,); -1 = not known."""
        found = self._cameras.get(project_id)
        if found is None:
            query = select(Image.camera).where(Image.project_id == project_id, Image.split == "train")
            known = session.scalars(query.order_by(Image.row)).all()
            found = np.array([-1 if camera is None else camera for camera in known], np.int64)
            if len(self._cameras) >= KEPT:
                self._cameras.clear()
            self._cameras[project_id] = found
        return found

    def _grouping(self, run: Run) -> Grouping:
        with self._lock:
            kept = self._groupings.pop(run.id, None)
        if kept is None or kept.version != run.version:
            kept = _read(self.runs_dir / run.id, run)
        with self._lock:
            self._groupings[run.id] = kept
            while len(self._groupings) > KEPT:
                self._now.pop(self._groupings.popitem(last=False)[0], None)
        return kept


def _read(folder: Path, run: Run) -> Grouping:
    state = State.loads(run.core_state) if run.core_state else State()
    organised = run.config["policy"] in _OWN_LABELS and state.labels is not None
    name = state.labels if organised else state.base_labels
    if name is None or state.features is None:
        raise StateError("this run has not grouped its images yet; its clusters are there after its first grouping")
    try:
        labels = np.load(folder / name, allow_pickle=False)
        features = np.load(folder / state.features, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:  # the step after this one has begun and cleared them away
        raise BusyError("the run is moving on to its next step; look again in a moment") from error
    return Grouping(run.version, int(name[1:5]), labels, features)


def _last_answer(session: Session, run_id: str) -> int:
    return session.scalar(select(func.max(Answer.seq)).where(Answer.run_id == run_id)) or 0
