"""Pairs of known truth: they look like any other, never enter the memory, and tell how often each person is right."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import pytest

from backend.store import answers, gold, leases, questions, runs
from backend.store.models import Image, Question, utc_now
from tests.backend.test_questions import PAIRS, answer, leased
from tests.backend.world import Client, World


def checking(world: World, *, truth: bool = True, rate: float = 0.5, n: int = 30) -> tuple[Any, Any, Client]:
    """Give a run of a project that checks after every question, its project, and an admin."""
    project, admin = world.project(n, truth=truth), world.admin()
    assert admin.api("PATCH", f"/projects/{project.id}", {"gold_rate": rate}).status_code == 200
    return world.run(project), project, admin


def image_ids(world: World, project: Any) -> dict[int, str]:
    with world.scope(read_only=True) as session:
        return {image.row: image.id for image in session.query(Image).filter_by(project_id=project.id)}


def wishes(client: Client, run: Any, count: int = 12, held: list[str] | None = None) -> list[dict[str, Any]]:
    said = client.api("POST", f"/runs/{run.id}/leases", {"count": count, "held": held or []})
    assert said.status_code == 200, said.text
    return [lease["question"] for lease in said.json()["leases"]]


def state_of(world: World, run: Any, id_: str) -> tuple[str, str | None]:
    with world.scope(read_only=True) as session:
        found = session.get_one(Question, (run.id, id_))
        return found.state, found.gold


@pytest.fixture(autouse=True)
def alternating(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every second question be a check at a rate of a half: the dice cannot be foretold otherwise."""
    monkeypatch.setattr(gold.mix, "__defaults__", (Dice([0.9, 0.1]),))


class Dice:
    """Gives the same numbers again and again."""

    def __init__(self, numbers: list[float]) -> None:
        self._numbers = cycle(numbers)

    def random(self) -> float:
        return next(self._numbers)


def test_checks_are_mixed_in_at_the_projects_rate_and_look_like_any_other(both: World):
    run, _, _ = checking(both)
    asked = both.ask(run, *PAIRS)
    one = both.annotator()
    shown = wishes(one, run, 12)
    checks = [question for question in shown if question["id"] not in asked]
    assert len(checks) == 4  # one between each two
    assert [question["id"] for question in shown[::2]] == asked
    real = shown[0]
    for check in checks:
        assert check.keys() == real.keys()
        assert (check["kind"], check["reason"], check["round"]) == (real["kind"], real["reason"], real["round"])
        assert len(check["id"]) == len(real["id"])
        assert [side["size"] for side in (check["left"], check["right"])] == [1, 1]
        left, right = check["left"]["images"][0]["row"], check["right"]["images"][0]["row"]
        truth = "same" if left // 3 == right // 3 else "different"  # three pictures of each identity
        assert state_of(both, run, check["id"]) == ("gold", truth)
    assert len({question["id"] for question in shown}) == 9


def test_no_more_comes_than_was_asked_for_and_what_finds_no_room_goes_back(both: World):
    run, _, _ = checking(both)
    asked = both.ask(run, *PAIRS)
    one, two = both.annotator(), both.annotator()
    shown = [question["id"] for question in wishes(one, run, 4)]
    assert (len(shown), shown[::2]) == (4, asked[:2])
    assert set(asked[2:]) <= {question["id"] for question in wishes(two, run, 12)}


def test_the_rate_is_a_share_of_what_is_asked(world: World):
    run, _, _ = checking(world, rate=0.25, n=60)
    world.ask(run, *((2 * i, 2 * i + 1) for i in range(30)))
    person = world.person("p")
    with world.scope() as session:
        given = leases.lease(session, run.id, person.id, (40, []), utc_now())
        dice = Dice([0.3, 0.26, 0.24, 0.9])
        gold.mix(session, runs.get(session, run.id), person.id, (40, given), utc_now(), dice)
        assert [one.question.state for one in given.given] == ["open", "open", "gold", "open"] * 10


def test_the_answer_to_a_check_counts_for_the_person_and_never_for_the_memory(both: World):
    run, _, admin = checking(both)
    asked = both.ask(run, *PAIRS)
    one = both.annotator("ann")
    shown = wishes(one, run, 12)
    before = one.api("POST", f"/runs/{run.id}/heartbeat", {"question_ids": asked}).json()["progress"]
    checks = [question["id"] for question in shown if question["id"] not in asked]
    for i, id_ in enumerate(checks[:4]):
        truth = state_of(both, run, id_)[1]
        wrong = {"same": "different", "different": "same"}[str(truth)]
        said = one.api("POST", f"/runs/{run.id}/answers", answer(id_, wrong if i == 3 else truth, f"answer-{i}"))
        assert (said.status_code, said.json()["withdrawn"]) == (200, [])
        after = said.json()["progress"]
        assert (after["answered_by_me"], after["answered_round"]) == (i + 1, before["answered_round"] + i + 1)
        assert after["open_round"] == before["open_round"] - i - 1
    with both.scope(read_only=True) as session:
        assert answers.read_log(session, run.id) == []
        assert questions.counts(session, run.id, utc_now())[:2] == (5, 5)
    [person] = admin.api("GET", f"/runs/{run.id}/quality").json()["people"]
    assert (person["gold"], person["gold_right"], person["careless"]) == (4, 3, False)
    assert person["gold_interval"] == [
        pytest.approx(0.3006, abs=1e-4),
        pytest.approx(0.9544, abs=1e-4),
    ]  # Wilson, 3 of 4


def test_a_check_is_one_persons_own_and_comes_back_until_it_is_answered(both: World):
    run, _, _ = checking(both)
    asked = both.ask(run, *PAIRS)
    one, two = both.annotator(), both.annotator()
    check = next(question["id"] for question in wishes(one, run, 2) if question["id"] not in asked)
    refused = two.api("POST", f"/runs/{run.id}/answers", answer(check, id_="answer-of-two"))
    assert (refused.status_code, refused.json()["error"]) == (404, "NotFoundError")
    assert check in [question["id"] for question in wishes(one, run, 4)]  # the page was reloaded
    one.api("POST", f"/runs/{run.id}/answers", answer(check, id_="answer-of-one"))
    assert check not in [question["id"] for question in wishes(one, run, 12)]
    said = one.api("POST", f"/runs/{run.id}/answers/answer-of-one/undo").json()
    assert said["lease"]["question"]["id"] == check
    again = one.api("POST", f"/runs/{run.id}/answers", answer(check, "different", "answer-again"))
    assert again.status_code == 200


def test_a_check_put_back_is_given_again_before_a_new_one_is_made(both: World):
    run, _, _ = checking(both)
    asked = both.ask(run, *PAIRS)
    one = both.annotator()
    check = next(question["id"] for question in wishes(one, run, 2) if question["id"] not in asked)
    one.api("POST", f"/runs/{run.id}/release", {"question_ids": [check]})
    assert [question["id"] for question in wishes(one, run, 2, held=[asked[0]])] == [asked[1], check]


def test_a_check_put_back_for_later_does_not_come_before_the_others_as_no_question_does(both: World):
    run, _, _ = checking(both)
    asked = both.ask(run, *PAIRS)
    one = both.annotator()
    check = next(question["id"] for question in wishes(one, run, 2) if question["id"] not in asked)
    one.api("POST", f"/runs/{run.id}/release", {"question_ids": [check], "later": True})
    assert check not in [question["id"] for question in wishes(one, run, 12, held=[asked[0]])]


def test_groups_of_a_check_are_as_large_as_those_it_stands_beside(world: World):
    run, _, _ = checking(world)
    with world.scope() as session:  # ten pictures of each identity
        for image in session.query(Image):
            image.identity = image.row // 10
    world.ask(run, (20, 21))
    large = world.ask_large(run, range(6), range(12, 18))
    _, check, real = wishes(world.annotator(), run, 3)
    assert (real["id"], state_of(world, run, check["id"])[0]) == (large, "gold")
    for side in ("left", "right"):
        assert len(check[side]["images"]) == len(real[side]["images"]) == 5
        assert check[side]["size"] == real[side]["size"] == 6
    rows = [image["row"] for side in ("left", "right") for image in check[side]["images"]]
    assert len(set(rows)) == 10


def test_without_known_truth_nothing_is_mixed_in_until_an_admin_marks_a_pair(both: World):
    run, project, admin = checking(both, truth=False)
    asked = both.ask(run, *PAIRS)
    one = both.annotator()
    assert [question["id"] for question in wishes(one, run, 2)] == asked[:2]
    ids = image_ids(both, project)
    path = f"/projects/{project.id}/gold"
    assert admin.api("POST", path, {"left": ids[20], "right": ids[9], "same": True}).status_code == 204
    assert admin.api("POST", path, {"left": ids[9], "right": ids[20], "same": False}).status_code == 204
    found = admin.api("GET", path).json()
    assert [(pair["left"]["row"], pair["right"]["row"], pair["same"]) for pair in found["marked"]] == [(9, 20, False)]
    assert found["known"] == 0
    shown = wishes(one, run, 3, held=asked[:2])
    [check] = [question for question in shown if question["id"] not in asked]  # once: there is one pair
    assert {check["left"]["images"][0]["row"], check["right"]["images"][0]["row"]} == {9, 20}
    assert state_of(both, run, check["id"]) == ("gold", "different")
    assert admin.api("DELETE", f"{path}/{ids[20]}/{ids[9]}").status_code == 204
    assert admin.api("GET", path).json()["marked"] == []


def test_only_pairs_of_the_projects_own_images_can_be_marked_and_only_by_admins(world: World):
    _, project, admin = checking(world)
    ids = image_ids(world, project)
    path = f"/projects/{project.id}/gold"
    for left, right in ((ids[0], ids[0]), (ids[0], "no-such-image")):
        said = admin.api("POST", path, {"left": left, "right": right, "same": True})
        assert (said.status_code, said.json()["error"]) == (422, "InvalidError")
    one = world.annotator()
    assert one.api("GET", path).status_code == 403
    assert one.api("POST", path, {"left": ids[0], "right": ids[1], "same": True}).status_code == 403


def test_questions_of_earlier_rounds_with_known_truth_serve_as_checks(world: World):
    run, _, _ = checking(world)
    old = world.ask(run, (0, 1), (3, 9))
    one, two = world.annotator(), world.annotator()
    for i, verdict in enumerate(("same", "different")):
        one.api("POST", f"/runs/{run.id}/answers", answer(old[i], verdict, f"answer-{i}"))
    with world.scope() as session:
        runs.get(session, run.id).round = 1
    new = world.ask(run, (12, 15), (18, 21), (24, 27), round_=1)
    checks = [question for question in wishes(two, run, 5) if question["id"] not in new]
    rows = {(check["left"]["images"][0]["row"], check["right"]["images"][0]["row"]) for check in checks}
    assert rows == {(0, 1), (3, 9)}
    assert all(check["round"] == 1 for check in checks)


def test_one_marked_pair_checks_everybody(both: World):
    run, project, admin = checking(both, truth=False)
    ids = image_ids(both, project)
    admin.api("POST", f"/projects/{project.id}/gold", {"left": ids[20], "right": ids[22], "same": True})
    asked = both.ask(run, *PAIRS)
    given = [wishes(both.annotator(), run, 2) for _ in range(2)]
    checks = [question["id"] for some in given for question in some if question["id"] not in asked]
    assert len(set(checks)) == 2
    assert {len(id_) for id_ in checks} == {32}


def test_a_pair_that_checks_somebody_and_is_then_really_asked_becomes_a_question(both: World):
    run, project, admin = checking(both, truth=False)
    ids = image_ids(both, project)
    admin.api("POST", f"/projects/{project.id}/gold", {"left": ids[6], "right": ids[7], "same": True})
    first = both.ask(run, (0, 1), (2, 3))
    one, two = both.annotator(), both.annotator()
    check = next(question["id"] for question in wishes(one, run, 2) if question["id"] not in first)
    one.api("POST", f"/runs/{run.id}/answers", answer(check, id_="answer-1"))
    assert both.ask(run, (6, 7)) == [check]
    assert both.question_state(run, check) == "open"
    assert check in leased(two, run.id)
    two.api("POST", f"/runs/{run.id}/answers", answer(check, "different", "answer-2"))
    with both.scope(read_only=True) as session:
        assert [one.id for one in answers.read_log(session, run.id)] == ["answer-2"]


def test_who_was_checked_by_a_pair_may_answer_it_when_it_is_really_asked(both: World):
    run, project, admin = checking(both, truth=False)
    ids = image_ids(both, project)
    admin.api("POST", f"/projects/{project.id}/gold", {"left": ids[6], "right": ids[7], "same": True})
    first = both.ask(run, (0, 1), (2, 3))
    one = both.annotator()  # the only one there is
    check = next(question["id"] for question in wishes(one, run, 2) if question["id"] not in first)
    one.api("POST", f"/runs/{run.id}/answers", answer(check, id_="answer-1"))
    assert admin.api("PATCH", f"/projects/{project.id}", {"votes": 2}).status_code == 200
    both.ask(run, (6, 7))
    assert check in leased(one, run.id)
    said = one.api("POST", f"/runs/{run.id}/answers", answer(check, "different", "answer-2"))
    assert said.status_code == 200, said.text
    assert both.question_state(run, check) == "open"  # it wants as many votes as any other
    again = one.api("POST", f"/runs/{run.id}/answers", answer(check, "different", "answer-3")).json()
    assert again["error"] == "AlreadyAnsweredError"
    with both.scope(read_only=True) as session:
        assert list(gold.records(session, project.id).values()) == [(1, 1)]


def test_an_admin_who_takes_a_check_back_does_not_hold_it(both: World):
    run, _, admin = checking(both)
    asked = both.ask(run, *PAIRS)
    one = both.annotator()
    check = next(question["id"] for question in wishes(one, run, 4) if question["id"] not in asked)
    one.api("POST", f"/runs/{run.id}/answers", answer(check, id_="answer-1"))
    assert admin.api("POST", f"/runs/{run.id}/answers/answer-1/undo").json()["lease"] is None
    assert check not in leased(admin, run.id)
