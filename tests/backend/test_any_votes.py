"""Pages, pairs, votes, checks, edits and undos in any order: what is counted is what stands."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import select

from backend.store import answers, events
from backend.store.memories import memories_of
from backend.store.models import Answer, Question, Run
from backend.store.tallies import tallies_of
from tests.backend.asked import Screen, page, publish, screens
from tests.backend.grouped import group, image_ids
from tests.backend.world import Client, World, question
from ucal.memory import LabelMemory

N = 30
WORDS = ("same", "different", "unsure")


def act(dice: random.Random, client: Client, run: Run, given: list[tuple[Client, str]]) -> None:
    """Answer something, or take something of one's own back."""
    if given and dice.random() < 0.3:
        who, id_ = given.pop(dice.randrange(len(given)))
        said = who.api("POST", f"/runs/{run.id}/answers/{id_}/undo")
        assert said.status_code == 200, said.text
        return
    found = screens(client, run, 3)
    if not found:
        return
    screen, id_ = dice.choice(found), f"answer-{dice.getrandbits(64):x}"
    said = screen.answer(id_, **says(dice, screen))
    assert said.status_code == 200, said.text
    given.append((client, id_))


def says(dice: random.Random, screen: Screen) -> dict[str, Any]:
    if screen.rows:
        return {"tiles": screen.tiles({rows[0]: dice.choice(WORDS) for rows in screen.rows})}
    return {"verdict": dice.choice(WORDS)}


def check(world: World, run: Run) -> None:
    with world.scope(read_only=True) as session:
        given = session.scalars(answers.standing(run.id)).all()
        replayed = LabelMemory(N, answers=events.read_log(session, run.id))
        with memories_of(session).of(session, run) as kept:
            assert kept.conflicts() == replayed.conflicts()
            assert kept.groups() == replayed.groups()
            assert kept.n_answers == replayed.n_answers
        total = tallies_of(session).of(session, run.id)[0]
        people = [one for one in given if one.source != "votes"]
        assert (total.answers, total.actions) == (len(people), sum(one.actions for one in people))
        entered = [one for one in given if one.counts]
        assert total.judged == sum(one.judged for one in entered)
        assert total.counted == sum(one.actions for one in entered)
        assert len({one.question_id for one in entered}) == len(entered)  # one entry a question
        for asked in session.scalars(select(Question).where(Question.run_id == run.id)):
            votes = [one for one in given if one.question_id == asked.id and one.source == "people"]
            assert asked.n_votes == len(votes) == len({one.person_id for one in votes})
            if asked.state == "answered":
                assert len(votes) >= asked.votes_wanted
            assert any(one.question_id == asked.id for one in entered) == (len(votes) >= asked.votes_wanted)


@pytest.mark.slow
@pytest.mark.parametrize("votes", [1, 2])
def test_what_is_counted_is_what_stands(both: World, votes: int):
    dice = random.Random(votes)
    project, admin = both.project(N), both.admin()
    admin.api("PATCH", f"/projects/{project.id}", {"votes": votes, "gold_rate": 0.3})
    run = both.run(project)
    group(both, run, [row // 3 for row in range(N)])
    ids = image_ids(admin, run)
    publish(both, run, *(page(row, [row + 1], [row + 2, row + 3], [row + 4]) for row in range(0, 24, 4)))
    publish(both, run, *(question(row, row + 5) for row in range(0, 24, 3)))
    clients = [both.annotator() for _ in range(4)]
    given: list[tuple[Client, str]] = []
    for step in range(40):
        act(dice, dice.choice(clients), run, given)
        if step % 20 == 10:
            seen = admin.api("GET", f"/runs/{run.id}/clusters/{ids[step // 2]}").json()
            body = {
                "id": f"edit-{step:04}",
                "kind": "lock",
                "image": ids[step // 2],
                "images": [],
                "version": seen["version"],
            }
            assert admin.api("POST", f"/runs/{run.id}/edits", body).status_code in (200, 409)
        if step % 5 == 0:
            check(both, run)
    check(both, run)
    for client, id_ in given:
        assert client.api("POST", f"/runs/{run.id}/answers/{id_}/undo").status_code == 200
    check(both, run)
    with both.scope(read_only=True) as session:
        assert session.scalars(answers.standing(run.id).where(Answer.source != "gold")).all() == []
