"""Sums that are kept between requests equal those of the whole log, whatever came in what order."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import insert, select

from backend.store import tail
from backend.store.models import Answer, utc_now
from backend.store.tallies import Tallies, Totals, tallies_of
from tests.backend.world import World

PEOPLE = ("ann", "ben", "")


def by_hand(session: Any, run_id: str) -> tuple[Totals, dict[str, int]]:
    """Sum up all answers that were not undone, one after another."""
    rows = session.scalars(select(Answer).where(Answer.run_id == run_id)).all()
    gone = {row.retracts for row in rows}
    stand = [row for row in rows if row.retracts is None and row.id not in gone]
    given = [row for row in stand if row.source != "votes"]
    people: dict[str, int] = {}
    for row in given:
        people[row.person_id] = people.get(row.person_id, 0) + 1
    known = [row for row in stand if row.counts]
    sums = len(given), sum(row.judged for row in known), sum(row.actions for row in given)
    return Totals(*sums, sum(row.actions for row in known)), people


def event(run_id: str, id_: str, dice: random.Random, retracts: str | None = None) -> dict[str, Any]:
    source = dice.choice(("people", "people", "gold", "votes"))
    said = {"judged": 0 if retracts else dice.randint(0, 24), "actions": 0 if retracts else dice.randint(1, 9)}
    where = {"question_id": f"q{id_}", "left_row": 0, "right_row": 1, "verdict": "same", "at": utc_now()}
    counts = source == "votes" or (source == "people" and dice.random() < 0.7)
    who = {"person_id": dice.choice(PEOPLE), "source": source, "counts": counts}
    return {"run_id": run_id, "id": id_, "retracts": retracts, **said, **where, **who}


@pytest.mark.parametrize("seed", range(3))
def test_what_is_kept_equals_the_sum_of_the_whole_log(both: World, monkeypatch: pytest.MonkeyPatch, seed: int):
    monkeypatch.setattr(tail, "OVERLAP", 10)
    dice = random.Random(seed)
    project = both.project()
    run, other = both.run(project), both.run(project)
    ids: list[str] = []
    for step in range(60):
        with both.scope() as session:
            for _ in range(dice.randint(1, 4)):
                undo = ids.pop(dice.randrange(len(ids))) if ids and dice.random() < 0.3 else None
                id_ = f"undo:{undo}" if undo else f"answer-{step}-{len(ids)}-{dice.randrange(10**9)}"
                session.execute(insert(Answer).values(event(run.id, id_, dice, undo)))
                session.execute(insert(Answer).values(event(other.id, f"other-{id_}", dice)))
                ids += [] if undo else [id_]
        if dice.random() < 0.1:
            both.sessions.kw["info"]["tallies"] = Tallies()  # another process
        with both.scope(read_only=True) as session:
            total, people = tallies_of(session).of(session, run.id)
            expected, by_person = by_hand(session, run.id)
            assert total == expected
            assert {who: n for who, n in people.items() if n} == by_person


def test_what_was_rolled_back_is_not_counted(both: World):
    run, dice = both.run(both.project()), random.Random(0)

    def fail() -> None:
        with both.scope() as session:
            session.execute(insert(Answer).values(event(run.id, "answer-1", dice)))
            assert tallies_of(session).of(session, run.id) == by_hand(session, run.id)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with both.scope(read_only=True) as session:
        assert tallies_of(session).of(session, run.id) == (Totals(0, 0, 0, 0), {})


def test_an_answer_whose_number_is_older_but_that_came_later_is_counted(both: World):
    run, dice = both.run(both.project()), random.Random(1)
    for seq in (700, 650):  # as transactions may end in PostgreSQL
        with both.scope() as session:
            session.execute(insert(Answer).values(event(run.id, f"answer-{seq}", dice) | {"seq": seq}))
        with both.scope(read_only=True) as session:
            assert tallies_of(session).of(session, run.id) == by_hand(session, run.id)
