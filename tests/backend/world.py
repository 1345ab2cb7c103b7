"""A small server for tests: its store, people in every role, a project with pictures, a run that asks."""

from __future__ import annotations

import dataclasses
import secrets
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from PIL import Image as Pillow

from backend.auth import fingerprint
from backend.main import create_app
from backend.project_schemas import ProjectNew
from backend.run_schemas import RunState
from backend.schemas import Role
from backend.settings import Settings
from backend.store import logins, people, projects, questions, runs
from backend.store.models import Image, Person, Project, Run, utc_now
from backend.store.session import session_scope
from ucal import types as core
from ucal.config import RunConfig
from ucal.types import Reason

with warnings.catch_warnings():  # it asks for another HTTP client that nobody ships yet
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

API = "/api/v1"
PASSWORD = "correct horse battery"


class Client(TestClient):
    """A browser (cookie and header) or a program (token)."""

    def api(self, verb: str, path: str, body: Any = None, **more: Any) -> Any:
        return self.request(verb, API + path, json=body, **more)


@dataclass
class World:
    settings: Settings
    app: FastAPI = field(init=False)

    def __post_init__(self) -> None:
        self.app = create_app(self.settings)
        self.sessions = self.app.state.context.sessions

    def close(self) -> None:
        self.sessions.kw["bind"].dispose()

    def scope(self, **more: Any) -> Any:
        return session_scope(self.sessions, **more)

    # -- people

    def person(self, name: str, role: Role = Role.ANNOTATOR, password_hash: str | None = None) -> Person:
        with self.scope() as session:
            return people.create(session, name, password_hash, role)

    def person_in(self, session: Any, name: str) -> Person:
        return people.create(session, name, None, Role.ANNOTATOR)

    def anonymous(self, **headers: str) -> Client:
        return Client(self.app, raise_server_exceptions=False, headers={"x-ucal": "1"} | headers)

    def browser(self, person: Person) -> Client:
        secret = secrets.token_urlsafe(16)
        with self.scope() as session:
            logins.start(session, fingerprint(secret), person.id, utc_now())
        client = self.anonymous()
        client.cookies.set("ucal_session", secret)
        return client

    def admin(self) -> Client:
        return self.browser(self.person(f"admin-{secrets.token_hex(3)}", Role.ADMIN))

    def annotator(self, name: str = "") -> Client:
        return self.browser(self.person(name or f"annotator-{secrets.token_hex(3)}"))

    # -- projects and runs

    def project(self, n: int = 12, *, everyone: bool = True, truth: bool = True) -> Project:
        """Make a project of n pictures, three of each identity."""
        with self.scope() as session:
            project = projects.create(session, ProjectNew(name="Yard", everyone=everyone))
            folder = self.settings.data_dir / "pictures"
            folder.mkdir(exist_ok=True)
            for row in range(n):
                path = folder / f"{row}.jpg"
                if not path.exists():
                    Pillow.new("RGB", (32, 64), (20 * row % 256, 90, 120)).save(path)
                facts = {"key": f"{row}.jpg", "path": str(path), "identity": row // 3 + 1 if truth else None}
                size = {"width": 32, "height": 64, "camera": row % 2}
                session.add(Image(project_id=project.id, split="train", row=row, **facts, **size))
            project.import_state, project.n_train = "done", n
            project.n_identities = -(-n // 3) if truth else None
            return project

    def run(self, project: Project, state: RunState = RunState.ASKING, **config: Any) -> Run:
        """Make a run that asks people (no worker touches it)."""
        with self.scope() as session:
            settings = RunConfig.from_dict({"annotator": "people", "query_from": 0, "epochs": 3, **config})
            run = runs.create(session, session.get_one(Project, project.id), "", settings)
            runs.set_state(run, state, utc_now())
            return run

    def ask(self, run: Run, *pairs: tuple[int, int], round_: int = 0) -> list[str]:
        asked = [question(left, right, round_) for left, right in pairs]
        with self.scope() as session:
            questions.publish(session, run.id, asked)
        return [one.id for one in asked]

    def ask_large(self, run: Run, left: Sequence[int], right: Sequence[int]) -> str:
        """Ask about two groups, of which up to five images each are shown."""
        asked = question(left[0], right[0])
        rows = {"left_rows": tuple(left[:5]), "right_rows": tuple(right[:5])}
        asked = dataclasses.replace(asked, **rows, left_size=len(left), right_size=len(right))
        with self.scope() as session:
            questions.publish(session, run.id, [asked])
        return asked.id

    def question_state(self, run: Run, question_id: str) -> str:
        with self.scope(read_only=True) as session:
            found = questions.find(session, run.id, question_id)
            assert found is not None
            return found.state


def question(left: int, right: int, round_: int = 0) -> core.Question:
    id_ = core.question_id(round_, Reason.MERGE, left, right)
    return core.Question(id_, left, right, (left,), (right,), Reason.MERGE, 0.5, round_)


def make_world(folder: Path, url: str | None, **more: Any) -> World:
    (folder / "import").mkdir(exist_ok=True)
    more = {"import_roots": [folder / "import"], "mode": "embedded", "ui_dir": folder / "ui"} | more
    return World(Settings(data_dir=folder / "data", database_url=url, redis_url=None, **more))
