"""Where a person's queue stands: progress, and why it is empty when it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from backend.question_schemas import EmptyReason, QueueProgress
from backend.run_schemas import OVER, RunState
from backend.store import disguise, edits, leases, questions, runs
from backend.store.models import Run
from backend.store.tallies import tallies_of


def progress(session: Session, run: Run, person_id: str, now: datetime) -> QueueProgress:
    """Count the round and this person's share."""
    by_state = questions.round_counts(session, run.id, run.round)
    checks = disguise.of(session, run, person_id, now)
    standing, people = tallies_of(session).of(session, run.id)
    total = checks.totals(standing)
    return QueueProgress(
        round=run.round,
        rounds=run.config["epochs"],
        answered_round=by_state.get("answered", 0) + checks.answered,
        open_round=checks.open(by_state.get("open", 0)),
        settled_round=by_state.get("settled", 0),
        answered_by_me=people.get(person_id, 0),
        answered_total=total.answers,
        judged_total=total.judged,
        actions_total=total.actions,
        inferred_total=run.inferred,
    )


def is_serving(run: Run) -> bool:
    """Say whether questions may be given out: not while a run is paused, pausing or over."""
    return run.state not in (*OVER, RunState.PAUSED) and run.control not in ("pause", "cancel")


@dataclass(frozen=True, slots=True)
class Empty:
    """Why there is nothing to answer. `detail` says it in words; the numbers are for other languages."""

    reason: EmptyReason
    detail: str
    count: int | None = None
    seconds: float | None = None


def why_empty(session: Session, run: Run, person_id: str, now: datetime) -> Empty:
    """Say why there is nothing to answer."""
    over = _OVER.get(run.state)
    if over is not None:
        return Empty(over[0], over[1] + (f": {run.stopped or run.error}" if run.stopped or run.error else ""))
    if not is_serving(run):
        return Empty(EmptyReason.PAUSED, "this run is paused; it goes on when an admin resumes it")
    others = leases.others_hold(session, run.id, person_id, now)
    if others:
        detail = f"{others} open questions are with other people right now"
        return Empty(EmptyReason.LEASED_TO_OTHERS, detail, count=others)
    voted = leases.wait_for_others(session, run.id, person_id)
    if voted:
        detail = f"you answered all there is; {voted} of these questions wait for another person's answer"
        return Empty(EmptyReason.WAITING_FOR_VOTES, detail, count=voted)
    if tallies_of(session).of(session, run.id)[0].answers == 0 and run.state != RunState.ASKING:
        return Empty(EmptyReason.NOT_STARTED, _first_questions(run), seconds=_expected_wait(session, run, now))
    if _is_spent(session, run):
        return Empty(EmptyReason.BUDGET_SPENT, "the budget of answers is spent; the run goes on without asking")
    detail = f"the model is {_DOING.get(run.state, 'at work')}; questions come back after"
    return Empty(EmptyReason.WAITING_FOR_MODEL, detail, seconds=_expected_wait(session, run, now))


def _expected_wait(session: Session, run: Run, now: datetime) -> float | None:
    """Expect the steps up to the next questions to take as long as in the last round, seconds; None: no round yet."""
    reports = runs.reports(session, run.id)
    before = _UNTIL_ASKING.get(run.state)
    if not reports or before is None:
        return None
    took = reports[-1].get("seconds", {})
    spent = (now - run.state_since).total_seconds()
    first, *rest = before
    return float(max(0.0, took.get(first, 0.0) - spent) + sum(took.get(step, 0.0) for step in rest))


def _first_questions(run: Run) -> str:
    first = int(run.config["query_from"])
    if run.config["policy"] == "none":
        return "this run asks nothing"
    return f"the first questions come in round {first + 1}; this is round {run.round + 1}"


def _is_spent(session: Session, run: Run) -> bool:
    total, edited = tallies_of(session).of(session, run.id)[0], edits.cost(session, run.id)
    spent = (("budget", total.judged + edited.answers), ("budget_actions", total.counted + edited.actions))
    budgets = [(run.config.get(name), taken) for name, taken in spent]
    return any(budget is not None and taken >= budget for budget, taken in budgets)


_OVER = {
    RunState.DONE.value: (EmptyReason.ALL_SETTLED, "this run is done"),
    RunState.FAILED.value: (EmptyReason.FAILED, "this run failed; all answers are kept"),
    RunState.CANCELLED.value: (EmptyReason.CANCELLED, "this run was cancelled; all answers are kept"),
}
_UNTIL_ASKING = {
    RunState.TRAINING.value: ("train", "evaluate", "embed", "cluster"),
    RunState.EVALUATING.value: ("evaluate", "embed", "cluster"),
    RunState.EMBEDDING.value: ("embed", "cluster"),
    RunState.CLUSTERING.value: ("cluster",),
    RunState.ASKING.value: ("ask",),
}
_DOING = {
    RunState.QUEUED.value: "waiting for a worker",
    RunState.EMBEDDING.value: "looking at the images",
    RunState.CLUSTERING.value: "grouping the images",
    RunState.ASKING.value: "choosing what to ask next",
    RunState.TRAINING.value: "learning from the answers",
    RunState.EVALUATING.value: "being measured",
}
