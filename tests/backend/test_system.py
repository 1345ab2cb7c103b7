"""Health, figures, logs, headers, pages, and failures in one shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import text

from backend.cells import harmless, harmless_csv
from backend.store import workers
from backend.store.models import utc_now
from tests.backend.world import World, make_world


def test_the_process_is_alive_and_ready_and_tells_of_its_workers(both: World):
    client = both.anonymous()
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok", "workers": 0, "heartbeat_age": None}
    with both.scope() as session:
        workers.beat(session, "w", utc_now())
        workers.beat(session, "w", utc_now())
    said = client.get("/readyz").json()
    assert (said["workers"], said["heartbeat_age"] < 60) == (1, True)


def test_a_database_of_another_version_is_not_ready(world: World):
    with world.scope() as session:
        session.execute(text("DELETE FROM alembic_version"))
    said = world.anonymous().get("/readyz")
    assert (said.status_code, said.json()["error"]) == (503, "BusyError")
    assert said.headers["retry-after"]


def test_a_database_that_is_gone_is_said_so(tmp_path: Path):
    world = make_world(tmp_path, "postgresql+psycopg://nobody@127.0.0.1:1/none")
    client = world.anonymous()
    said = client.get("/readyz")
    assert (said.status_code, said.json()["error"]) == (503, "BusyError")
    assert client.get("/healthz").status_code == 200
    world.close()


def test_figures_count_requests_by_route_answers_and_open_questions(world: World):
    run, client = world.run(world.project()), world.annotator()
    ids = world.ask(run, (0, 1), (2, 3))
    body = {"id": "answer-1", "question_id": ids[0], "verdict": "same"}
    client.api("POST", f"/runs/{run.id}/answers", body)
    figures = client.get("/metrics").text
    assert 'ucal_answers_total{verdict="same"} 1.0' in figures
    assert "ucal_open_questions 1.0" in figures
    assert "ucal_worker_heartbeat_age_seconds -1.0" in figures
    assert 'ucal_jobs{state="waiting"} 1.0' in figures
    assert 'route="/runs/{run_id}/answers",status="200"' in figures
    assert run.id not in figures


def test_a_request_leaves_one_line_without_names(world: World):
    project, client = world.project(1), world.annotator("maria")
    me = client.api("GET", "/session").json()["person"]["id"]
    with structlog.testing.capture_logs() as lines:
        client.api("GET", f"/projects/{project.id}/images?limit=5")
    assert len(lines) == 1
    assert {key: lines[0][key] for key in ("event", "method", "route", "status", "person")} == {
        "event": "request",
        "method": "GET",
        "route": "/projects/{project_id}/images",
        "status": 200,
        "person": me,
    }
    assert "maria" not in str(lines)
    assert "0.jpg" not in str(lines)


def test_every_answer_carries_the_security_headers(world: World):
    client = world.anonymous()
    for path in ("/healthz", "/api/v1/projects", "/api/docs", "/api/openapi.json", "/nothing"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self'; img-src 'self' blob: data:")
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-request-id"]
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    ("verb", "path", "content", "status", "error"),
    [
        ("GET", "/api/v1/nothing", None, 404, "NotFoundError"),
        ("GET", "/api", None, 404, "NotFoundError"),
        ("PUT", "/api/v1/projects", "{}", 405, "MethodNotAllowedError"),
        ("POST", "/api/v1/projects", "{not json", 422, "ValidationError"),
        ("POST", "/api/v1/projects", "[]", 422, "ValidationError"),
        ("POST", "/api/v1/projects", '{"name": "x", "nane": "y"}', 422, "ValidationError"),
        ("POST", "/api/v1/projects", '{"name": "' + "x" * 121 + '"}', 422, "ValidationError"),
        ("POST", "/api/v1/projects", '{"name": "\\ud800"}', 422, "ValidationError"),
        ("GET", "/api/v1/projects/%00", None, 404, "NotFoundError"),
    ],
)
def test_failures_have_one_shape(world: World, verb: str, path: str, content: str | None, status: int, error: str):
    said = world.admin().request(verb, path, content=content, headers={"content-type": "application/json"})
    assert (said.status_code, said.json()["error"]) == (status, error), said.text
    assert set(said.json()) == {"error", "detail"}


@pytest.mark.services
def test_a_nul_is_refused_by_postgres_as_bad_input_and_not_as_a_fault(tmp_path: Path, postgres_migrated: str):
    world = make_world(tmp_path, postgres_migrated)
    admin = world.admin()
    for said in (admin.api("GET", "/projects/%00"), admin.api("POST", "/projects", {"name": "a\0b"})):
        assert (said.status_code, said.json()["error"]) == (422, "ValidationError")
    world.close()


def test_an_unforeseen_failure_says_nothing_of_the_inside(world: World, monkeypatch: pytest.MonkeyPatch):
    from backend.routes import projects

    def broken(*_: Any) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(projects.projects, "visible", broken)
    with structlog.testing.capture_logs() as lines:
        said = world.admin().api("GET", "/projects")
    assert (said.status_code, said.json()["error"]) == (500, "InternalError")
    assert "secret" not in said.text
    assert [line["status"] for line in lines if line["event"] == "request"] == [500]
    assert [str(line["exc_info"]) for line in lines if line["event"] == "unexpected_error"] == [
        "a secret of the inside"
    ]


# -- pages


def test_the_built_pages_are_served_with_the_right_caching(world: World):
    client = world.anonymous()
    assert client.get("/").status_code == 503
    assert "make setup" in client.get("/").text
    folder = world.settings.ui_dir
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>UCAL</title>")
    (folder / "assets" / "app-12ab.js").write_text("1")
    (folder.parent / "secret.txt").write_text("of the inside")
    for path in ("/", "/projects/abc", "/sign-in"):
        said = client.get(path)
        assert (said.text, said.headers["cache-control"]) == ("<!doctype html><title>UCAL</title>", "no-cache")
    script = client.get("/assets/app-12ab.js")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["content-type"].startswith("text/javascript")
    assert client.get("/assets/gone.js").status_code == 404
    assert script.headers["content-encoding"] == "gzip"
    assert script.headers["vary"] == "accept-encoding"
    plain = client.get("/assets/app-12ab.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == script.text == "1"
    for path in ("/..%2fsecret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "/%00"):
        assert "of the inside" not in client.get(path).text


def test_the_api_is_listed_on_a_page_that_loads_nothing_from_elsewhere(world: World):
    page = world.anonymous().get("/api/docs").text
    assert "/api/v1/runs/{run_id}/answers" in page
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page
    assert json.loads(world.anonymous().get("/api/openapi.json").text)["info"]["title"] == "UCAL"


# -- cells


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd", "'+cmd"),
        ("-x", "'-x"),
        ("@sum", "'@sum"),
        ("\tx", "'\tx"),
        ("-1", "-1"),
        ("+1.5e3", "+1.5e3"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_no_cell_is_taken_for_a_formula_and_numbers_stay_numbers(cell: str, expected: str):
    assert harmless(cell) == expected


def test_a_csv_keeps_its_cells_commas_and_quotes():
    assert harmless_csv('a,"b,""c"\n"=x\ny",-1\n') == 'a,"b,""c"\n"\'=x\ny",-1\n'
