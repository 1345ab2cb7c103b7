"""Where a person's queue stands: progress, and why it is empty when it is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from backend.schemas import OVER, EmptyReason, QueueProgress, RunState
from backend.store import answers, questions
from backend.store.models import Run


def progress(session: Session, run: Run, person_id: str) -> QueueProgress:
    """Count the round and this person's share."""
    by_state = questions.round_counts(session, run.id, run.round)
    return QueueProgress(
        round=run.round,
        rounds=run.config["epochs"],
        answered_round=by_state.get("answered", 0),
        open_round=by_state.get("open", 0),
        settled_round=by_state.get("settled", 0),
        answered_by_me=answers.count_standing(session, run.id, person_id),
        answered_total=answers.count_standing(session, run.id),
        inferred_total=run.inferred,
    )


def is_serving(run: Run) -> bool:
    """Say whether questions may be given out: not while a run is paused, pausing or over."""
    return run.state not in (*OVER, RunState.PAUSED) and run.control not in ("pause", "cancel")


def why_empty(session: Session, run: Run, person_id: str, now: datetime) -> tuple[EmptyReason, str]:
    """Say why there is nothing to answer, in words."""
    over = _OVER.get(run.state)
    if over is not None:
        return over[0], over[1] + (f": {run.stopped or run.error}" if run.stopped or run.error else "")
    if not is_serving(run):
        return EmptyReason.PAUSED, "this run is paused; it goes on when an admin resumes it"
    others = questions.others_hold(session, run.id, person_id, now)
    if others:
        return EmptyReason.LEASED_TO_OTHERS, f"{others} open questions are with other people right now"
    if answers.count_standing(session, run.id) == 0 and run.state != RunState.ASKING:
        return EmptyReason.NOT_STARTED, _first_questions(run)
    if _is_spent(session, run):
        return EmptyReason.BUDGET_SPENT, "the budget of answers is spent; the run goes on without asking"
    return EmptyReason.WAITING_FOR_MODEL, f"the model is {_DOING.get(run.state, 'at work')}; questions come back after"


def _first_questions(run: Run) -> str:
    first = int(run.config["query_from"])
    if run.config["policy"] == "none":
        return "this run asks nothing"
    return f"the first questions come in round {first + 1}; this is round {run.round + 1}"


def _is_spent(session: Session, run: Run) -> bool:
    budget = run.config.get("budget")
    return budget is not None and answers.count_standing(session, run.id) >= budget


_OVER = {
    RunState.DONE.value: (EmptyReason.ALL_SETTLED, "this run is done"),
    RunState.FAILED.value: (EmptyReason.FAILED, "this run failed; all answers are kept"),
    RunState.CANCELLED.value: (EmptyReason.CANCELLED, "this run was cancelled; all answers are kept"),
}
_DOING = {
    RunState.QUEUED.value: "waiting for a worker",
    RunState.EMBEDDING.value: "looking at the images",
    RunState.CLUSTERING.value: "grouping the images",
    RunState.ASKING.value: "choosing what to ask next",
    RunState.TRAINING.value: "learning from the answers",
    RunState.EVALUATING.value: "being measured",
}
