"""Runs: made, controlled, claimed by one worker at a time, saved with a version check."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from backend.errors import StaleError
from backend.run_schemas import RunState
from backend.store import jobs, questions, runs
from backend.store.models import Job, Run, utc_now
from backend.store.runs import Saved
from tests.backend.world import World


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        ({"preset": "no-such"}, "ConfigError", "preset"),
        ({"config": {"epoch": 3}}, "ConfigError", "did you mean epochs"),
        ({"config": {"epochs": 0}}, "ConfigError", "epochs: expected 1"),
        ({"config": {"weights": "/etc/passwd"}}, "BadPathError", "path"),
        ({"config": {"weights": "import/none.safetensors"}}, "NotFoundError", "path"),
        ({"nonsense": 1}, "ValidationError", "nonsense"),
    ],
)
def test_a_run_with_impossible_settings_is_refused_in_words(world: World, body: dict[str, Any], error: str, words: str):
    said = world.admin().api("POST", f"/projects/{world.project().id}/runs", body)
    assert (said.status_code // 100, said.json()["error"]) == (4, error)
    assert words in said.json()["detail"]


def test_a_preset_is_the_start_and_config_changes_it(world: World):
    admin, project = world.admin(), world.project()
    presets = {preset["name"]: preset for preset in admin.api("GET", "/presets").json()}
    assert presets["demo"]["config"]["annotator"] == "people"
    said = admin.api("POST", f"/projects/{project.id}/runs", {"preset": "demo", "config": {"seed": 7}, "name": "one"})
    assert said.status_code == 201
    run = said.json()
    assert run["config"] == presets["demo"]["config"] | {"seed": 7}
    assert (run["state"], run["waiting_for"], run["name"]) == ("queued", "the worker", "one")
    assert admin.api("GET", f"/projects/{project.id}").json()["active_run"] == run["id"]
    assert [found["id"] for found in admin.api("GET", f"/projects/{project.id}/runs").json()] == [run["id"]]
    with world.scope(read_only=True) as session:
        assert jobs.pending(session, f"advance_run:{run['id']}")


def test_a_benchmarks_variant_starts_the_run_that_ucal_benchmark_would_start(world: World):
    from ucal.benchmark.plan import Choice, make_plan
    from ucal.benchmark.presets import benchmark

    admin, project = world.admin(), world.project()
    tables = {table["name"]: table for table in admin.api("GET", "/benchmarks").json()}
    assert {"market1501-table2", "generated"} <= set(tables)
    cells = {cell.variant.name: cell for cell in make_plan(benchmark("generated"), Choice((3,))).cells}
    listed = {variant["name"]: variant for variant in tables["generated"]["variants"]}
    assert set(cells) <= set(listed)
    assert listed["random"]["answers_of"] == "both"
    for name in ("snps", "supervised"):
        body = {"preset": listed[name]["preset"], "config": {"seed": 3}}
        run = admin.api("POST", f"/projects/{project.id}/runs", body).json()
        assert run["config"] == cells[name].config.to_dict() == listed[name]["config"] | {"seed": 3}
    wrong = admin.api("POST", f"/projects/{project.id}/runs", {"preset": "generated:best"})
    assert (wrong.status_code // 100, wrong.json()["error"]) == (4, "ConfigError")
    assert "expected one of baseline, snps" in wrong.json()["detail"]


def test_a_run_needs_images_and_an_oracle_needs_truth(world: World):
    admin = world.admin()
    empty, unlabelled = world.project(0), world.project(4, truth=False)
    assert admin.api("POST", f"/projects/{empty.id}/runs", {}).json()["error"] == "StateError"
    said = admin.api("POST", f"/projects/{unlabelled.id}/runs", {"config": {"annotator": "oracle"}})
    assert (said.status_code, said.json()["error"]) == (422, "InvalidError")
    said = admin.api("POST", f"/projects/{unlabelled.id}/runs", {"config": {"annotator": "people"}})
    assert said.status_code == 201


def test_a_run_nobody_works_on_pauses_resumes_and_is_cancelled_at_once(both: World):
    run, admin = both.run(both.project()), both.admin()
    [id_] = both.ask(run, (0, 1))

    def act(action: str) -> Any:
        return admin.api("PATCH", f"/runs/{run.id}", {"action": action}).json()

    paused = act("pause")
    assert (paused["state"], paused["pausing"], paused["waiting_for"]) == ("paused", False, "somebody to resume it")
    assert act("pause")["error"] == "StateError"
    assert act("proceed")["error"] == "StateError"
    resumed = act("resume")
    assert (resumed["state"], resumed["waiting_for"]) == ("asking", "1 answer")
    assert act("resume")["error"] == "StateError"
    act("proceed")
    with both.scope(read_only=True) as session:
        assert runs.get(session, run.id).control == "proceed"
    cancelled = act("cancel")
    assert (cancelled["state"], cancelled["stopped"]) == ("cancelled", "cancelled")
    assert cancelled["finished_at"] is not None
    assert act("resume")["error"] == "StateError"
    assert both.question_state(run, id_) == "closed"


def test_a_worker_at_work_is_told_to_pause_and_hears_it(both: World):
    run, admin = both.run(both.project(), RunState.TRAINING), both.admin()
    with both.scope() as session:
        assert runs.claim(session, run.id, "w1", utc_now()) is not None
    said = admin.api("PATCH", f"/runs/{run.id}", {"action": "pause"}).json()
    assert (said["state"], said["pausing"]) == ("training", True)
    with both.scope() as session:
        assert runs.heartbeat(session, run.id, "w1", utc_now(), {"what": "train", "done": 1, "total": 2}) == "pause"
    assert admin.api("GET", f"/runs/{run.id}").json()["progress"] == {"what": "train", "done": 1, "total": 2}
    with both.scope() as session:
        runs.pause(runs.get(session, run.id), utc_now())
        runs.release(session, run.id, "w1")
        assert runs.claim(session, run.id, "w1", utc_now()) is None
    assert admin.api("PATCH", f"/runs/{run.id}", {"action": "resume"}).json()["state"] == "training"


def test_one_worker_at_a_time_until_its_lease_runs_out(both: World):
    run, now = both.run(both.project()), utc_now()
    with both.scope() as session:
        assert runs.claim(session, run.id, "w1", now) is not None
        assert runs.claim(session, run.id, "w2", now) is None
        assert runs.claim(session, run.id, "w1", now) is not None
        assert runs.claim(session, run.id, "w2", now + runs.LEASE) is not None
        assert runs.heartbeat(session, run.id, "w1", now, None) == "lost"
        runs.release(session, run.id, "w1")
        assert runs.get(session, run.id).lease_owner == "w2"


def test_a_step_is_saved_only_on_the_state_it_was_made_from(both: World):
    run = both.run(both.project())
    saved = Saved("{}", RunState.TRAINING, 1, runs.Counts(inferred=5, conflicts=1))
    with both.scope() as session:
        assert runs.save_state(session, run.id, 0, saved, utc_now()) == 1
        with pytest.raises(StaleError, match="expected version 0, found 1"):
            runs.save_state(session, run.id, 0, saved, utc_now())
    shown = both.admin().api("GET", f"/runs/{run.id}").json()
    assert (shown["state"], shown["round"], shown["inferred"], shown["conflicts"]) == ("training", 1, 5, 1)


def test_more_pairs_than_a_short_integer_holds_are_counted(both: World):
    run = both.run(both.project())
    counts = runs.Counts(inferred=70_000 * 69_999 // 2, known=2**31)
    with both.scope() as session:
        runs.save_state(session, run.id, 0, Saved("{}", RunState.TRAINING, 0, counts), utc_now())
    with both.scope() as session:
        found = runs.get(session, run.id)
        assert (found.inferred, found.known) == (counts.inferred, counts.known)


def test_a_wish_to_go_on_is_spent_when_the_run_stops_asking(world: World):
    run = world.run(world.project())
    world.admin().api("PATCH", f"/runs/{run.id}", {"action": "proceed"})
    with world.scope() as session:
        runs.save_state(session, run.id, 0, Saved("{}", RunState.ASKING, 0), utc_now())
        assert runs.get(session, run.id).control == "proceed"
        runs.save_state(session, run.id, 1, Saved("{}", RunState.TRAINING, 0), utc_now())
        assert runs.get(session, run.id).control == "none"


def test_the_sweeper_wakes_runs_that_nobody_works_on(both: World):
    project, now = both.project(), utc_now()
    lost, silent, asking, busy, over = (both.run(project, state) for state in SWEPT)
    with both.scope() as session:
        for job in session.query(Job):
            job.state = "idle"
        runs.claim(session, silent.id, "dead", now - timedelta(minutes=5))
        runs.claim(session, busy.id, "alive", now)
        session.flush()
        assert set(runs.sweep_stale(session, now)) == {lost.id, silent.id}
        session.flush()
        assert runs.sweep_stale(session, now) == []
        assert runs.claim(session, silent.id, "w2", now) is not None
    assert asking.state == "asking"
    assert over.state == "done"


SWEPT = (RunState.TRAINING, RunState.CLUSTERING, RunState.ASKING, RunState.EMBEDDING, RunState.DONE)


def test_a_failed_run_says_why_and_keeps_its_answers(world: World):
    run = world.run(world.project())
    [id_] = world.ask(run, (0, 1))
    with world.scope() as session:
        runs.fail(session, run.id, "out of memory. All answers are kept.", utc_now())
    shown = world.admin().api("GET", f"/runs/{run.id}").json()
    assert (shown["state"], shown["error"], shown["open"]) == ("failed", "out of memory. All answers are kept.", 0)
    assert world.question_state(run, id_) == "closed"


def report(round_: int) -> dict[str, Any]:
    zeros = dict.fromkeys(("answers", "actions", "inferred", "conflicts", "clusters", "outliers"), 0)
    nothing = dict.fromkeys(("pairwise", "ari", "mAP", "rank1", "rank5", "rank10", "mINP", "loss"))
    return (
        {"round": round_, "human_seconds": 0.0, "cost_percent": 0.0, "cluster_hash": "x", "seconds": {}}
        | zeros
        | nothing
    )


def test_figures_are_replaced_by_round_and_step_and_thinned(both: World):
    run = both.run(both.project())
    with both.scope() as session:
        for round_ in (1, 0, 1):
            runs.save_report(session, run.id, round_, report(round_))
        runs.save_losses(session, run.id, [(step, step // 100, float(step)) for step in range(1500)])
        runs.save_losses(session, run.id, [(1499, 14, -1.0)])
    shown = both.annotator().api("GET", f"/runs/{run.id}/metrics").json()
    assert [found["round"] for found in shown["rounds"]] == [0, 1]
    assert len(shown["losses"]) <= 600
    assert shown["losses"][-1] == {"step": 1499, "round": 14, "loss": -1.0}


def test_result_and_files_are_there_when_the_run_is_done(world: World):
    run, admin = world.run(world.project()), world.admin()
    said = admin.api("GET", f"/runs/{run.id}/result")
    assert (said.status_code, said.json()["error"]) == (409, "StateError")
    folder = world.settings.runs_dir / run.id
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps({"n": 12, "final": None}))
    (folder / "identities.csv").write_text("key,identity\n=cmd.jpg,-1\n-a.jpg,3\n")
    with world.scope() as session:
        runs.save_state(session, run.id, 0, Saved("{}", RunState.DONE, 2, stopped="all rounds are done"), utc_now())
    assert admin.api("GET", f"/runs/{run.id}/result").json() == {"n": 12, "final": None}
    csv = admin.api("GET", f"/runs/{run.id}/export/identities.csv")
    assert csv.text == "key,identity\n'=cmd.jpg,-1\n'-a.jpg,3\n"
    assert csv.headers["content-disposition"].startswith("attachment; ")
    assert admin.api("GET", f"/runs/{run.id}/export/features.npz").status_code == 404
    assert admin.api("GET", f"/runs/{run.id}/export/..%2f..%2fucal.sqlite3").status_code in (404, 422)


def test_a_downloaded_file_is_named_after_its_run_whatever_its_characters(world: World):
    run = world.run(world.project(), RunState.DONE)
    folder = world.settings.runs_dir / run.id
    folder.mkdir(parents=True)
    (folder / "identities.csv").write_text("key\n")
    with world.scope() as session:
        session.get_one(Run, run.id).name = "狗/1"
    said = world.admin().api("GET", f"/runs/{run.id}/export/identities.csv")
    assert said.headers["content-disposition"] == "attachment; filename*=utf-8''%E7%8B%97-1-identities.csv"


def test_all_files_come_in_one_zip_that_is_not_left_behind(world: World):
    import io
    import zipfile

    run, admin = world.run(world.project(), RunState.DONE), world.admin()
    folder = world.settings.runs_dir / run.id
    folder.mkdir(parents=True)
    (folder / "result.json").write_text("{}")
    (folder / "identities.csv").write_text("key\n@x\n")
    (folder / "state.json").write_text("not for export")
    said = admin.api("GET", f"/runs/{run.id}/export/all.zip")
    with zipfile.ZipFile(io.BytesIO(said.content)) as archive:
        assert sorted(archive.namelist()) == ["identities.csv", "result.json"]
        assert archive.read("identities.csv") == b"key\n'@x\n"
    assert list(world.settings.runs_dir.glob("*.zip")) == []


def test_counts_of_a_run_are_those_of_its_questions(world: World):
    run, client = world.run(world.project()), world.annotator()
    ids = world.ask(run, (0, 1), (2, 3), (4, 5))
    client.api("POST", f"/runs/{run.id}/leases", {"count": 2})
    client.api("POST", f"/runs/{run.id}/answers", {"id": "answer-1", "question_id": ids[0], "verdict": "unsure"})
    shown = client.api("GET", f"/runs/{run.id}").json()
    assert [shown[name] for name in ("asked", "answered", "open", "leased")] == [3, 1, 2, 1]
    with world.scope() as session:
        questions.close_open(session, run.id, keep=[ids[1]])
        assert session.get_one(Run, run.id) is not None
    assert world.question_state(run, ids[2]) == "closed"
