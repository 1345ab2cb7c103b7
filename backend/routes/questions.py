"""Questions and answers: the two verbs of the human side, and undo."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from backend import answer_schemas, question_schemas, run_schemas, schemas
from backend.deps import At, Db, SignedIn
from backend.errors import ForbiddenError
from backend.question_views import answers_out, leases_out, questions_out
from backend.store import answering, answers, gold, leases, queue, reversals, runs
from backend.store.models import Person, Run, utc_now

router = APIRouter(tags=["questions"])


@router.post("/runs/{run_id}/leases")
def lease_questions(
    session: Db, person: SignedIn, run_id: str, body: question_schemas.LeaseNew
) -> question_schemas.Leases:
    """Get up to `count` more questions, for 120 s, best first; those in `held` are kept and not sent again."""
    run = runs.seen_by(session, person, run_id)
    count, now = body.count if queue.is_serving(run) else 0, utc_now()  # one moment for all: checks expire as others do
    leased = leases.lease(session, run.id, person.id, (count, body.held), now)
    gold.mix(session, run, person.id, (count, leased), now)
    return _leases(session, run, person, leased)


@router.post("/runs/{run_id}/heartbeat")
def keep_questions(session: Db, person: SignedIn, run_id: str, body: question_schemas.Held) -> question_schemas.Leases:
    """Keep the questions that the page holds for another 120 s; `withdrawn` are those to drop. Gives no new ones."""
    run = runs.seen_by(session, person, run_id)
    held = leases.heartbeat(session, run.id, person.id, body.question_ids, utc_now())
    return _leases(session, run, person, held, asked=False)


@router.post("/runs/{run_id}/release", status_code=204)
def release_questions(session: Db, person: SignedIn, run_id: str, body: question_schemas.Release) -> None:
    """Put questions back for somebody else."""
    run = runs.seen_by(session, person, run_id)
    leases.release(session, run.id, person.id, body.question_ids, later=body.later)


@router.post("/runs/{run_id}/answers")
def answer_question(
    at: At, session: Db, person: SignedIn, run_id: str, body: answer_schemas.AnswerNew
) -> answer_schemas.Answered:
    """Answer a question. Safe to send again: the same id and body gives the first result."""
    run = runs.seen_by(session, person, run_id)
    given = answering.answer(session, run, person, body, utc_now())
    at.metrics.answers.labels(body.verdict or given.answer.kind).inc()
    return answer_schemas.Answered(
        answer=answers_out(session, run, [given.answer])[0],
        progress=queue.progress(session, run, person.id, utc_now()),
        withdrawn=given.withdrawn,
        changed=questions_out(session, run, given.shortened),
    )


@router.get("/runs/{run_id}/answers")
def list_answers(
    session: Db,
    person: SignedIn,
    run_id: str,
    wish: Annotated[answer_schemas.AnswersWish, Query()],
) -> list[answer_schemas.AnswerOut]:
    """List one's own answers, newest first; undone ones are marked, or left out with `standing`. Admins: all."""
    run = runs.seen_by(session, person, run_id)
    if not wish.mine and person.role != schemas.Role.ADMIN:
        raise ForbiddenError("only an admin may see everybody's answers; ask for your own (mine=true)")
    return answers_out(session, run, answers.newest(session, run.id, person.id if wish.mine else None, wish))


@router.get("/runs/{run_id}/answers/{answer_id}/undo")
def preview_undo(session: Db, person: SignedIn, run_id: str, answer_id: str) -> answer_schemas.Reversal:
    """Say what taking an answer back would reverse; changes nothing."""
    run = runs.seen_by(session, person, run_id)
    return reversals.preview(session, run, person, answer_id)


@router.post("/runs/{run_id}/answers/{answer_id}/undo")
def undo_answer(session: Db, person: SignedIn, run_id: str, answer_id: str) -> answer_schemas.Undone:
    """Take an answer back; its question, of whatever round, comes back to this person unless the run is over."""
    run = runs.seen_by(session, person, run_id)
    reverses = reversals.preview(session, run, person, answer_id)
    given, held = answering.undo(session, run, person, answer_id, utc_now())
    session.flush()
    return answer_schemas.Undone(
        reverses=reverses,
        answer=answers_out(session, run, [given])[0],
        lease=leases_out(session, run, [held])[0] if held is not None else None,
        progress=queue.progress(session, run, person.id, utc_now()),
    )


def _leases(
    session: Db, run: Run, person: Person, leased: leases.Leased, *, asked: bool = True
) -> question_schemas.Leases:
    session.flush()
    nothing = asked and not leased.given and leased.held == 0
    why = queue.why_empty(session, run, person.id, utc_now()) if nothing else None
    return question_schemas.Leases(
        leases=leases_out(session, run, leased.given),
        progress=queue.progress(session, run, person.id, utc_now()),
        empty=why.reason if why else None,
        empty_detail=why.detail if why else None,
        empty_count=why.count if why else None,
        empty_seconds=why.seconds if why else None,
        run_state=run_schemas.RunState(run.state),
        withdrawn=leased.withdrawn,
    )
