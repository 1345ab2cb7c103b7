"""Runs: a durable state machine. People change `control`; the worker that holds the lease changes the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from backend import jobs, run_schemas
from backend.errors import InvalidError, NotFoundError, StaleError, StateError
from backend.run_schemas import RunAction, RunState
from backend.store import jobs as job_rows
from backend.store import projects, questions
from backend.store.models import Loss, Person, Project, Round, Run
from ucal.config import RunConfig

LEASE = timedelta(seconds=30)  # as of its job
OVER = run_schemas.OVER
_LOSSES_SHOWN = 600


@dataclass(frozen=True, slots=True)
class Counts:
    """What the answers and the data come to: pairs that follow from answers, pairs known from the data, conflicts."""

    inferred: int = 0
    known: int = 0
    conflicts: int = 0


@dataclass(frozen=True, slots=True)
class Saved:
    """What the worker saves after a step."""

    core_state: str  # the core's State as JSON text
    state: RunState
    round: int
    counts: Counts = Counts()
    stopped: str | None = None  # why it ended, with state DONE


# -- people's side -----------------------------------------------------------------------------


Votes = tuple[int | None, str | None]
"""How many people answer a question, and which questions more than one; None: as in the project."""


def create(
    session: Session,
    project: Project,
    name: str,
    config: RunConfig,
    votes: Votes = (None, None),
) -> Run:
    """Queue a run and wake a worker.

    Raises:
        StateError: the project has no images yet.
        InvalidError: an oracle without known identities, or people with nothing to see.
    """
    if project.import_state != "done" or project.n_train == 0:
        raise StateError("the project has no images yet: import some first")
    if config.annotator == "oracle" and config.policy != "none" and project.n_identities is None:
        raise InvalidError("annotator: 'oracle' needs images whose identities are known; expected 'people'")
    run = Run(project_id=project.id, name=name or _default_name(session, project), config=config.to_dict())
    run.votes, run.second_votes = votes
    session.add(run)
    session.flush()
    jobs.wake_run(session, run.id)
    return run


def _default_name(session: Session, project: Project) -> str:
    return f"Run {len(of_project(session, project.id)) + 1}"


def of_project(session: Session, project_id: str) -> Sequence[Run]:
    """Give a project's runs, newest first."""
    return session.scalars(select(Run).where(Run.project_id == project_id).order_by(Run.created_at.desc())).all()


def get(session: Session, run_id: str, *, lock: bool = False) -> Run:
    """Give a run.

    Raises:
        NotFoundError: there is none with this id.
    """
    query = select(Run).where(Run.id == run_id)
    query = query.with_for_update().execution_options(populate_existing=True) if lock else query
    run = session.scalars(query).one_or_none()
    if run is None:
        raise NotFoundError(f"no run {run_id!r}")
    return run


def seen_by(session: Session, person: Person, run_id: str) -> Run:
    """Give a run that a person may see.

    Raises:
        NotFoundError: there is none with this id, or this person does not see its project.
    """
    run = session.get(Run, run_id)
    project = None if run is None else session.get(Project, run.project_id)
    if run is None or project is None or not projects.sees(session, person, project):
        raise NotFoundError(f"no run {run_id!r}")
    return run


def control(session: Session, run_id: str, action: RunAction, now: datetime) -> Run:
    """Pause, resume, cancel, or go on with the answers so far.

    What no worker is busy with changes at once; otherwise the worker is told and does it.

    Raises:
        StateError: the run's state does not allow it.
    """
    run = get(session, run_id, lock=True)
    if run.state in OVER:
        raise StateError(f"this run is over ({run.state}); it cannot {action.value}")
    _ACTIONS[action](run, is_held(run, now), now)
    if run.state == RunState.CANCELLED:
        questions.close_open(session, run.id)
    jobs.wake_run(session, run.id)
    return run


def is_held(run: Run, now: datetime) -> bool:
    """Say whether a live worker holds the run."""
    return run.lease_owner is not None and run.lease_expires is not None and run.lease_expires > now


def _pause(run: Run, held: bool, now: datetime) -> None:
    if run.state == RunState.PAUSED:
        raise StateError("this run is paused already")
    if held:
        run.control = "pause"
    else:
        pause(run, now)


def _resume(run: Run, held: bool, now: datetime) -> None:
    if run.state == RunState.PAUSED:
        set_state(run, RunState(run.before_pause or RunState.QUEUED), now)
    elif run.control != "pause":
        raise StateError(f"this run is not paused ({run.state})")
    run.control, run.before_pause = "none", None


def _cancel(run: Run, held: bool, now: datetime) -> None:
    if held:
        run.control = "cancel"
    else:
        cancel(run, now)


def _proceed(run: Run, held: bool, now: datetime) -> None:
    if run.state != RunState.ASKING:
        raise StateError(f"only a run that asks can go on with the answers so far; this one is {run.state}")
    run.control = "proceed"


def _stop(run: Run, held: bool, now: datetime) -> None:
    run.stop_after = True


def _go_on(run: Run, held: bool, now: datetime) -> None:
    if not run.stop_after:
        raise StateError("nobody asked this run to end after its round")
    run.stop_after = False


_ACTIONS = {
    RunAction.PAUSE: _pause,
    RunAction.RESUME: _resume,
    RunAction.CANCEL: _cancel,
    RunAction.PROCEED: _proceed,
    RunAction.STOP: _stop,
    RunAction.GO_ON: _go_on,
}


def change_budget(session: Session, run_id: str, person: Person, changes: dict[str, int | None], now: datetime) -> Run:
    """Change budgets while the run goes on, note who did it and what was before, and wake the run.

    Raises:
        StateError: the run is over.
        ConfigError: not settings, or not such values.
    """
    run = get(session, run_id, lock=True)
    if run.state in OVER:
        raise StateError(f"this run is over ({run.state}); its budgets cannot change any more")
    before = RunConfig.from_dict(run.config)
    after = before.replace(**changes).to_dict()
    noted = [
        {
            "at": now.isoformat(),
            "person": person.name,
            "round": run.round,
            "setting": name,
            "before": run.config.get(name),
            "after": value,
        }
        for name, value in changes.items()
        if run.config.get(name) != value
    ]
    if noted:
        run.config, run.changes = after, [*run.changes, *noted]
        jobs.wake_run(session, run.id)
    return run


# -- the worker's side -------------------------------------------------------------------------


def set_state(run: Run, state: RunState, now: datetime) -> None:
    """Change what the state line says (in place)."""
    if run.state != state:
        run.state, run.state_since = state.value, now
    if state in OVER:
        run.finished_at = run.finished_at or now
        run.control, run.progress = "none", None


def pause(run: Run, now: datetime) -> None:
    """Pause a run that nobody works on (in place); resume goes back to where it was."""
    if run.state != RunState.PAUSED:
        run.before_pause = run.state
    set_state(run, RunState.PAUSED, now)
    run.control, run.progress = "none", None


def cancel(run: Run, now: datetime) -> None:
    """End a run on somebody's wish (in place). Its answers stay; its open questions are for the caller to close."""
    set_state(run, RunState.CANCELLED, now)
    run.stopped = "cancelled"


def claim(session: Session, run_id: str, owner: str, now: datetime) -> Run | None:
    """Take a run for `LEASE`; None when it is over, paused, gone, or in another live worker's hands."""
    run = session.scalars(
        select(Run).where(Run.id == run_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if run is None or run.state in (*OVER, RunState.PAUSED):
        return None
    if is_held(run, now) and run.lease_owner != owner:
        return None
    run.lease_owner, run.lease_expires, run.heartbeat_at = owner, now + LEASE, now
    return run


def heartbeat(session: Session, run_id: str, owner: str, now: datetime, progress: dict[str, Any] | None) -> str:
    """Keep the run; give what is asked of the worker: none | pause | cancel | proceed, or `lost`."""
    run = get(session, run_id, lock=True)
    if run.lease_owner != owner:
        return "lost"
    run.lease_expires, run.heartbeat_at, run.progress = now + LEASE, now, progress
    return run.control


def release(session: Session, run_id: str, owner: str) -> None:
    """Let go of a run."""
    run = get(session, run_id, lock=True)
    if run.lease_owner == owner:
        run.lease_owner = run.lease_expires = None
        run.progress = None


def save_state(session: Session, run_id: str, version: int, saved: Saved, now: datetime) -> int:
    """Save a step; give the new version.

    Raises:
        StaleError: the stored version is not `version`: somebody else moved the run on.
    """
    run = get(session, run_id, lock=True)
    if run.version != version:
        raise StaleError(f"run {run_id}: expected version {version}, found {run.version}")
    run.core_state, run.version, run.round = saved.core_state, version + 1, saved.round
    run.inferred, run.known, run.conflicts = saved.counts.inferred, saved.counts.known, saved.counts.conflicts
    run.stopped = saved.stopped
    run.progress = None
    if run.control == "proceed" and saved.state != RunState.ASKING:
        run.control = "none"
    set_state(run, saved.state, now)
    return run.version


def fail(session: Session, run_id: str, error: str, now: datetime) -> None:
    """End a run that cannot go on, with the reason in words."""
    run = get(session, run_id, lock=True)
    run.error = error
    run.lease_owner = run.lease_expires = None
    set_state(run, RunState.FAILED, now)
    questions.close_open(session, run_id)


def sweep_stale(session: Session, now: datetime) -> list[str]:
    """Wake runs whose worker fell silent, and those that nobody was told of; give their ids."""
    silent = Run.lease_expires < now
    active = Run.state.not_in((*OVER, RunState.PAUSED))
    unheld = (Run.lease_owner.is_(None)) & (Run.state != RunState.ASKING)
    found = session.scalars(select(Run).where(active, or_(silent, unheld)).with_for_update(skip_locked=True)).all()
    woken = []
    for run in found:
        if run.lease_owner is None and job_rows.pending(session, jobs.run_key(run.id)):
            continue
        run.lease_owner = run.lease_expires = None
        jobs.wake_run(session, run.id)
        woken.append(run.id)
    return woken


# -- figures -----------------------------------------------------------------------------------


def save_report(session: Session, run_id: str, round_: int, report: dict[str, Any]) -> None:
    """Keep a round's report; done again, it replaces it."""
    statement = job_rows.upsert(session, Round).values(run_id=run_id, round=round_, report=report)
    keys = [Round.run_id, Round.round]
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_={"report": statement.excluded.report}))


def save_losses(session: Session, run_id: str, points: Sequence[tuple[int, int, float]]) -> None:
    """Keep points (step, round, loss) of the curve; a step done again replaces its own."""
    for start in range(0, len(points), 200):
        rows = [{"run_id": run_id, "step": s, "round": r, "loss": v} for s, r, v in points[start : start + 200]]
        statement = job_rows.upsert(session, Loss).values(rows)
        new = {"round": statement.excluded.round, "loss": statement.excluded.loss}
        session.execute(statement.on_conflict_do_update(index_elements=[Loss.run_id, Loss.step], set_=new))


def reports(session: Session, run_id: str) -> list[dict[str, Any]]:
    """Give the rounds' reports in their order."""
    return list(session.scalars(select(Round.report).where(Round.run_id == run_id).order_by(Round.round)))


def ended(session: Session, run_id: str) -> dict[int, datetime | None]:
    """Say when each round ended."""
    return {row.round: row.at for row in session.execute(select(Round.round, Round.at).where(Round.run_id == run_id))}


def losses(session: Session, run_id: str) -> list[Loss]:
    """Give the loss curve, thinned evenly to at most 600 points; the last one is always there."""
    points = session.scalars(select(Loss).where(Loss.run_id == run_id).order_by(Loss.step)).all()
    stride = -(-len(points) // _LOSSES_SHOWN) or 1
    return list(points[::-1][::stride])[::-1]
