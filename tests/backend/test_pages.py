"""Pages and conflicts through the API: what is shown, what an answer may say, undo, settling; on both databases."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from backend.answer_schemas import AnswerNew
from backend.store import answering, answers, events, questions
from backend.store.models import Project
from backend.store.tallies import tallies_of
from tests.backend.asked import Screen, card, conflict, page, publish, screens
from tests.backend.world import World, question
from ucal.memory import LabelMemory
from ucal.types import Kind, Reason, Verdict

PAGE = page(0, (1, 2), (3, 4, 5), (6,), ticked=(1, 3))


def log(world: World, run: Any) -> LabelMemory:
    """Replay the run's log."""
    with world.scope(read_only=True) as session:
        return LabelMemory(12, answers=events.read_log(session, run.id))


def one_page(world: World) -> tuple[Any, Screen]:
    run = world.run(world.project())
    publish(world, run, PAGE)
    [screen] = screens(world.annotator(), run)
    return run, screen


# -- pages -------------------------------------------------------------------------------------


def test_a_page_shows_its_anchor_and_tiles_and_not_what_the_model_believes(both: World):
    _, screen = one_page(both)
    shown = screen.question
    assert (shown["kind"], shown["reason"], shown["disputed"]) == ("page", "group", [])
    assert [image["row"] for image in shown["left"]["images"]] == [0]
    assert screen.rows == [[1, 2], [3, 4, 5], [6]]
    assert [(tile["size"], tile["ticked"]) for tile in shown["tiles"]] == [(2, True), (3, True), (1, False)]
    assert set(shown["tiles"][0]) == {"images", "size", "ticked"}


def test_a_page_is_one_answer_that_teaches_all_its_links_and_costs_its_toggles(both: World):
    run, screen = one_page(both)
    said = screen.answer(tiles=screen.tiles({1: "same", 3: "different", 6: "unsure"}, odd={3: [5]}), seconds=9.5)
    assert said.status_code == 200, said.text
    given = said.json()["answer"]
    assert (given["kind"], given["actions"], given["seconds"], given["late"]) == ("page", 4, 9.5, False)
    assert [(tile["image"]["row"], tile["verdict"], tile["ticked"]) for tile in given["tiles"]] == [
        (1, "same", True),
        (3, "different", True),
        (6, "unsure", False),
    ]
    assert len(given["tiles"][1]["odd"]) == 1
    progress = said.json()["progress"]
    assert (progress["answered_total"], progress["judged_total"], progress["actions_total"]) == (1, 4, 4)
    memory = log(both, run)
    assert (memory.verdict(0, 1), memory.verdict(0, 3), memory.verdict(3, 5)) == (
        Verdict.SAME,
        Verdict.DIFFERENT,
        Verdict.DIFFERENT,
    )
    assert (memory.verdict(0, 6), memory.decided(0, 6)) == (None, True)
    [event] = memory.answers
    assert (event.kind, event.person != "", event.tiles[0].p, event.tiles[0].signals) == (
        Kind.PAGE,
        True,
        0.75,
        (0.5, 1.0),
    )
    assert screen.client.api("GET", f"/runs/{run.id}/answers").json() == [given]


def test_a_page_sent_twice_counts_once_and_another_body_is_refused(both: World):
    run, screen = one_page(both)
    first = screen.answer(tiles=screen.tiles({1: "same", 3: "same"})).json()["answer"]
    assert screen.answer(tiles=screen.tiles({1: "same", 3: "same"})).json()["answer"] == first
    other = screen.answer(tiles=screen.tiles({1: "same", 3: "different"}))
    assert (other.status_code, other.json()["error"]) == (409, "AnswerConflictError")
    again = screen.answer("answer-0002", tiles=screen.tiles({1: "same"}))
    assert (again.status_code, again.json()["error"]) == (409, "AlreadyAnsweredError")
    assert len(log(both, run).answers) == 1


def test_an_undo_takes_the_whole_page_back_and_returns_that_very_screen(both: World):
    run, screen = one_page(both)
    tiles = screen.tiles({1: "same", 3: "same", 6: "different"})
    screen.answer(tiles=tiles)
    path = f"/runs/{run.id}/answers/answer-0001/undo"
    assert screen.client.api("GET", path).json() == {"parts": [1, 1, 1], "later": 0}
    said = screen.undo()
    assert (said["answer"]["undone"], len(said["answer"]["tiles"])) == (True, 3)
    assert said["lease"]["question"] == screen.question
    assert said["progress"]["judged_total"] == said["progress"]["actions_total"] == 0
    assert log(both, run).groups() == []
    back = Screen(screen.client, run, said["lease"])
    assert back.answer("answer-0002", tiles=tiles).json()["answer"]["late"] is False
    assert log(both, run).groups() == [(0, 1, 3)]


def test_an_undo_says_how_many_groups_a_page_joined(both: World):
    run = both.run(both.project())
    both.ask(run, (1, 2), (3, 4), (8, 9))
    publish(both, run, PAGE)
    *pairs, screen = screens(both.annotator(), run)
    for i, pair in enumerate(pairs[:2]):
        pair.answer(f"answer-pair-{i}", verdict="same")
    screen.answer(tiles=screen.tiles({1: "same", 3: "same", 6: "same"}))
    pairs[2].answer("answer-pair-2", verdict="same")
    path = f"/runs/{run.id}/answers"
    assert screen.client.api("GET", f"{path}/answer-0001/undo").json() == {"parts": [1, 2, 2, 1], "later": 0}
    assert screen.client.api("GET", f"{path}/answer-pair-0/undo").json() == {"parts": [5, 1], "later": 2}


def test_a_bad_anchor_is_out_and_says_nothing_of_its_tiles(both: World):
    run, screen = one_page(both)
    said = screen.answer(bad_sides=["left"], tiles=screen.tiles({6: "bad_image"}))
    assert said.status_code == 200, said.text
    given = said.json()["answer"]
    assert (given["verdict"], given["bad_sides"], given["actions"]) == ("bad_image", ["left"], 3)
    memory = log(both, run)
    assert memory.bad_rows().tolist() == [0, 6]
    assert memory.answered(PAGE.id)
    screen.undo()
    assert log(both, run).bad_rows().tolist() == []


def test_a_page_loses_the_tiles_that_follow_and_goes_when_all_do(both: World):
    run = both.run(both.project())
    both.ask(run, (0, 1), (1, 3), (3, 6))
    publish(both, run, PAGE)
    *pairs, screen = screens(both.annotator(), run)
    said = pairs[0].answer("answer-pair-0", verdict="same").json()
    [changed] = said["changed"]
    assert (changed["id"], said["withdrawn"]) == (PAGE.id, [])
    assert [tile["images"][0]["row"] for tile in changed["tiles"]] == [3, 6]
    assert [image["row"] for image in changed["right"]["images"]] == [3, 4, 5]
    [_, _, again] = screens(screen.client, run)
    assert again.rows == [[3, 4, 5], [6]]
    pairs[1].answer("answer-pair-1", verdict="different")
    said = pairs[2].answer("answer-pair-2", verdict="same").json()
    assert (said["changed"], said["withdrawn"]) == ([], [PAGE.id])
    assert both.question_state(run, PAGE.id) == "settled"
    screen.undo("answer-pair-2")
    assert both.question_state(run, PAGE.id) == "open"
    assert screens(screen.client, run)[-1].rows == [[6]]


def test_a_tile_that_followed_meanwhile_may_still_be_judged(both: World):
    run = both.run(both.project())
    both.ask(run, (0, 1))
    publish(both, run, PAGE)
    pair, screen = screens(both.annotator(), run)
    pair.answer("answer-pair-0", verdict="same")
    said = screen.answer(tiles=screen.tiles({1: "different", 3: "same", 6: "same"}))
    assert said.status_code == 200, said.text
    assert len(log(both, run).conflicts()) == 1


def test_publishing_again_gives_a_page_back_its_tiles(both: World):
    run = both.run(both.project())
    publish(both, run, dataclasses.replace(PAGE, tiles=PAGE.tiles[1:]))
    assert screens(both.annotator(), run)[0].rows == [[3, 4, 5], [6]]
    publish(both, run, PAGE)
    with both.scope() as session:
        questions.close_open(session, run.id)
    publish(both, run, PAGE)
    assert screens(both.annotator(), run)[0].rows == [[1, 2], [3, 4, 5], [6]]


def test_a_page_is_one_persons_at_a_time(both: World):
    run, _ = one_page(both)
    other = both.annotator()
    assert screens(other, run) == []
    assert other.api("POST", f"/runs/{run.id}/leases", {}).json()["empty"] == "leased_to_others"


@pytest.mark.parametrize(
    ("says", "words"),
    [
        ({"verdict": "same"}, "verdict: expected none for a question of kind page"),
        ({"wrong": 0}, "wrong: expected none for a question of kind page"),
        ({"tiles": []}, "at least one tile"),
        ({"tiles": [{"image": "nothing", "verdict": "same"}]}, "tiles: expected images of this question"),
        ({"bad_sides": ["right"]}, "bad_sides: expected left"),
        ({"judge": {1: "same"}, "twice": True}, "tiles: expected each tile once"),
        ({"judge": {1: "same"}, "bad_sides": ["left"]}, "the anchor is a bad image"),
        ({"judge": {1: "same"}, "stranger": 3}, "expected verdicts on the page's tiles"),
        ({"judge": {1: "same"}, "odd": {1: [1]}}, "odd rows"),
    ],
)
def test_a_page_answer_that_does_not_fit_is_refused_in_words(world: World, says: dict[str, Any], words: str):
    _, screen = one_page(world)
    says = dict(says)
    if "judge" in says:
        says["tiles"] = screen.tiles(says.pop("judge"), says.pop("odd", None))
        if says.pop("twice", False):
            says["tiles"] *= 2
        if "stranger" in says:
            says.pop("stranger")
            says["tiles"][0]["image"] = screen.question["tiles"][1]["images"][1]["id"]
    said = screen.answer(**says)
    assert (said.status_code, said.json()["error"]) == (422, "InvalidError"), said.text
    assert words in said.json()["detail"]


# -- cards -------------------------------------------------------------------------------------


def test_a_card_looks_like_a_pair_and_keeps_what_the_model_believed(both: World):
    run = both.run(both.project())
    publish(both, run, card(0, 3, 4))
    [screen] = screens(both.annotator(), run)
    assert (screen.question["kind"], screen.question["tiles"]) == ("pair", [])
    ids = {image["row"]: image["id"] for image in screen.question["right"]["images"]}
    assert screen.answer("answer-odd", verdict="same", odd=["nothing"]).status_code == 422
    given = screen.answer(verdict="same", odd=[ids[4]]).json()["answer"]
    assert (given["kind"], given["verdict"], given["actions"]) == ("pair", "same", 2)
    [event] = log(both, run).answers
    assert (event.kind, event.tiles[0].odd, event.tiles[0].p) == (Kind.CARD, (4,), 0.25)


@pytest.mark.parametrize(("sides", "rows"), [(["left"], [0]), (["right"], [3]), (["left", "right"], [0, 3])])
def test_a_bad_image_of_a_card(world: World, sides: list[str], rows: list[int]):
    run = world.run(world.project())
    publish(world, run, card(0, 3, 4))
    [screen] = screens(world.annotator(), run)
    given = screen.answer(verdict="bad_image", bad_sides=sides).json()["answer"]
    assert (given["bad_sides"], given["verdict"], given["actions"]) == (sides, "bad_image", 1)
    assert log(world, run).bad_rows().tolist() == rows


# -- conflicts ---------------------------------------------------------------------------------

CYCLE = conflict((0, 2, "different"), (0, 1, "same"), (1, 2, "same"))


def contradict(world: World, *more: Any) -> tuple[Any, list[Screen]]:
    """Say 0 = 1, 1 = 2 and 0 != 2, and ask which is wrong."""
    run = world.run(world.project())
    world.ask(run, (0, 1), (1, 2), (0, 2))
    client = world.annotator()
    pairs = screens(client, run)
    for i, (screen, verdict) in enumerate(zip(pairs, ("same", "same", "different"), strict=True)):
        assert screen.answer(f"answer-pair-{i}", verdict=verdict).status_code == 200
    publish(world, run, CYCLE, *more)
    return run, screens(client, run)


def test_a_conflict_shows_the_answers_that_cannot_all_be_true(both: World):
    _, [screen] = contradict(both)
    shown = [(d["left"]["row"], d["right"]["row"], d["verdict"]) for d in screen.question["disputed"]]
    assert (screen.question["kind"], shown) == ("conflict", [(0, 2, "different"), (0, 1, "same"), (1, 2, "same")])


@pytest.mark.parametrize(("wrong", "groups"), [(0, [(0, 1, 2)]), (1, [(1, 2)]), (2, [(0, 1)])])
def test_the_answer_called_wrong_is_outweighed_and_an_undo_brings_the_conflict_back(
    both: World, wrong: int, groups: list[tuple[int, ...]]
):
    run, [screen] = contradict(both)
    assert log(both, run).groups() == []
    said = screen.answer(wrong=wrong)
    given = said.json()["answer"]
    left, right, verdict = CYCLE.disputed[wrong]
    assert (given["kind"], given["left"]["row"], given["right"]["row"]) == ("conflict", left, right)
    assert given["verdict"] != verdict.value
    assert (log(both, run).groups(), log(both, run).conflicts()) == (groups, [])
    assert screen.undo()["lease"]["question"] == screen.question
    assert len(log(both, run).conflicts()) == 1


def test_the_other_conflicts_of_a_settled_group_are_withdrawn(both: World):
    other = conflict((0, 2, "different"), (1, 2, "same"), (0, 1, "same"), round_=1)
    run, [screen, _] = contradict(both, other)
    said = screen.answer(wrong=1).json()
    assert said["withdrawn"] == [other.id]
    screen.undo()
    with both.scope(read_only=True) as session:
        assert CYCLE.id in questions.open_ids(session, run.id)


def test_a_pair_asked_again_goes_when_another_answer_ended_the_contradiction(both: World):
    run = both.run(both.project())
    both.ask(run, (0, 1), (1, 2), (0, 2))
    client = both.annotator()
    for i, (screen, verdict) in enumerate(zip(screens(client, run), ("same", "same", "different"), strict=True)):
        screen.answer(f"answer-pair-{i}", verdict=verdict)
    again = [dataclasses.replace(question(*pair, 1), reason=Reason.CONFLICT) for pair in ((0, 1), (1, 2), (0, 2))]
    publish(both, run, *again)
    one, two, three = screens(client, run)
    assert one.answer("answer-again-0", verdict="same").json()["withdrawn"] == []
    said = two.answer("answer-again-1", verdict="different").json()  # a tie: the cycle is open, but not this pair
    assert said["withdrawn"] == [three.question["id"]]
    assert [c.pairs for c in log(both, run).conflicts()] == [((1, 2),)]


def test_a_conflict_may_be_left_undecided_or_blamed_on_an_image(both: World):
    run, [screen] = contradict(both)
    assert screen.answer(verdict="unsure").json()["answer"]["verdict"] == "unsure"
    assert len(log(both, run).conflicts()) == 1
    screen.undo()
    image = screen.question["disputed"][1]["right"]["id"]
    given = screen.answer("answer-0002", verdict="bad_image", bad_images=[image]).json()["answer"]
    assert given["bad_images"] == [image]
    assert log(both, run).bad_rows().tolist() == [1]


@pytest.mark.parametrize(
    ("says", "words"),
    [
        ({}, "expected `wrong`"),
        ({"verdict": "same"}, "expected `wrong`"),
        ({"wrong": 3}, "wrong: expected 0 to 2"),
        ({"wrong": 0, "verdict": "unsure"}, "expected `wrong`"),
        ({"verdict": "bad_image"}, "bad_images: expected the bad images"),
        ({"verdict": "bad_image", "bad_images": ["nothing"]}, "bad_images: expected images of this question"),
        ({"wrong": 0, "tiles": [{"image": "x", "verdict": "same"}]}, "tiles: expected none"),
    ],
)
def test_a_conflict_answer_that_does_not_fit_is_refused_in_words(world: World, says: dict[str, Any], words: str):
    _, [screen] = contradict(world)
    said = screen.answer(**says)
    assert (said.status_code, said.json()["error"]) == (422, "InvalidError"), said.text
    assert words in said.json()["detail"]


# -- budget and log ----------------------------------------------------------------------------


def test_a_budget_of_actions_is_spent_by_what_pages_took(both: World):
    run = both.run(both.project(), budget_actions=3)
    publish(both, run, PAGE)
    [screen] = screens(both.annotator(), run)
    screen.answer(tiles=screen.tiles({1: "different", 3: "different", 6: "different"}))
    said = screen.client.api("POST", f"/runs/{run.id}/leases", {}).json()
    assert said["empty"] == "budget_spent"
    assert screen.client.api("GET", f"/runs/{run.id}").json()["actions"] == 3


def test_the_log_gives_pages_and_conflicts_back_as_they_were_added(both: World):
    from ucal.annotators import Oracle
    from ucal.types import Answer

    run = both.run(both.project())
    truth = Oracle(identities=np.arange(12) // 3)
    given = [dataclasses.replace(one, at="2024-05-06T07:08:09+00:00") for one in truth([PAGE, card(0, 3, 4), CYCLE])]
    given.append(
        Answer("back", 0, 1, Verdict.SAME, at="2024-05-06T07:08:10+00:00", retracts=given[0].id, kind=Kind.PAGE)
    )
    with both.scope() as session:
        answers.append_log(session, run.id, given)
    with both.scope(read_only=True) as session:
        assert answers.read_log(session, run.id) == given
        total = tallies_of(session).of(session, run.id)[0]
    standing = LabelMemory(12, answers=given)
    assert (total.answers, total.judged) == (2, standing.n_answers)


# -- several people ----------------------------------------------------------------------------


def test_two_peoples_pages_make_one_verdict_tile_by_tile(both: World):
    project = both.project()
    with both.scope() as session:
        session.get_one(Project, project.id).votes = 2
    run = both.run(project)
    publish(both, run, PAGE)
    [one] = screens(both.annotator(), run)
    [two] = screens(both.annotator(), run)
    one.answer("answer-one", tiles=one.tiles({1: "same", 3: "same", 6: "different"}))
    assert log(both, run).answers == ()
    two.answer("answer-two", tiles=two.tiles({1: "same", 3: "different", 6: "different"}))
    assert log(both, run).answers == ()  # they differ about a tile: a third person decides
    [three] = screens(both.annotator(), run)
    three.answer("answer-three", tiles=three.tiles({1: "same", 3: "different", 6: "different"}))
    memory = log(both, run)
    assert (memory.groups(), memory.cannot_pairs()) == ([(0, 1)], [(0, 3), (0, 6)])
    with both.scope(read_only=True) as session:
        total = tallies_of(session).of(session, run.id)[0]
    assert (total.answers, total.judged) == (3, 3)
    two.undo("answer-two")
    assert log(both, run).answers == ()


# -- bodies of older pages -----------------------------------------------------------------------


def test_an_answer_that_waited_in_a_browser_keeps_its_name_when_fields_are_added():
    body = AnswerNew(id="answer-0001", question_id="q", verdict="same")
    first_version = {
        "id": "answer-0001",
        "question_id": "q",
        "verdict": "same",
        "bad_sides": [],
        "fence": None,
        "seconds": 0.0,
        "swapped": False,
        "shown": [],
    }
    assert answering._digest(body) == answers.body_hash(first_version)
    blamed = [AnswerNew(id="answer-0001", question_id="q", wrong=wrong) for wrong in (0, 1, None)]
    assert len({answering._digest(one) for one in blamed}) == 3
