"""Pages of known truth: they look like the page they stand beside, count tile by tile, and find who is careless."""

from __future__ import annotations

import random
from typing import Any

import pytest

from backend.store import answers, gold, questions
from backend.store.models import Question, utc_now
from tests.backend.asked import Screen, page, publish, screens
from tests.backend.test_gold import Dice, checking, image_ids, wishes
from tests.backend.test_questions import answer
from tests.backend.world import Client, World

SAME = 8  # pictures of each identity, here


@pytest.fixture(autouse=True)
def alternating(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every second question be a check at a rate of a half: the dice cannot be foretold otherwise."""
    monkeypatch.setattr(gold.mix, "__defaults__", (Dice([0.9, 0.1]),))


def wide(world: World, *, truth: bool = True, n: int = 240) -> tuple[Any, Any, Client]:
    """Give a run that checks after every question, over images of which eight show each identity."""
    run, project, admin = checking(world, truth=truth, n=n)
    if truth:
        with world.scope() as session:
            for image in session.query(image_table()).filter_by(project_id=project.id):
                image.identity = image.row // SAME
    return run, project, admin


def image_table() -> Any:
    from backend.store.models import Image

    return Image


def asked_pages(world: World, run: Any, n: int = 10, tiles: int = 8) -> list[str]:
    """Publish pages: half of the tiles are the anchor's identity, three of these and one other are ticked."""
    pages = []
    for i in range(n):
        start = i * 2 * SAME
        own = [[start + 1 + j] for j in range(tiles // 2)]
        others = [[start + SAME + j] for j in range(tiles // 2)]
        ticked = [rows[0] for rows in (*own[:3], others[0])]
        pages.append(page(start, *own, *others, ticked=ticked))
    return publish(world, run, *pages)


def truth_of(screen: Screen, tile: int) -> str:
    return "same" if screen.question["left"]["images"][0]["row"] // SAME == tile // SAME else "different"


def said_of(screen: Screen, wrong: float, dice: random.Random) -> list[dict[str, Any]]:
    """Answer each tile rightly, or with this probability wrongly."""
    words = {}
    for rows in screen.rows:
        right = truth_of(screen, rows[0])
        other = "different" if right == "same" else "same"
        words[rows[0]] = other if dice.random() < wrong else right
    return screen.tiles(words)


def labelled(client: Client, run: Any, name: str, wrong: float, turns: int) -> set[str]:
    """Answer pages as they come; give the ids of all questions that this person was shown."""
    dice, shown, given = random.Random(name), set(), 0
    while given < turns:
        found = screens(client, run, 2)
        assert found, "nothing left to answer"
        for screen in found:
            shown.add(screen.question["id"])
            said = screen.answer(f"{name}-{given:06}", tiles=said_of(screen, wrong, dice), seconds=5.0)
            assert said.status_code == 200, said.text
            given += 1
    return shown


def test_a_page_that_checks_has_the_tiles_and_ticks_of_the_one_it_stands_beside(both: World):
    run, _, _ = wide(both)
    asked = asked_pages(both, run)
    shown = screens(both.annotator(), run, 8)
    checks = [one.question for one in shown if one.question["id"] not in asked]
    assert len(checks) == 4
    real = shown[0].question
    for check in checks:
        assert check.keys() == real.keys()
        assert (check["kind"], check["reason"], check["round"]) == ("page", real["reason"], real["round"])
        assert len(check["id"]) == len(real["id"])
        assert 4 <= len(check["tiles"]) <= len(real["tiles"])
        assert all(tile.keys() == real["tiles"][0].keys() and tile["size"] == 1 for tile in check["tiles"])
        assert any(tile["ticked"] for tile in check["tiles"])
        assert any(not tile["ticked"] for tile in check["tiles"])
        rows = [tile["images"][0]["row"] for tile in check["tiles"]]
        anchor = check["left"]["images"][0]["row"]
        assert len({anchor, *rows}) == len(rows) + 1
        assert check["right"] == {"images": check["tiles"][0]["images"], "size": 1}
        with both.scope(read_only=True) as session:
            stored = session.get_one(Question, (run.id, check["id"]))
            told = {tile["rows"][0]: tile["truth"] for tile in stored.tiles}
        assert told == {row: row // SAME == anchor // SAME for row in rows}


def test_some_ticks_of_a_check_are_not_true(world: World):
    run, _, _ = wide(world)
    asked = asked_pages(world, run, 15)
    ticks = [
        (tile["ticked"], truth_of(one, tile["images"][0]["row"]) == "same")
        for one in screens(world.annotator(), run, 30)
        if one.question["id"] not in asked and len(one.question["tiles"]) >= 6
        for tile in one.question["tiles"]
    ]
    wrong = sum(ticked != same for ticked, same in ticks) / len(ticks)
    assert len(ticks) > 60
    assert 0.05 < wrong < 0.5


def test_a_careless_annotator_whose_questions_are_all_pages_is_found(both: World):
    """One person gets 30 % of the tiles wrong, one 2 %; the record finds the first, and only them."""
    run, project, admin = wide(both)
    asked = asked_pages(both, run, 14)
    with both.scope(read_only=True) as session:
        before = questions.counts(session, run.id, utc_now())[:2]
    careful = both.browser(both.person("careful"))
    careless = both.browser(both.person("careless"))
    seen = labelled(careful, run, "careful", 0.02, 12) | labelled(careless, run, "careless", 0.3, 12)
    checks = seen - set(asked)
    assert len(checks) >= 10
    people = {one["name"]: one for one in admin.api("GET", f"/runs/{run.id}/quality").json()["people"]}
    assert people["careless"]["gold"] >= 24
    assert 0.5 < people["careless"]["gold_right"] / people["careless"]["gold"] < 0.88
    assert (people["careless"]["careless"], people["careful"]["careless"]) == (True, False)
    assert people["careless"]["weight"] < 0.6 < people["careful"]["weight"]
    with both.scope(read_only=True) as session:
        log = answers.read_log(session, run.id)
        by_hand = gold.records(session, project.id)
    assert {one.question for one in log} <= set(asked)  # nothing of a check enters the memory
    assert len(log) == len(seen & set(asked))
    assert before == (14, 14)
    assert {people[name]["gold"] for name in people} == {checked for _, checked in by_hand.values()}


def test_what_is_measured_is_each_judged_tile_of_known_truth(world: World):
    run, _, admin = wide(world)
    asked = asked_pages(world, run)
    one = world.annotator("ann")
    check = next(screen for screen in screens(one, run, 4) if screen.question["id"] not in asked)
    words = {rows[0]: truth_of(check, rows[0]) for rows in check.rows}
    first, second, *_ = words
    words[first] = "different" if words[first] == "same" else "same"
    words[second] = "unsure"
    assert check.answer("answer-1", tiles=check.tiles(words)).status_code == 200
    [person] = admin.api("GET", f"/runs/{run.id}/quality").json()["people"]
    assert (person["gold"], person["gold_right"]) == (len(words) - 1, len(words) - 2)
    check.undo("answer-1")
    assert admin.api("GET", f"/runs/{run.id}/quality").json()["people"] == []


def test_marked_pairs_check_by_pages_and_other_tiles_fill_them(both: World):
    run, project, admin = wide(both, truth=False)
    asked = asked_pages(both, run)
    one = both.annotator("ann")
    assert {question["id"] for question in wishes(one, run, 2)} <= set(asked)
    ids = image_ids(both, project)
    for left, right, same in ((200, 201, True), (201, 202, True), (202, 210, False)):
        body = {"left": ids[left], "right": ids[right], "same": same}
        assert admin.api("POST", f"/projects/{project.id}/gold", body).status_code == 204
    known = {200: {201, 202, 210}, 201: {200, 202, 210}, 202: {200, 201, 210}, 210: {200, 201, 202}}
    two = both.annotator("ben")
    check = next(screen for screen in screens(two, run, 4) if screen.question["id"] not in asked)
    anchor = check.question["left"]["images"][0]["row"]
    rows = {rows[0] for rows in check.rows}
    assert known[anchor] < rows
    assert len(rows) == 8
    words = {row: "same" if row in known[anchor] else "different" for row in rows}
    assert check.answer("answer-1", tiles=check.tiles(words)).status_code == 200
    person = next(one for one in admin.api("GET", f"/runs/{run.id}/quality").json()["people"] if one["name"] == "ben")
    expected = 2 if anchor != 210 else 0  # of the marked: all called the same; the rest has no truth
    assert (person["gold"], person["gold_right"]) == (3, expected)


def test_a_page_that_checks_is_its_persons_own(world: World):
    run, _, _ = wide(world)
    asked = asked_pages(world, run)
    one, two = world.annotator(), world.annotator()
    check = next(screen for screen in screens(one, run, 4) if screen.question["id"] not in asked)
    refused = two.api("POST", f"/runs/{run.id}/answers", answer(check.question["id"], id_="answer-of-two"))
    assert (refused.status_code, refused.json()["error"]) == (404, "NotFoundError")
