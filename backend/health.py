"""How a run does, for those who watch it: its queue, people's pace, what is still to come, what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.run_schemas import OVER, AnswerCost, Expected, Pace, QueueHealth, RunHealth, RunState
from backend.store import answers, disguise, edits, questions
from backend.store.disguise import Disguise
from backend.store.models import Answer, Edit, Person, Project, Question, Run
from backend.store.tallies import Totals, tallies_of
from ucal.costs import total_cost

RECENT = 500  # answers that the pace is told from
ROUNDS = 5  # finished rounds that the future is told from


def of_run(session: Session, run: Run, now: datetime, viewer: Person | None = None) -> RunHealth:
    """Look at a run, as this person may see it; a few queries, whatever the number of answers."""
    checks = disguise.for_viewer(session, run, viewer, now)
    queue, pace = _queue(session, run, checks, now), _pace(session, run, now)
    given = checks.totals(tallies_of(session).of(session, run.id)[0])
    cost = _cost(session, run, given)
    spent = {"budget": cost.judged, "budget_actions": cost.actions - given.actions + given.counted}
    return RunHealth(queue=queue, pace=pace, cost=cost, expected=_expected(session, run, queue, pace, spent))


def _queue(session: Session, run: Run, checks: Disguise, now: datetime) -> QueueHealth:
    _, open_, leased = questions.counts(session, run.id, now)
    open_, leased = checks.open(open_), leased + checks.held
    query = select(func.min(Question.opened_at)).where(Question.run_id == run.id, Question.state == "open")
    oldest = session.scalar(query)
    return QueueHealth(
        ready=max(0, open_ - leased),
        leased=leased,
        oldest=None if oldest is None else max(0.0, (now - oldest).total_seconds()),
    )


def _pace(session: Session, run: Run, now: datetime) -> Pace:
    given = (Answer.run_id == run.id, Answer.retracts.is_(None), Answer.source.in_(("people", "gold")))
    hour = now - timedelta(hours=1)
    counts = select(func.count(), func.count(Answer.person_id.distinct())).where(*given, Answer.at > hour)
    last_hour, who = session.execute(counts.select_from(Answer)).one()
    recent = select(Answer.seconds, Answer.at).where(*given).order_by(Answer.seq.desc()).limit(RECENT)
    rows = session.execute(recent).all()
    times = [row.seconds for row in rows if row.seconds > 0]
    return Pace(
        last_hour=last_hour,
        people=who,
        median_seconds=median(times) if times else None,
        newest=rows[0].at if rows else None,
    )


def _cost(session: Session, run: Run, given: Totals) -> AnswerCost:
    taken = select(func.coalesce(func.sum(Answer.seconds), 0.0)).where(Answer.run_id == run.id)
    taken = taken.where(Answer.source != "votes")
    standing = session.scalars(edits.standing(run.id).order_by(Edit.seq)).all()
    edited = total_cost(edits.as_event(edit) for edit in standing)
    n = session.get_one(Project, run.project_id).n_train
    total = given.judged + edited.answers
    return AnswerCost(
        judged=total,
        actions=given.actions + edited.actions,
        seconds=float(session.scalar(taken) or 0.0),
        percent=100.0 * total / max(1, n * (n - 1) // 2),
        edits=len(standing),
    )


def _expected(session: Session, run: Run, queue: QueueHealth, pace: Pace, spent: Mapping[str, int]) -> Expected:
    """Take as many questions in each round to come as in the last rounds that asked: the fewest, the mean, the most."""
    open_ = queue.ready + queue.leased
    left = _rounds_left(run)
    found = _per_round(session, run)[-ROUNDS:]
    if not found:
        known = 0 if left == 0 else None
        return Expected(low=open_, expected=known, high=known, rounds=left, basis=0, seconds=None)
    later = left - 1 if run.state == RunState.ASKING or open_ else left
    room = _room(run, spent, found)
    low, mean, high = (
        min(room, open_ + max(0, later) * per) for per in (min(found), sum(found) / len(found), max(found))
    )
    if run.config.get("idle_rounds"):  # it may end as soon as nothing is left to ask
        low = min(room, open_)
    seconds = None if pace.median_seconds is None else mean * pace.median_seconds
    return Expected(low=int(low), expected=round(mean), high=int(high), rounds=left, basis=len(found), seconds=seconds)


def _rounds_left(run: Run) -> int:
    if run.state in OVER or run.config["policy"] == "none":
        return 0
    if run.stop_after:
        return 1 if run.round >= run.config["query_from"] else 0
    last, first = int(run.config["epochs"]), int(run.config["query_from"])
    return max(0, last - max(run.round, first))


def _per_round(session: Session, run: Run) -> list[int]:
    """Count the answers of each finished round that asked."""
    query = answers.standing(run.id).with_only_columns(Answer.round, func.count())
    query = query.where(Answer.counts, Answer.round < run.round).group_by(Answer.round).order_by(Answer.round)
    found = {int(row[0]): int(row[1]) for row in session.execute(query)}
    return [found.get(round_, 0) for round_ in range(run.config["query_from"], run.round)]


def _room(run: Run, spent: Mapping[str, int], found: Sequence[int]) -> float:
    """Give how many questions the budgets still have room for, at the pairs and actions that one took so far."""
    asked = max(1, sum(found))
    rooms = [float("inf")]
    for setting, taken in spent.items():
        budget = run.config.get(setting)
        if budget is not None:
            rooms.append(max(0.0, (budget - taken) / max(1.0, taken / asked)))
    return min(rooms)
