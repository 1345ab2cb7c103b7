"""One download that reproduces a run."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile

from backend.store.models import Edit
from tests.backend.world import World
from ucal.config import RunConfig
from ucal.types import Answer, Kind


def opened(world: World, run_id: str) -> zipfile.ZipFile:
    said = world.admin().api("GET", f"/runs/{run_id}/snapshot")
    assert said.status_code == 200
    return zipfile.ZipFile(io.BytesIO(said.content))


def test_a_snapshot_holds_settings_versions_images_and_all_that_was_said(both: World):
    run = both.run(both.project(6), seed=7)
    (question,) = both.ask(run, (0, 1))
    admin = both.admin()
    body = {"id": "answer-1", "question_id": question, "verdict": "same"}
    assert admin.api("POST", f"/runs/{run.id}/answers", body).status_code == 200
    assert admin.api("POST", f"/runs/{run.id}/answers/answer-1/undo").status_code == 200
    admin.api("PATCH", f"/runs/{run.id}/budget", {"budget": 9})
    with both.scope() as session:
        session.add(Edit(run_id=run.id, id="edit-0001", kind="lock", groups=[[2, 3]], person_id="p", round=0))
    archive = opened(both, run.id)
    config = json.loads(archive.read("config.json"))
    assert RunConfig.from_dict(config).seed == 7
    about = json.loads(archive.read("run.json"))
    assert [(change["setting"], change["after"]) for change in about["changes"]] == [("budget", 9)]
    assert "person" not in about["changes"][0]
    log = [Answer.from_json(json.loads(line)) for line in archive.read("answers.jsonl").splitlines()]
    assert [(one.kind, one.retracts) for one in log] == [(Kind.PAIR, None), (Kind.PAIR, "answer-1"), (Kind.LOCK, None)]
    rows = list(csv.DictReader(io.StringIO(archive.read("images.csv").decode())))
    assert [row["row"] for row in rows] == ["0", "1", "2", "3", "4", "5"]
    picture = both.settings.data_dir / "pictures" / "3.jpg"
    assert rows[3]["sha256"] == hashlib.sha256(picture.read_bytes()).hexdigest()
    assert json.loads(archive.read("versions.json"))["numpy"]
    assert both.annotator().api("GET", f"/runs/{run.id}/snapshot").status_code == 403
    assert list(both.settings.runs_dir.glob("*.zip")) == []


def test_a_snapshot_holds_single_votes_and_the_answers_to_known_pairs_too(world: World):
    project, admin = world.project(6), world.admin()
    admin.api("PATCH", f"/projects/{project.id}", {"votes": 2})
    run = world.run(project)
    (question,) = world.ask(run, (0, 1))
    for name in ("one", "two"):
        body = {"id": f"answer-{name}", "question_id": question, "verdict": "same"}
        assert world.annotator(name).api("POST", f"/runs/{run.id}/answers", body).status_code == 200
    archive = opened(world, run.id)
    assert len(archive.read("answers.jsonl").splitlines()) == 1  # their verdict
    votes = [Answer.from_json(json.loads(line)) for line in archive.read("votes.jsonl").splitlines()]
    assert [vote.id for vote in votes] == ["answer-one", "answer-two"]
    about = json.loads(archive.read("run.json"))
    assert (about["votes"], about["second_votes"], about["gold_rate"]) == (2, "all", 0.0)


def test_an_image_that_is_gone_is_said_and_does_not_keep_the_rest_away(world: World):
    run = world.run(world.project(3))
    gone = world.settings.data_dir / "pictures" / "1.jpg"
    gone.unlink()
    rows = list(csv.DictReader(io.StringIO(opened(world, run.id).read("images.csv").decode())))
    assert rows[1]["sha256"] == "not readable now: cannot be read: no such file"
    assert len(rows[2]["sha256"]) == 64
