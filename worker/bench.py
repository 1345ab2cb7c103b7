"""Bench: a run's parts laid out in memory, kept between steps because decoded images are dear to load."""

from __future__ import annotations

from dataclasses import dataclass

from backend.store import runs
from backend.store.models import Run
from backend.store.session import session_scope
from ucal.build import Surroundings
from ucal.config import RunConfig
from ucal.datasets.dataset import Dataset
from ucal.loop import Parts
from ucal.runs import RunFolder
from worker.data import dataset_of
from worker.hold import Hold
from worker.human import HumanQueue
from worker.log import StoreLog
from worker.sink import StoreSink
from worker.work import Work


@dataclass(slots=True)
class Link:
    """Leads from a run's parts, which stay, to the hold of the step that is being done."""

    hold: Hold

    def check(self) -> None:
        """Ask the present hold."""
        self.hold.check()


@dataclass(slots=True)
class Bench:
    """One run's parts. `version` is the state they are good for; after anybody else's step they are made anew."""

    run_id: str
    version: int
    dataset: Dataset
    parts: Parts
    sink: StoreSink
    link: Link


def bench_for(work: Work, hold: Hold, run: Run) -> Bench:
    """Give the run's bench: the kept one where it is still good. It is kept again when the step is saved.

    Raises:
        UcalError: settings or data that the run cannot go on with.
    """
    kept, work.bench = work.bench, None
    same = kept is not None and (kept.run_id, kept.version) == (run.id, run.version)
    if kept is None or not same or kept.parts.config != RunConfig.from_dict(run.config):  # a budget was changed
        kept = None  # let go of the memory before the new parts are loaded
        return _lay_out(work, hold, run)
    kept.link.hold = hold
    hold.progress = lambda: kept.sink.progress
    return kept


def _lay_out(work: Work, hold: Hold, run: Run) -> Bench:
    config = RunConfig.from_dict(run.config)
    with session_scope(work.sessions, read_only=True) as session:
        dataset = dataset_of(session, run.project_id)
    link = Link(hold)
    sink = StoreSink(work.sessions, run.id, config.iterations)
    hold.progress = lambda: sink.progress
    run_id = run.id
    around = Surroundings(
        folder=RunFolder(work.settings.runs_dir / run_id),
        log=StoreLog(work.sessions, run_id),
        people=HumanQueue(work.sessions, run_id, config),
        sink=sink,
        check=link.check,
        proceed=lambda state: _asked_to_proceed(work, run_id),
        stop=lambda state: _asked_to_stop(work, run_id),
    )
    return Bench(run_id, run.version, dataset, work.build(config, dataset, around), sink, link)


def _asked_to_proceed(work: Work, run_id: str) -> bool:
    with session_scope(work.sessions, read_only=True) as session:
        return runs.get(session, run_id).control == "proceed"


def _asked_to_stop(work: Work, run_id: str) -> bool:
    with session_scope(work.sessions, read_only=True) as session:
        return runs.get(session, run_id).stop_after
