"""Votes: several people's answers to one question, and the one verdict of them that enters the label memory.

Every vote is an event of the log. Where a question wants one vote, that vote enters the memory itself
(`counts`). Where it wants more, its votes do not count; once they are there, one more event does: the
verdict (source `votes`, nobody's name), made by `ucal.votes.combined` with what the pairs of known truth
told of each person by then. An undo or change of a vote takes the verdict back and decides anew.
An answer beyond the votes that were wanted is kept and looked at only when another one is taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.store import answers, gold
from backend.store.models import Answer, Project, Question, Run
from ucal import types as core
from ucal.types import Kind, Reason
from ucal.votes import combined, differ, error_rate, surprise, weight

LARGE = 4  # images in a group from which a wrong merge hurts
SURPRISE = 0.15  # probability of a slip from which a second person is asked
STAKE = 2.0  # the same times the pairs of images that the answer decides
VERDICT = "votes"  # the source of verdicts


@dataclass(frozen=True, slots=True)
class Rule:
    """How many people answer a question, and which questions (all | large | surprise) more than one."""

    votes: int
    second: str


def rule_of(session: Session, run: Run) -> Rule:
    """Give a run's rule: its own, else its project's."""
    project = session.get_one(Project, run.project_id)
    votes = project.votes if run.votes is None else run.votes
    return Rule(votes, project.second_votes if run.second_votes is None else run.second_votes)


def base_of(rule: Rule, question: core.Question) -> int:
    """Say how many people a question is for when it is published.

    Where few questions want a second vote, the others want one: `large` asks again about two groups
    of LARGE or more, `surprise` decides when the first answer is there. Questions that settle a
    conflict are one person's: they are the second look.
    """
    if question.kind is Kind.CONFLICT or question.reason is Reason.CONFLICT:
        return 1
    if rule.second == "large":
        sizes = [tile.size for tile in question.tiles] or [question.right_size]
        return rule.votes if min(question.left_size, max(sizes)) >= LARGE else 1
    return rule.votes if rule.second == "all" else 1


def enters(session: Session, run: Run, question: Question, person_id: str, verdict: str) -> bool:
    """Say whether an answer enters the memory by itself; one that surprises makes its question want more (in place)."""
    rule = rule_of(session, run)
    if question.votes_base == 1 and rule.votes > 1 and rule.second == "surprise":
        right, checked = gold.records(session, run.project_id).get(person_id, (0, 0))
        if _is_risky(question, verdict, error_rate(right, checked)):
            question.votes_base = question.votes_wanted = rule.votes
    return question.votes_base == 1 and _entry(session, question) is None


def _is_risky(question: Question, verdict: str, error: float) -> bool:
    """Say whether a slip is probable here, or would cost much. A page is looked at again by its policy."""
    if verdict not in ("same", "different") or question.kind not in ("pair", "card"):
        return False
    tile: dict[str, Any] = question.tiles[0] if question.tiles else {}
    same = float(tile.get("p", 0.5))
    slip = surprise(error, min(max(same if verdict == "same" else 1.0 - same, 0.003), 0.997))
    return slip >= SURPRISE or slip * question.left_size * question.right_size >= STAKE


def sync(session: Session, run: Run, question: Question, now: datetime) -> tuple[bool, bool]:
    """Bring the memory's entry for a question, whose row is locked, in line with the votes that stand.

    Gives whether the question is decided now, and whether this changed what the memory knows.
    """
    given = answers.read(session, run.id, *_standing_votes(question))
    question.n_votes = len(given)
    base = question.votes_base
    split = base % 2 == 0 and len(given) >= base and differ(given[:base])
    question.votes_wanted = base + 1 if split else base
    entry = _entry(session, question)
    if entry is not None and entry.source != VERDICT:
        return True, False
    verdict = None
    if len(given) >= question.votes_wanted:
        verdict = combined(given, _weights(session, run) if differ(given) else {}, _next_id(session, question))
    if entry is not None:
        if verdict is not None and _says(session, entry, verdict):
            return True, False
        answers.add(session, _taken_back(entry, now))
    if verdict is not None:
        answers.append_log(session, run.id, [verdict], VERDICT)
    return verdict is not None, entry is not None or verdict is not None


def verdict_of(session: Session, given: Answer) -> Answer | None:
    """Give the event by which an answer's question stands in the memory: the answer itself, or the verdict."""
    query = answers.standing(given.run_id).where(Answer.question_id == given.question_id, Answer.counts)
    return session.scalars(query.order_by(Answer.seq.desc()).limit(1)).first()


def without(session: Session, run: Run, given: Answer) -> core.Answer | None:
    """Give the verdict on a question as it would be without this vote; None: it would be open."""
    where = [Answer.question_id == given.question_id, Answer.source == "people", Answer.id != given.id]
    rest = answers.read(session, run.id, answers.stands(), *where)
    question = session.get(Question, (run.id, given.question_id))
    if question is None or len(rest) < max(1, question.votes_base):
        return None
    if question.votes_base % 2 == 0 and len(rest) == question.votes_base and differ(rest):
        return None
    return combined(rest, _weights(session, run), f"without:{given.id}")


def _standing_votes(question: Question) -> tuple[Any, ...]:
    return (
        answers.stands(),
        Answer.question_id == question.id,
        Answer.source == "people",
    )


def _entry(session: Session, question: Question) -> Answer | None:
    query = answers.standing(question.run_id).where(Answer.question_id == question.id, Answer.counts)
    return session.scalars(query.limit(1)).first()


def _weights(session: Session, run: Run) -> dict[str, float]:
    """Weigh people by the pairs of known truth that they answered in this project; newcomers are all alike."""
    known = gold.records(session, run.project_id)
    return {person: weight(error_rate(*record)) for person, record in known.items()}


def _next_id(session: Session, question: Question) -> str:
    """Name the next verdict; a client's own id cannot hold a colon."""
    query = select(func.count()).where(
        Answer.run_id == question.run_id,
        Answer.question_id == question.id,
        Answer.source == VERDICT,
        Answer.retracts.is_(None),
    )
    return f"verdict:{question.id}:{(session.scalar(query.select_from(Answer)) or 0) + 1}"


def _says(session: Session, entry: Answer, verdict: core.Answer) -> bool:
    [before] = answers.read(session, entry.run_id, Answer.id == entry.id)
    said = (before.left, before.right, before.verdict, before.bad_rows, before.tiles)
    return said == (verdict.left, verdict.right, verdict.verdict, verdict.bad_rows, verdict.tiles)


def _taken_back(entry: Answer, now: datetime) -> dict[str, Any]:
    return answers.retraction(entry, "", now)
