"""Figures as somebody who is checked sees them: their own checks count as the questions do that they look like.

Without it, the reply to an answer would tell a check: neither fewer open questions, nor one more pair judged.
A check beside questions of several votes looks like a vote that waits for others: it changes no figure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.schemas import Role
from backend.store import answers
from backend.store.models import Answer, Person, Question, QuestionLease, Run
from backend.store.questions import CHECKS
from backend.store.tallies import Totals


@dataclass(frozen=True, slots=True)
class Disguise:
    """What a person's own checks add to figures.

    answered   of the present round, answered
    judged     pairs that their standing answers judge, in all rounds
    left       given, and not answered yet
    held       of those, in this person's hands now
    """

    answered: int = 0
    judged: int = 0
    left: int = 0
    held: int = 0

    def open(self, questions: int) -> int:
        """Say how many questions are open: none appears with a check that is given, one goes with its answer."""
        return max(questions - self.answered, min(1, questions + self.left))

    def totals(self, total: Totals) -> Totals:
        """Count the pairs that checks judge as judged."""
        return replace(total, judged=total.judged + self.judged)


def of(session: Session, run: Run, person_id: str, now: datetime) -> Disguise:
    """Count a person's checks of a run: a query over these alone."""
    mine = (Question.run_id == run.id, Question.state.in_(CHECKS), Question.gold_person == person_id)
    this = func.count().filter(Question.round == run.round)
    given = select(this, func.sum(Answer.judged)).select_from(Question)
    given = given.join(Answer, (Answer.run_id == run.id) & (Answer.question_id == Question.id))
    given = given.where(*mine, Question.votes_base == 1, Answer.person_id == person_id, answers.stands())
    answered, judged = session.execute(given).one()
    held = func.count().filter(QuestionLease.expires_at > now)
    waiting = select(func.count(), held).select_from(Question)
    waiting = waiting.outerjoin(
        QuestionLease,
        (QuestionLease.run_id == run.id)
        & (QuestionLease.question_id == Question.id)
        & (QuestionLease.person_id == person_id),
    )
    left, in_hand = session.execute(waiting.where(*mine, Question.state == "gold")).one()
    return Disguise(int(answered), int(judged or 0), int(left), int(in_hand))


def for_viewer(session: Session, run: Run, viewer: Person | None, now: datetime) -> Disguise:
    """Give what is to be hidden from whoever looks at a run: from admins, who see the records, nothing."""
    if viewer is None or viewer.role == Role.ADMIN:
        return Disguise()
    return of(session, run, viewer.id, now)
