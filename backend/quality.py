"""People's answers of a run, compared with each other and with known identities."""

from __future__ import annotations

from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import agreement, schemas
from backend.store import answers, images, people
from backend.store.models import Answer, Image, Run
from backend.views import image_out

SHOWN = 100  # disagreements
_JUDGED = ("same", "different")

Pair = tuple[int, int]


def of_run(session: Session, run: Run) -> schemas.Quality:
    """Compare all answers of people that stand: O(answers)."""
    given = list(session.scalars(answers.standing(run.id).where(Answer.source == "people").order_by(Answer.seq)))
    names = people.names(session, {answer.person_id for answer in given})
    identities = _identities(session, run)
    by_pair: dict[Pair, dict[str, str]] = {}
    for answer in given:
        if answer.verdict in _JUDGED:
            pair = (min(answer.left_row, answer.right_row), max(answer.left_row, answer.right_row))
            by_pair.setdefault(pair, {})[answer.person_id] = answer.verdict  # the newest of one person counts
    twice = {pair: votes for pair, votes in by_pair.items() if len(votes) > 1}
    return schemas.Quality(
        people=[
            _person(id_, names.get(id_, id_), given, identities) for id_ in sorted({one.person_id for one in given})
        ],
        judged_twice=len(twice),
        alpha=agreement.krippendorff_alpha(list(twice.values())),
        kappa=agreement.cohen_kappa(list(twice.values())),
        disagreements=_disagreements(session, run, twice, names),
    )


def _identities(session: Session, run: Run) -> dict[int, int]:
    query = select(Image.row, Image.identity).where(
        Image.project_id == run.project_id, Image.split == "train", Image.identity >= 0
    )
    return {row: identity for row, identity in session.execute(query) if identity is not None}


def _person(id_: str, name: str, given: list[Answer], identities: dict[int, int]) -> schemas.PersonQuality:
    mine = [answer for answer in given if answer.person_id == id_]
    known = [
        answer
        for answer in mine
        if answer.verdict in _JUDGED and answer.left_row in identities and answer.right_row in identities
    ]
    right = sum(
        (identities[answer.left_row] == identities[answer.right_row]) == (answer.verdict == "same") for answer in known
    )
    times = [answer.seconds for answer in mine if answer.seconds > 0]
    return schemas.PersonQuality(
        person_id=id_,
        name=name,
        answers=len(mine),
        median_seconds=median(times) if times else None,
        checked=len(known),
        right=right,
        interval=agreement.wilson(right, len(known)),
    )


def _disagreements(
    session: Session, run: Run, twice: dict[Pair, dict[str, str]], names: dict[str, str]
) -> list[schemas.Disagreement]:
    found = [(pair, votes) for pair, votes in sorted(twice.items()) if len(set(votes.values())) > 1][:SHOWN]
    known = images.by_rows(session, run.project_id, {row for pair, _ in found for row in pair})
    return [
        schemas.Disagreement(
            left=image_out(known[left]),
            right=image_out(known[right]),
            votes=[schemas.Vote(person=names.get(id_, id_), verdict=verdict) for id_, verdict in sorted(votes.items())],
        )
        for (left, right), votes in found
    ]
