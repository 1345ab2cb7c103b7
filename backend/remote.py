"""The server's API for the command line: one small client, and what `ucal project` and `ucal run` do with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from ucal.errors import UcalError

Json = Any
_POLL_SECONDS = 1.0
OVER = ("done", "failed", "cancelled")


class Remote:
    """A signed-in client. Failures are `UcalError`s in the server's own words."""

    def __init__(self, url: str, token: str | None) -> None:
        if not token:
            raise UcalError("expected an API token (--token, or UCAL_TOKEN); the pages make one under your name")
        self.url = url.rstrip("/")
        self._headers = {"authorization": f"Bearer {token}"}

    def __call__(self, verb: str, path: str, body: Json = None, file: Path | None = None) -> Json:
        """Send one request and give the answer's JSON."""
        try:
            answer = self._send(verb, f"{self.url}/api/v1{path}", body, file)
        except httpx.TransportError as error:
            raise UcalError(f"{self.url}: cannot be reached ({error}); start the server with `ucal serve`") from error
        if answer.is_success:
            return answer.json() if answer.content else None
        raise UcalError(_words(answer))

    def _send(self, verb: str, url: str, body: Json, file: Path | None) -> httpx.Response:
        if file is None:
            return httpx.request(verb, url, json=body, headers=self._headers, timeout=60.0)
        with file.open("rb") as content:
            files = {"file": (file.name, content)}
            return httpx.request(verb, url, files=files, headers=self._headers, timeout=None)

    def project(self, name: str) -> Json:
        """Find a project by id or name."""
        return _one(self("GET", "/projects"), name, "project")

    def follow_import(self, project_id: str, say: Callable[[str], None]) -> Json:
        """Wait for an import, saying how far it is."""
        before = ""
        while True:
            project = self("GET", f"/projects/{project_id}")
            report = project["imported"]
            line = f"{report['state']}: {report['done']} of {report['total']} files"
            if line != before:
                say(line)
                before = line
            if report["state"] == "failed":
                raise UcalError(f"the import failed: {report['error']}")
            if report["state"] == "done":
                return project
            time.sleep(_POLL_SECONDS)

    def follow_run(self, run_id: str, say: Callable[[str], None]) -> Json:
        """Wait for a run's end, saying what it does."""
        before = ""
        while True:
            run = self("GET", f"/runs/{run_id}")
            line = run_line(run)
            if line != before:
                say(line)
                before = line
            if run["state"] in OVER:
                return run
            time.sleep(_POLL_SECONDS)


def run_line(run: Json) -> str:
    """Put a run in one line."""
    waiting = f", waiting for {run['waiting_for']}" if run["waiting_for"] else ""
    error = f": {run['error']}" if run["error"] else ""
    counts = f"{run['answered']} answers, {run['inferred']} inferred"
    return f"{run['id']}  {run['state']}{error}{waiting}  round {run['round'] + 1} of {run['rounds']}  {counts}"


def project_line(project: Json) -> str:
    """Put a project in one line."""
    report = project["imported"]
    bad = f", {report['bad_files']} bad files" if report["bad_files"] else ""
    counts = f"{project['images']} + {project['queries']} + {project['gallery']} images"
    return f"{project['id']}  {project['name']}  {counts}{bad}  import {report['state']}  {project['runs']} runs"


def _one(found: list[Json], name: str, what: str) -> Json:
    fitting = [item for item in found if item["id"] == name] or [item for item in found if item["name"] == name]
    if len(fitting) != 1:
        raise UcalError(f"{what}: expected the id or the name of one, got {name!r}, which fits {len(fitting)}")
    return fitting[0]


def _words(answer: httpx.Response) -> str:
    try:
        said = answer.json()
        return f"{said['detail']} ({said['error']}, {answer.status_code})"
    except (ValueError, KeyError, TypeError):
        return f"the server answered {answer.status_code}"
