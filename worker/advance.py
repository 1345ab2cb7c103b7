"""advance_run: one short step of one run, done so that doing it twice, or half, costs nothing but time."""

from __future__ import annotations

from backend import jobs
from backend.run_schemas import RunState
from backend.store import questions, runs
from backend.store.models import Run, utc_now
from backend.store.session import session_scope
from ucal.errors import InterruptedRun
from ucal.loop import Parts, advance, memory_of
from ucal.results import export
from ucal.state import State
from ucal.types import Step
from worker.bench import Bench, bench_for
from worker.hold import Hold
from worker.work import Work

BUSY_SECONDS = 1.0  # until a run that another worker holds is looked at again

_STATES = {
    Step.EMBED: RunState.EMBEDDING,
    Step.CLUSTER: RunState.CLUSTERING,
    Step.ASK: RunState.ASKING,
    Step.TRAIN: RunState.TRAINING,
    Step.EVALUATE: RunState.EVALUATING,
    Step.DONE: RunState.DONE,
}


def advance_run(work: Work, run_id: str) -> bool:
    """Do one step of a run; say whether there is more to do now.

    Raises:
        UcalError: the run cannot go on (its settings, its data).
        StaleRunError, StaleError: another worker took the run.
    """
    run = _claim(work, run_id)
    if run is None:
        return False
    hold = Hold(work, jobs.run_key(run_id), run_id)
    try:
        with hold:
            return _step(work, hold, run)
    except InterruptedRun:
        return _obey(work, run_id)
    finally:
        with session_scope(work.sessions) as session:
            runs.release(session, run_id, work.owner)


def _claim(work: Work, run_id: str) -> Run | None:
    """Take the run; where somebody else holds it, look again later."""
    with session_scope(work.sessions) as session:
        run = runs.claim(session, run_id, work.owner, utc_now())
        if run is None:
            found = session.get(Run, run_id)
            if found is not None and runs.is_held(found, utc_now()) and found.state not in runs.OVER:
                jobs.wake_run(session, run_id, BUSY_SECONDS)
        return run


def _step(work: Work, hold: Hold, run: Run) -> bool:
    hold.check()
    before = State.loads(run.core_state) if run.core_state else State()
    _show(work, run.id, before)
    bench = bench_for(work, hold, run)
    bench.parts.folder.forget_others(before)  # here, while the run is surely ours
    after = advance(before, bench.parts)
    if after.step is Step.DONE:
        export(bench.parts.folder, after, bench.parts, bench.dataset.train)
    bench.sink.flush()
    bench.sink.progress = None
    _save(work, bench, before, after)
    work.bench = bench if after.step is not Step.DONE else None
    return after is not before and after.step is not Step.DONE


def _show(work: Work, run_id: str, state: State) -> None:
    """Let the state line say what is being done."""
    with session_scope(work.sessions) as session:
        run = runs.get(session, run_id, lock=True)
        if run.lease_owner == work.owner:
            runs.set_state(run, _STATES[state.step], utc_now())


def _save(work: Work, bench: Bench, before: State, after: State) -> None:
    """Save the step, let go of the run and end the job, in one transaction: no half-way to be killed at."""
    found = _counts(bench.parts)
    with session_scope(work.sessions) as session:
        if after is before:
            run = runs.get(session, bench.run_id, lock=True)
            run.inferred, run.known, run.conflicts = found.inferred, found.known, found.conflicts
        else:
            saved = runs.Saved(after.dumps(), _STATES[after.step], after.round, found, after.stopped)
            bench.version = runs.save_state(session, bench.run_id, before.version, saved, utc_now())
            for report in after.reports[len(before.reports) :]:
                runs.save_report(session, bench.run_id, report.round, report.to_json())
            if after.step is Step.DONE:
                questions.close_open(session, bench.run_id)
            else:
                jobs.wake_run(session, bench.run_id)
        runs.release(session, bench.run_id, work.owner)
        jobs.finish(session, jobs.run_key(bench.run_id), work.owner)


def _counts(parts: Parts) -> runs.Counts:
    memory = memory_of(parts)
    return runs.Counts(memory.n_inferred(), memory.n_imported(), len(memory.conflicts()))


def _obey(work: Work, run_id: str) -> bool:
    """Pause or cancel as was asked; a worker that only stops leaves the step to the next one."""
    with session_scope(work.sessions) as session:
        run = runs.get(session, run_id, lock=True)
        if run.control == "pause":
            runs.pause(run, utc_now())
        elif run.control == "cancel":
            runs.cancel(run, utc_now())
            questions.close_open(session, run_id)
        else:
            jobs.wake_run(session, run_id)
            return True
    return False
