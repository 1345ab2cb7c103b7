"""The cluster browser: what it lists, what an edit changes, that each can be undone, who said what of an image."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from backend.store import questions
from backend.store.models import Answer, Run, utc_now
from tests.backend.asked import card, page, publish, screens
from tests.backend.grouped import group, image_ids
from tests.backend.world import Client, World

LABELS = [0, 0, 0, 0, 1, 1, 1, 2, 2, -1, -1, -1]


class Scene:
    """A grouped run, its admin and its images."""

    def __init__(self, world: World) -> None:
        self.world, self.admin = world, world.admin()
        self.run: Run = world.run(world.project(12))
        group(world, self.run, LABELS)
        self.ids = image_ids(self.admin, self.run)
        self.count = 0

    def get(self, path: str, status: int = 200) -> Any:
        return self.said(self.admin.api("GET", f"/runs/{self.run.id}{path}"), status)

    def said(self, response: Any, status: int = 200) -> Any:
        assert response.status_code == status, response.text
        return response.json()

    def open(self, row: int, more: str = "") -> Any:
        return self.get(f"/clusters/{self.ids[row]}{more}")

    def rows(self, row: int) -> list[int]:
        return sorted(member["image"]["row"] for member in self.open(row)["members"])

    def edit(self, kind: str, row: int, rows: list[int] = (), status: int = 200, **more: Any) -> Any:  # type: ignore[assignment]
        self.count += 1
        body = {
            "id": f"edit-{self.count:04}",
            "kind": kind,
            "image": self.ids[row],
            "images": [self.ids[r] for r in rows],
        }
        if kind in ("split", "lock"):
            body["version"] = self.open(row)["version"]
        return self.said(self.admin.api("POST", f"/runs/{self.run.id}/edits", body | more), status)

    def undo(self, edit: Any) -> Any:
        return self.said(self.admin.api("POST", f"/runs/{self.run.id}/edits/{edit['id']}/undo"))

    def answer(self, id_: str, left: int, right: int, verdict: str = "same", client: Client | None = None) -> None:
        (question,) = self.world.ask(self.run, (left, right))
        body = {"id": id_, "question_id": question, "verdict": verdict, "shown": [self.ids[left], self.ids[right]]}
        self.said((client or self.admin).api("POST", f"/runs/{self.run.id}/answers", body))


@pytest.fixture
def scene(both: World) -> Scene:
    return Scene(both)


def test_clusters_are_listed_by_size_by_doubt_and_alone(scene: Scene):
    page = scene.get("/clusters")
    assert [cluster["size"] for cluster in page["clusters"]] == [4, 3, 2]
    totals = {key: page["totals"][key] for key in ("images", "clusters", "alone", "confirmed", "locked", "named")}
    assert totals == {"images": 12, "clusters": 3, "alone": 3, "confirmed": 0, "locked": 0, "named": 0}
    first = page["clusters"][0]
    assert sum(camera["images"] for camera in first["cameras"]) == 4
    assert first["confirmed"] == 0
    assert len(first["shown"]) == 4
    alone = scene.get("/clusters?sort=alone&limit=2")
    assert (alone["found"], [cluster["size"] for cluster in alone["clusters"]]) == (3, [1, 1])
    doubt = scene.get("/clusters?sort=doubt")["clusters"]
    assert [c["lowest"] for c in doubt] == sorted(c["lowest"] for c in doubt)
    scene.answer("answer-1", 7, 8)  # that cluster is no guess any more
    assert len(scene.get("/clusters?sort=doubt")["clusters"]) == 2


def test_an_open_cluster_tells_what_people_confirmed_from_what_the_model_guesses(scene: Scene):
    scene.answer("answer-1", 0, 1)
    scene.answer("answer-2", 9, 2)  # 9 was in no cluster
    found = scene.open(0)
    assert found["groups"] == [2, 2]
    group_of = {member["image"]["row"]: member["group"] for member in found["members"]}
    assert group_of == {0: 0, 1: 0, 2: 1, 9: 1, 3: None}
    by_camera = scene.open(0, "?order=camera")["members"]
    assert [member["image"]["camera"] for member in by_camera] == [0, 0, 1, 1, 1]
    assert len(scene.open(0, "?limit=2&offset=4")["members"]) == 1


def test_a_split_takes_the_chosen_images_out_and_its_undo_brings_them_back(scene: Scene):
    scene.answer("answer-1", 0, 1)
    edit = scene.edit("split", 0, [1, 2])
    assert edit["sizes"] == [2, 2]
    assert scene.rows(0) == [0, 3]
    assert not set(scene.rows(1)) & {0, 3}
    assert not set(scene.rows(2)) & {0, 3}
    assert scene.undo(edit)["undone"]
    assert scene.undo(edit)["undone"]  # twice is once
    assert scene.rows(0) == [0, 1, 2, 3]
    assert [one["undone"] for one in scene.get("/edits")] == [True]


def test_a_split_of_what_was_not_seen_is_refused(scene: Scene):
    version = scene.open(0)["version"]
    scene.answer("answer-1", 9, 0)
    said = scene.edit("split", 0, [1], status=409, version=version)
    assert said["error"] == "StaleError"
    assert scene.edit("split", 0, [], status=422)["error"] == "InvalidError"
    assert scene.edit("split", 0, [4], status=422)["error"] == "InvalidError"
    assert scene.edit("split", 0, [0, 1, 2, 3, 9], status=422)["error"] == "InvalidError"


def test_an_edit_sent_twice_counts_once_and_another_one_under_its_id_is_refused(scene: Scene):
    body = {"id": "edit-once", "kind": "name", "image": scene.ids[0], "text": "tall"}
    path = f"/runs/{scene.run.id}/edits"
    first = scene.said(scene.admin.api("POST", path, body))
    assert scene.said(scene.admin.api("POST", path, body)) == first
    assert len(scene.get("/edits")) == 1
    assert scene.said(scene.admin.api("POST", path, body | {"text": "short"}), 409)["error"] == "AnswerConflictError"


def test_a_merge_is_listed_newest_first_and_taken_apart(scene: Scene):
    scene.answer("answer-1", 9, 10)
    scene.answer("answer-2", 10, 11)
    merges = scene.get("/merges")["merges"]
    assert [merge["answer_id"] for merge in merges] == ["answer-2", "answer-1"]
    assert merges[0]["size"] == 3
    assert scene.get(f"/merges/{scene.ids[10]}/{scene.ids[11]}")["parts"] == [2, 1]
    edit = scene.edit("unmerge", 10, [11])
    assert scene.rows(10) == [9, 10]
    assert scene.rows(11) == [11]
    assert scene.get("/merges")["merges"][0]["apart"]
    scene.undo(edit)
    assert scene.rows(9) == [9, 10, 11]


def test_what_other_answers_join_too_is_not_taken_apart_by_one_merge(scene: Scene):
    for id_, pair in (("answer-1", (9, 10)), ("answer-2", (10, 11)), ("answer-3", (9, 11))):
        if id_ != "answer-3":
            scene.answer(id_, *pair)
    with scene.world.scope() as session:  # asked before it followed from the others
        facts = {"question_id": "q", "left_row": 9, "right_row": 11, "verdict": "same", "at": utc_now()}
        session.add(Answer(run_id=scene.run.id, id="answer-3", **facts))
    assert scene.get(f"/merges/{scene.ids[9]}/{scene.ids[11]}")["parts"] == []
    assert "split" in scene.edit("unmerge", 9, [11], status=422)["detail"]
    assert "nobody" in scene.edit("unmerge", 0, [1], status=422)["detail"]


def test_a_locked_cluster_is_confirmed_and_refuses_to_be_split(scene: Scene):
    edit = scene.edit("lock", 4)
    found = scene.open(4)
    assert found["cluster"]["locked"]
    assert found["groups"] == [3]
    assert [one["id"] for one in found["edits"]] == [edit["id"]]
    assert scene.open(0)["edits"] == []
    assert scene.get("/clusters?sort=locked")["found"] == 1
    assert scene.edit("split", 4, [5], status=409)["error"] == "StateError"
    assert scene.edit("lock", 4, status=409)["error"] == "StateError"
    scene.undo(edit)
    assert not scene.open(4)["cluster"]["locked"]


def test_a_lock_withdraws_what_is_asked_about_its_images_and_unlocking_asks_again(scene: Scene):
    touching, other = scene.world.ask(scene.run, (4, 9), (0, 1))
    edit = scene.edit("lock", 4)
    assert scene.world.question_state(scene.run, touching) == "settled"
    assert scene.world.question_state(scene.run, other) == "open"
    scene.undo(edit)
    assert scene.world.question_state(scene.run, touching) == "open"


def test_a_name_stays_with_its_image_and_leaves_with_an_empty_one(scene: Scene):
    scene.edit("name", 0, text="=Yellow coat")
    scene.edit("name", 4, text="Bicycle")
    assert scene.open(1)["cluster"]["names"] == ["=Yellow coat"]
    assert [c["names"] for c in scene.get("/clusters?sort=named")["clusters"]] == [["=Yellow coat"], ["Bicycle"]]
    scene.edit("split", 0, [0])
    assert scene.open(1)["cluster"]["names"] == []
    scene.edit("name", 4, text="")
    assert scene.get("/clusters?sort=named")["found"] == 1
    text = scene.admin.api("GET", f"/runs/{scene.run.id}/clusters.csv").text
    rows = {row["image"]: row for row in csv.DictReader(io.StringIO(text))}
    assert rows["0.jpg"]["name"] == "'=Yellow coat"  # no formula
    assert rows["4.jpg"]["cluster"] == rows["5.jpg"]["cluster"] != rows["1.jpg"]["cluster"]
    assert rows["9.jpg"]["cluster"] == ""


def test_an_images_history_says_who_said_what_seeing_what(scene: Scene):
    ann = scene.world.annotator("ann")
    scene.answer("answer-1", 0, 9, "different", ann)
    scene.answer("answer-2", 0, 1)
    scene.said(ann.api("POST", f"/runs/{scene.run.id}/answers/answer-1/undo"))
    scene.edit("name", 0, text="tall")
    found = scene.get(f"/images/{scene.ids[0]}/history")
    assert [(one["event"], one["kind"], one["verdict"], one["undone"]) for one in found["events"]] == [
        ("edit", "name", "", False),
        ("undo", "pair", "", False),
        ("answer", "pair", "same", False),
        ("answer", "pair", "different", True),
    ]
    first = found["events"][-1]
    assert (first["person"], first["other"]["row"]) == ("ann", 9)
    assert [image["row"] for image in first["shown"]] == [0, 9]
    assert found["size"] == 4


def test_a_history_has_the_undo_of_a_page_for_every_tile_and_the_odd_images_of_a_card(scene: Scene):
    world, run = scene.world, scene.run
    ann = world.annotator("ann")
    publish(world, run, page(0, [1], [2], [9]))
    [screen] = screens(ann, run)
    scene.said(screen.answer(tiles=screen.tiles({1: "same", 2: "different", 9: "different"})))
    screen.undo()
    events = scene.get(f"/images/{scene.ids[9]}/history")["events"]
    assert [(one["event"], one["undone"]) for one in events] == [("undo", False), ("answer", True)]
    with world.scope() as session:
        questions.close_open(session, run.id)
    publish(world, run, card(3, 4, 5))
    [shown] = screens(ann, run)
    scene.said(shown.answer("answer-0002", verdict="same", odd=[scene.ids[5]]))
    [event] = scene.get(f"/images/{scene.ids[5]}/history")["events"]
    assert (event["kind"], event["verdict"], event["other"]["row"]) == ("card", "different", 4)


def test_before_the_first_grouping_it_says_that_there_are_none(both: World):
    run = both.run(both.project())
    said = both.admin().api("GET", f"/runs/{run.id}/clusters")
    assert said.status_code == 409
    assert "not grouped" in said.json()["detail"]


def test_annotators_stay_blind(scene: Scene):
    ann = scene.world.annotator()
    for path in ("clusters", "merges", "edits", f"images/{scene.ids[0]}/history", f"clusters/{scene.ids[0]}"):
        assert ann.api("GET", f"/runs/{scene.run.id}/{path}").status_code == 403
    assert scene.get("/clusters/nothing-here", 404)["error"] == "NotFoundError"
