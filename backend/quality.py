"""People's answers of a run, compared with each other and with what is known to be true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import agreement, quality_schemas
from backend.store import answers, gold, images, people, truths
from backend.store.memories import memories_of
from backend.store.models import Answer, Image, Run
from backend.views import image_out
from ucal import types as core
from ucal.types import Verdict
from ucal.votes import START_ERROR, error_rate, weight

CAREFUL = 0.95  # share of right answers from which a person's votes may count fully
_JUDGED = (Verdict.SAME, Verdict.DIFFERENT)

Pair = tuple[int, int]
Votes = dict[str, core.Answer]
"""One pair: person -> the answer in which that person judged it last."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What people said of each pair that at least one of them judged; the newest word of one person counts."""

    verdicts: dict[Pair, dict[str, str]]
    answers: dict[Pair, Votes]

    def twice(self) -> dict[Pair, dict[str, str]]:
        """Give the pairs that two or more people judged."""
        return {pair: votes for pair, votes in self.verdicts.items() if len(votes) > 1}

    def disputed(self) -> list[Pair]:
        """Give the pairs of which people say different things, in the order of their rows."""
        return sorted(pair for pair, votes in self.verdicts.items() if len(set(votes.values())) > 1)


def of_run(session: Session, run: Run) -> quality_schemas.Quality:
    """Compare all answers of people that stand: O(answers)."""
    votes = _given(session, run, "people")  # pairs that check somebody are no measure of agreement
    given = [*votes, *_given(session, run, "gold")]
    said = _said(votes)
    twice = list(said.twice().values())
    ids = {answer.person for answer in given}
    names = people.names(session, ids)
    truth, records = _identities(session, run), gold.records(session, run.project_id)
    return quality_schemas.Quality(
        people=[
            _person((id_, names.get(id_, id_)), [one for one in given if one.person == id_], truth, records)
            for id_ in sorted(ids)
        ],
        judged_twice=len(twice),
        alpha=agreement.krippendorff_alpha(twice),
        kappa=agreement.cohen_kappa(twice),
        disagreements=len(said.disputed()),
    )


def disagreements(session: Session, run: Run, offset: int, limit: int) -> quality_schemas.Disagreements:
    """Give some of the pairs of which people say different things, in the order of their rows: O(answers)."""
    said = _said(_given(session, run, "people"))
    pairs = said.disputed()
    shown = pairs[offset : offset + limit]
    known = images.by_rows(session, run.project_id, {row for pair in shown for row in pair})
    names = people.names(session, {person for pair in shown for person in said.answers[pair]})
    truth = {(one.left_row, one.right_row): one.same for one in truths.marked(session, run.project_id)}
    with memories_of(session).of(session, run) as memory:
        verdicts = {pair: _remembered(memory.verdict(*pair), memory.decided(*pair)) for pair in shown}
    return quality_schemas.Disagreements(
        total=len(pairs),
        items=[
            quality_schemas.Disagreement(
                left=image_out(known[left]),
                right=image_out(known[right]),
                votes=_votes(said, (left, right), names),
                verdict=verdicts[left, right],
                truth=_word(truth.get((left, right))),
            )
            for left, right in shown
        ],
    )


def gold_of(session: Session, project_id: str) -> quality_schemas.Gold:
    """Give the pairs of known truth that a project has."""
    marked = truths.marked(session, project_id)
    known = images.by_rows(session, project_id, {row for one in marked for row in (one.left_row, one.right_row)})
    return quality_schemas.Gold(
        marked=[
            quality_schemas.GoldPairOut(
                left=image_out(known[one.left_row]), right=image_out(known[one.right_row]), same=one.same
            )
            for one in marked
        ],
        known=truths.n_known(session, project_id),
    )


# -- what was said -----------------------------------------------------------------------------


def _given(session: Session, run: Run, source: str) -> list[core.Answer]:
    return answers.read(session, run.id, answers.stands(), Answer.source == source)


def _said(given: Sequence[core.Answer]) -> _Said:
    said = _Said({}, {})
    for answer in given:
        for left, right, verdict in answer.links:
            if verdict in _JUDGED:
                pair = (min(left, right), max(left, right))
                said.verdicts.setdefault(pair, {})[answer.person] = verdict.value
                said.answers.setdefault(pair, {})[answer.person] = answer
    return said


def _votes(said: _Said, pair: Pair, names: dict[str, str]) -> list[quality_schemas.Vote]:
    found = [
        quality_schemas.Vote(
            person=names.get(id_, id_), verdict=said.verdicts[pair][id_], at=datetime.fromisoformat(answer.at)
        )
        for id_, answer in said.answers[pair].items()
    ]
    return sorted(found, key=lambda vote: vote.at)


def _remembered(verdict: Verdict | None, decided: bool) -> str | None:
    return verdict.value if verdict is not None else Verdict.UNSURE.value if decided else None


def _word(same: bool | None) -> Literal["same", "different"] | None:
    return None if same is None else "same" if same else "different"


# -- how right each person is ------------------------------------------------------------------


def _identities(session: Session, run: Run) -> dict[int, int]:
    query = select(Image.row, Image.identity).where(
        Image.project_id == run.project_id, Image.split == "train", Image.identity >= 0
    )
    return {row: identity for row, identity in session.execute(query) if identity is not None}


def _person(
    who: tuple[str, str], mine: Sequence[core.Answer], truth: dict[int, int], records: dict[str, tuple[int, int]]
) -> quality_schemas.PersonQuality:
    known = [
        (verdict is Verdict.SAME) == (truth[left] == truth[right])
        for answer in mine
        for left, right, verdict in answer.links
        if verdict in _JUDGED and left in truth and right in truth
    ]
    times = [answer.seconds for answer in mine if answer.seconds > 0]
    right, checked = records.get(who[0], (0, 0))
    interval = agreement.wilson(right, checked)
    return quality_schemas.PersonQuality(
        person_id=who[0],
        name=who[1],
        answers=len(mine),
        median_seconds=median(times) if times else None,
        gold=checked,
        gold_right=right,
        gold_interval=interval,
        careless=interval is not None and interval[1] < CAREFUL,
        weight=weight(error_rate(right, checked)) / weight(START_ERROR),
        checked=len(known),
        right=sum(known),
        interval=agreement.wilson(sum(known), len(known)),
    )
