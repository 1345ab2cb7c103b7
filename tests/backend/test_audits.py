"""The random audit through the API: drawn once, looked up image by image, bounded when all are done."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.backend.grouped import group, image_ids
from tests.backend.world import World
from ucal import audit as core

LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, -1, -1, -1])
TRUTH = np.arange(12) // 3  # rows 3, 8 and 11 are in a wrong cluster or alone


class Audited:
    """A grouped run and its auditor, who knows the truth."""

    def __init__(self, world: World, images: int = 12) -> None:
        self.admin, self.run = world.admin(), world.run(world.project())
        group(world, self.run, LABELS.tolist())
        self.ids = image_ids(self.admin, self.run)
        said = self.admin.api("POST", f"/runs/{self.run.id}/audits", {"images": images})
        assert said.status_code == 201, said.text
        self.audit = said.json()

    @property
    def path(self) -> str:
        return f"/runs/{self.run.id}/audits/{self.audit['id']}"

    def task(self) -> Any:
        return self.admin.api("GET", f"{self.path}/next").json()

    def find(self, task: Any, **more: Any) -> Any:
        """Look an image up: say which mates are another identity, and which found images are its own."""
        own = TRUTH[task["image"]["row"]]
        wrong = [image["id"] for image in task["mates"] if TRUTH[image["row"]] != own]
        elsewhere = [image["id"] for image in task["found"] if TRUTH[image["row"]] == own]
        body = {"image": task["image"]["id"], "wrong": wrong, "elsewhere": elsewhere, "seconds": 3.0} | more
        return self.admin.api("POST", f"{self.path}/findings", body)


def test_an_audit_of_every_image_bounds_wrong_and_missed_links(both: World):
    scene = Audited(both)
    assert (scene.audit["images"], scene.audit["done"], scene.audit["wrong"]) == (12, 0, None)
    rows = []
    while (task := scene.task()) is not None:
        rows.append(task["image"]["row"])
        assert {image["row"] for image in task["mates"]} == {
            row for row in range(12) if LABELS[row] == LABELS[rows[-1]] >= 0 and row != rows[-1]
        }
        said = scene.find(task)
        assert said.status_code == 200, said.text
    assert rows == list(range(12))
    [audit] = scene.admin.api("GET", f"/runs/{scene.run.id}/audits").json()
    assert (audit["done"], audit["confidence"], audit["seconds"]) == (12, pytest.approx(0.975), 36.0)
    assert audit["wrong"]["n"] == 9  # three images have no mates
    assert 0 < audit["wrong"]["estimate"] <= audit["wrong"]["upper"] < 1
    assert 0 < audit["missed"]["estimate"] <= audit["missed"]["upper"] <= 1
    assert audit["actions"] >= 12


def test_a_later_audit_of_the_project_needs_more_confidence(world: World):
    scene = Audited(world, 5)
    second = scene.admin.api("POST", f"/runs/{scene.run.id}/audits", {"images": 5}).json()
    assert (scene.audit["attempt"], second["attempt"]) == (1, 2)
    assert second["confidence"] == core.confidence_of(2)


def test_a_finding_sent_twice_counts_once_and_another_one_is_refused(both: World):
    scene = Audited(both, 3)
    task = scene.task()
    assert scene.find(task).json()["done"] == 1
    assert scene.find(task).json()["done"] == 1
    others = [image["id"] for image in task["found"] if TRUTH[image["row"]] != TRUTH[task["image"]["row"]]]
    other = scene.find(task, elsewhere=others[:1])
    assert (other.status_code, other.json()["error"]) == (409, "AnswerConflictError")
    assert scene.task()["image"]["id"] != task["image"]["id"]


def test_what_was_not_drawn_or_not_shown_is_refused(world: World):
    scene = Audited(world, 3)
    task = scene.task()
    bodies: list[dict[str, Any]] = [
        {"image": "nothing"},
        {"image": task["found"][0]["id"], "wrong": [task["image"]["id"]]},
        {"wrong": [task["found"][0]["id"]]},
        {"elsewhere": [task["image"]["id"]]},
    ]
    for body in bodies:
        said = scene.find(task, **body)
        assert (said.status_code, said.json()["error"]) == (422, "InvalidError"), said.text
    assert scene.admin.api("GET", f"/runs/{scene.run.id}/audits/none/next").status_code == 404


def test_audits_are_for_admins(world: World):
    scene = Audited(world, 3)
    one = world.annotator()
    assert one.api("GET", f"/runs/{scene.run.id}/audits").status_code == 403
    assert one.api("POST", f"/runs/{scene.run.id}/audits", {}).status_code == 403


def test_the_newest_finding_is_taken_back_until_the_bounds_are_known(both: World):
    scene = Audited(both, 3)
    assert scene.admin.api("POST", f"{scene.path}/undo").status_code == 409  # nothing found yet
    first = scene.task()
    scene.find(first)
    second = scene.task()
    scene.find(second)
    said = scene.admin.api("POST", f"{scene.path}/undo")
    assert (said.status_code, said.json()["done"]) == (200, 1)
    assert scene.task()["image"] == second["image"]
    others = [image["id"] for image in second["found"] if TRUTH[image["row"]] != TRUTH[second["image"]["row"]]]
    assert scene.find(second, elsewhere=others[:1]).json()["done"] == 2  # found anew, with another result
    last = scene.find(scene.task()).json()
    assert last["done"] == 3
    assert last["passed"] == (max(last["wrong"]["upper"], last["missed"]["upper"]) <= last["allowed"] == core.ALLOWED)
    refused = scene.admin.api("POST", f"{scene.path}/undo")
    assert (refused.status_code, refused.json()["error"]) == (409, "ConflictError")


def test_only_what_one_found_oneself_is_taken_back(world: World):
    scene = Audited(world, 3)
    scene.find(scene.task())
    other = world.admin()
    assert other.api("POST", f"{scene.path}/undo").status_code == 409
    assert scene.admin.api("GET", f"/runs/{scene.run.id}/audits").json()[0]["done"] == 1


def test_an_audit_without_a_fault_passes_when_it_is_large_enough(world: World):
    admin, run = world.admin(), world.run(world.project(120))
    group(world, run, (np.arange(120) // 3).tolist())
    audit = admin.api("POST", f"/runs/{run.id}/audits", {"images": 100}).json()
    path = f"/runs/{run.id}/audits/{audit['id']}"
    assert audit["passed"] is None
    while (task := admin.api("GET", f"{path}/next").json()) is not None:
        audit = admin.api("POST", f"{path}/findings", {"image": task["image"]["id"]}).json()
    assert (audit["passed"], audit["wrong"]["count"], audit["missed"]["count"]) == (True, 0, 0)
    assert audit["wrong"]["upper"] == pytest.approx(1 - 0.0125 ** (1 / 100))
