"""Agreement and accuracy, against examples worked by hand, and through the API."""

from __future__ import annotations

from typing import Any

import pytest

from backend.agreement import cohen_kappa, krippendorff_alpha, wilson
from tests.backend.test_questions import answer
from tests.backend.world import World


def units(first: str, second: str) -> list[dict[str, str]]:
    return [{"a": one, "b": two} for one, two in zip(first, second, strict=True)]


def test_alpha_of_two_people_is_that_of_krippendorffs_example():
    # Krippendorff, "Computing Krippendorff's alpha-reliability", example A: two observers, ten binary units.
    assert krippendorff_alpha(units("0100000000", "1110010010")) == pytest.approx(0.095, abs=0.001)


def test_alpha_takes_units_of_any_number_of_votes():
    votes = [{"a": "s", "b": "s", "c": "d"}, {"a": "d", "b": "d"}, {"a": "s"}]
    # n = 5: o_ss = 1, o_sd = o_ds = 1, o_dd = 2 (2/2 of the first unit's, 2 of the second's); n_s = 2, n_d = 3.
    assert krippendorff_alpha(votes) == pytest.approx(1 - 4 * 2 / 12)


def test_kappa_is_that_of_a_worked_example():
    # 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: p_o = 0.7, p_e = 0.5.
    first, second = "y" * 25 + "n" * 25, "y" * 20 + "n" * 5 + "y" * 10 + "n" * 15
    assert cohen_kappa(units(first, second)) == pytest.approx(0.4)


def test_where_chance_alone_agrees_nothing_is_said():
    assert krippendorff_alpha(units("sss", "sss")) is None
    assert cohen_kappa(units("sss", "sss")) is None
    assert krippendorff_alpha([]) is None
    assert cohen_kappa([{"a": "s", "b": "s"}, {"c": "s"}]) is None


def test_wilsons_interval_is_that_of_a_worked_example():
    low, high = wilson(8, 10) or (0.0, 0.0)
    assert (low, high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
    assert wilson(0, 0) is None


def test_a_runs_quality_names_what_each_got_right_and_the_disagreements(world: World):
    project = world.project()  # rows 0..2 are one identity, 3..5 the next
    admin = world.admin()
    admin.api("PATCH", f"/projects/{project.id}", {"votes": 2})
    run = world.run(project)
    ids = world.ask(run, (0, 1), (3, 4), (2, 3))
    clients = {name: world.annotator(name) for name in ("careful", "careless")}
    said = {"careful": ("same", "same", "different"), "careless": ("same", "different", "same")}
    for name, client in clients.items():
        for i, verdict in enumerate(said[name]):
            body = answer(ids[i], verdict, f"{name}-{i:04}", seconds=2.0)
            assert client.api("POST", f"/runs/{run.id}/answers", body).status_code == 200
    found: dict[str, Any] = admin.api("GET", f"/runs/{run.id}/quality").json()
    people = {one["name"]: one for one in found["people"]}
    assert {name: (one["checked"], one["right"]) for name, one in people.items()} == {
        "careful": (3, 3),
        "careless": (3, 1),
    }
    assert people["careful"]["median_seconds"] == 2.0
    assert (found["judged_twice"], found["disagreements"]) == (3, 2)
    # 6 votes, 4 of them "same"; o_sd + o_ds = 4; alpha = 1 - 5 * 4 / (36 - 16 - 4)
    assert found["alpha"] == pytest.approx(1 - 5 * 4 / 16)
    listed = admin.api("GET", f"/runs/{run.id}/disagreements").json()
    assert listed["total"] == 2
    assert [(one["left"]["row"], one["right"]["row"], one["verdict"]) for one in listed["items"]] == [
        (2, 3, None),
        (3, 4, None),
    ]
    votes = {vote["person"]: vote["verdict"] for vote in listed["items"][0]["votes"]}
    assert votes == {"careful": "different", "careless": "same"}
    assert len(admin.api("GET", f"/runs/{run.id}/disagreements?offset=1&limit=1").json()["items"]) == 1
    third = world.annotator()
    third.api("POST", f"/runs/{run.id}/answers", answer(ids[2], "different", "third-0001"))
    assert admin.api("GET", f"/runs/{run.id}/disagreements").json()["items"][0]["verdict"] == "different"
    for path in ("quality", "disagreements"):
        assert clients["careful"].api("GET", f"/runs/{run.id}/{path}").status_code == 403


def test_an_undone_answer_is_not_compared(world: World):
    run = world.run(world.project())
    [id_] = world.ask(run, (0, 1))
    one = world.annotator()
    one.api("POST", f"/runs/{run.id}/answers", answer(id_))
    one.api("POST", f"/runs/{run.id}/answers/answer-0001/undo")
    assert world.admin().api("GET", f"/runs/{run.id}/quality").json()["people"] == []


def test_an_invite_link_signs_in_once(world: World):
    admin, person = world.admin(), world.person("guest")
    made = admin.api("POST", f"/people/{person.id}/link").json()
    guest = world.anonymous()
    assert guest.api("POST", "/session/link", {"token": made["token"]}).json()["person"]["name"] == "guest"
    assert world.anonymous().api("POST", "/session/link", {"token": made["token"]}).status_code == 401
    assert world.browser(person).api("POST", f"/people/{person.id}/link").status_code == 403


def test_a_new_project_is_for_its_members_only(world: World):
    admin, one = world.admin(), world.annotator("member")
    project = admin.api("POST", "/projects", {"name": "Private"}).json()
    assert project["everyone"] is False
    assert one.api("GET", f"/projects/{project['id']}").status_code == 404
    person = one.api("GET", "/session").json()["person"]
    assert admin.api("POST", f"/projects/{project['id']}/members", {"person_id": person["id"]}).status_code == 204
    assert one.api("GET", f"/projects/{project['id']}").status_code == 200
