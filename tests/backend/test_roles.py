"""The matrix of roles, made from the OpenAPI document: every route, for nobody, an annotator and an admin."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from fastapi import APIRouter

from backend.deps import Access
from backend.main import _saying_who_may
from backend.openapi import document
from backend.store import images
from tests.backend.world import World


def operations() -> list[tuple[str, str, str]]:
    paths = json.loads(document())["paths"]
    return [(verb.upper(), path, what["x-access"]) for path, verbs in paths.items() for verb, what in verbs.items()]


OPERATIONS = operations()
OPEN = {("POST", "/api/v1/session"), ("POST", "/api/v1/session/link")}


def test_only_signing_in_and_health_are_open_to_everyone():
    found = {(verb, path) for verb, path, access in OPERATIONS if access == Access.EVERYONE}
    assert found == OPEN | {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")}


def test_every_route_of_the_contract_says_who_may():
    told = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    known = {path.removeprefix("/api/v1") for _, path, _ in OPERATIONS}
    for verb_and_path in re.findall(r"`(?:GET|POST|PATCH|DELETE) (/[^`?]*)", told):
        wanted = re.sub(r"\{[^}]*\}", "{}", verb_and_path)
        assert wanted in {re.sub(r"\{[^}]*\}", "{}", path) for path in known}, verb_and_path


def test_an_application_with_a_route_without_policy_does_not_start():
    router = APIRouter()
    router.add_api_route("/open", lambda: None)
    with pytest.raises(TypeError, match="exactly one policy"):
        _saying_who_may(router)


def test_roles_times_verbs_times_routes(world: World):
    clients = {"nobody": world.anonymous(), "annotator": world.annotator(), "admin": world.admin()}
    wrong = []
    for verb, path, access in OPERATIONS:
        url = re.sub(r"\{[^}]*\}", "nothing-such", path).replace("export/nothing-such", "export/result.json")
        if (verb, path) in {("DELETE", "/api/v1/session")}:
            continue  # would sign the others' client out
        for role, client in clients.items():
            status = client.request(verb, url, json={}).status_code
            expected_refusal = {"nobody": 401, "annotator": 403}.get(role)
            refused = (role == "nobody" and access != Access.EVERYONE) or (
                role == "annotator" and access == Access.ADMIN
            )
            good = status == expected_refusal if refused else status not in (401, 403) and status < 500
            if not good:
                wrong.append((role, verb, path, access, status))
    assert wrong == []


def test_a_project_for_members_does_not_exist_for_others(world: World):
    project = world.project(everyone=False)
    run = world.run(project)
    one, admin = world.annotator("one"), world.admin()
    me = one.api("GET", "/session").json()["person"]["id"]
    with world.scope(read_only=True) as session:
        image = images.by_rows(session, project.id, [0])[0].id
    paths = [f"/projects/{project.id}", f"/projects/{project.id}/images", f"/projects/{project.id}/runs"]
    paths += [f"/runs/{run.id}", f"/runs/{run.id}/metrics", f"/runs/{run.id}/answers", f"/images/{image}"]
    assert [one.api("GET", path).status_code for path in paths] == [404] * len(paths)
    assert one.api("POST", f"/runs/{run.id}/leases", {}).status_code == 404
    assert one.api("GET", "/projects").json() == []
    assert admin.api("POST", f"/projects/{project.id}/members", {"person_id": me}).status_code == 204
    assert [one.api("GET", path).status_code for path in paths] == [200] * len(paths)
    assert [person["name"] for person in admin.api("GET", f"/projects/{project.id}/members").json()] == ["one"]
    admin.api("DELETE", f"/projects/{project.id}/members/{me}")
    assert one.api("GET", paths[0]).status_code == 404
