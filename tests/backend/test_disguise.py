"""A check cannot be told from a question by anything that the API says to the person it checks."""

from __future__ import annotations

from typing import Any

import pytest

from backend.run_schemas import RunState
from backend.store import gold, questions, runs
from backend.store.models import utc_now
from tests.backend.asked import Screen, card, page, publish, screens
from tests.backend.test_gold import Dice, checking
from tests.backend.world import Client, World

COUNTED = ("answered_round", "open_round", "settled_round", "answered_by_me", "answered_total", "judged_total")
RUN = ("asked", "answered", "judged", "actions", "open", "leased")


@pytest.fixture(autouse=True)
def alternating(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gold.mix, "__defaults__", (Dice([0.9, 0.1]),))


def figures(client: Client, run: Any) -> dict[str, Any]:
    """Give all figures of a run that an annotator may see."""
    progress = client.api("POST", f"/runs/{run.id}/heartbeat", {"question_ids": []}).json()["progress"]
    shown = client.api("GET", f"/runs/{run.id}").json()
    health = client.api("GET", f"/runs/{run.id}/health").json()
    return {
        **{f"progress {name}": progress[name] for name in (*COUNTED, "actions_total", "inferred_total")},
        **{f"run {name}": shown[name] for name in RUN},
        **{f"queue {name}": health["queue"][name] for name in ("ready", "leased")},
        **{f"cost {name}": health["cost"][name] for name in ("judged", "actions", "percent")},
    }


def shape(said: Any) -> Any:
    """Give what an object looks like: its fields and types, and the lengths of its lists."""
    if isinstance(said, dict):
        return {name: shape(value) for name, value in said.items()}
    if isinstance(said, list):
        return [shape(value) for value in said]
    return type(said).__name__


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {name: round(after[name] - before[name], 6) for name in before if after[name] != before[name]}


def seen_of(screen: Screen, id_: str, **says: Any) -> dict[str, Any]:
    """Answer, look at everything, preview the undo, take back and answer again; give all that can be compared."""
    client, run = screen.client, screen.run
    before = figures(client, run)
    said = screen.answer(id_, **says)
    assert said.status_code == 200, said.text
    after = figures(client, run)
    path = f"/runs/{run.id}/answers"
    preview = client.api("GET", f"{path}/{id_}/undo").json()
    listed = client.api("GET", f"{path}?limit=1").json()[0]
    undone = screen.undo(id_)
    back = figures(client, run)
    again = screen.answer(f"{id_}-again", **says).json()
    twice = screen.answer(f"{id_}-twice", **says)
    reply = said.json()
    return {
        "question": shape({**screen.question, "reason": screen.question["reason"]}),
        "fence": screen.fence,
        "reply": shape({name: value for name, value in reply.items() if name != "progress"}),
        "change": differences(before, after),
        "taken back": differences(after, back),
        "preview": preview,
        "listed": shape(listed),
        "undone": shape({name: value for name, value in undone.items() if name != "progress"}),
        "fences": (undone["lease"]["fence"], again["answer"]["late"]),
        "kind": listed["kind"],
        "actions": listed["actions"],
        "twice": (twice.status_code, twice.json()["error"]),
    }


def told_apart(one: Client, run: Any, asked: list[str], **says: Any) -> None:
    """Compare what a question says of itself with what the check beside it says."""
    found = screens(one, run, 6)
    real = [screen for screen in found if screen.question["id"] in asked]
    checks = [screen for screen in found if screen.question["id"] not in asked]
    assert len(real) == len(checks) == 3
    for i in range(2):  # the third stays: at the very end a figure may stand at 1
        assert seen_of(checks[i], f"check-{i}-00", **says) == seen_of(real[i], f"real-{i}-00", **says)


@pytest.mark.parametrize("verdict", ["same", "different", "unsure"])
def test_a_check_of_a_pair_says_of_itself_what_a_question_says(both: World, verdict: str):
    run, _, _ = checking(both, n=300)
    asked = both.ask(run, *((2 * i, 2 * i + 151) for i in range(10)))
    told_apart(both.annotator(), run, asked, verdict=verdict)


def test_beside_a_card_a_check_is_a_card_that_takes_odd_images_too(world: World):
    run, _, _ = checking(world, n=300)
    with world.scope() as session:
        from backend.store.models import Image

        for image in session.query(Image):
            image.identity = image.row // 10
    asked = publish(world, run, *(card(30 * i, 30 * i + 11, 30 * i + 12, 30 * i + 13) for i in range(9)))
    one = world.annotator()
    found = screens(one, run, 4)
    assert {screen.question["can_be_mixed"] for screen in found} == {True}
    for i, screen in enumerate(found):
        odd = [screen.question["right"]["images"][1]["id"]]
        said = screen.answer(f"answer-{i}", verdict="same", odd=odd)
        assert said.status_code == 200, said.text
        assert [tile["odd"] for tile in said.json()["answer"]["tiles"]] == [odd]
    assert sum(screen.question["id"] in asked for screen in found) == 2


def test_a_check_of_a_page_says_of_itself_what_a_page_says(both: World):
    run, _, _ = checking(both, n=300, truth=True)
    asked = publish(both, run, *(page(30 * i, [30 * i + 11], [30 * i + 1], ticked=[30 * i + 1]) for i in range(9)))
    one = both.annotator()
    found = screens(one, run, 6)
    seen = []
    for i, screen in enumerate(found[:4]):
        tiles = screen.tiles({rows[0]: "different" for rows in screen.rows})
        said = seen_of(screen, f"answer-{i}-00", tiles=tiles)
        n = len(screen.rows)
        for name in ("change", "taken back"):  # a check may have fewer tiles: then it changes that much less
            for figure in ("progress judged_total", "run judged", "cost judged"):
                said[name][figure] = said[name].get(figure, 0) / n
            said[name] = {key: value for key, value in said[name].items() if "percent" not in key}
        seen.append((screen.question["id"] in asked, said["change"].keys(), said["preview"], said["fences"]))
        assert said["change"]["progress judged_total"] == 1
        assert said["change"]["progress open_round"] == -1
    assert [real for real, *_ in seen] == [True, False, True, False]
    assert len({str(sorted(one[1])) + str(one[2:]) for one in seen}) == 1


def test_where_two_votes_are_wanted_a_check_looks_like_a_vote_that_waits(both: World):
    run, project, admin = checking(both, n=300)
    admin.api("PATCH", f"/projects/{project.id}", {"votes": 2})
    asked = both.ask(run, *((2 * i, 2 * i + 151) for i in range(10)))
    told_apart(both.annotator(), run, asked, verdict="same")


def test_leases_of_checks_run_out_with_the_others(both: World):
    run, _, _ = checking(both)
    both.ask(run, *((i, i + 12) for i in range(6)))
    leases = both.annotator().api("POST", f"/runs/{run.id}/leases", {"count": 6}).json()["leases"]
    assert len(leases) == 6
    assert len({lease["expires_at"] for lease in leases}) == 1


def test_checks_go_when_the_last_question_of_a_round_goes_and_stay_gone_when_the_run_is_over(both: World):
    run, _, _ = checking(both)
    asked = both.ask(run, *((i, i + 12) for i in range(3)))
    one = both.annotator()
    found = screens(one, run, 6)
    ids = [screen.question["id"] for screen in found]
    assert found[1].answer("answer-1", verdict="same").status_code == 200  # a check
    with both.scope() as session:
        questions.close_open(session, run.id, keep=asked[:1])
    kept = one.api("POST", f"/runs/{run.id}/heartbeat", {"question_ids": ids}).json()["withdrawn"]
    assert set(kept) == {*asked[1:], ids[1]}
    with both.scope() as session:
        questions.close_open(session, run.id)
    assert set(one.api("POST", f"/runs/{run.id}/heartbeat", {"question_ids": ids}).json()["withdrawn"]) == set(ids)
    late = found[3].answer("answer-2", verdict="same")
    assert (late.status_code, late.json()["answer"]["late"]) == (200, True)
    with both.scope() as session:
        runs.set_state(runs.get(session, run.id), RunState.DONE, utc_now())
    assert found[1].undo("answer-1")["lease"] is None
