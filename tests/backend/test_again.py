"""A database that goes away for a moment costs people a wait, not an answer."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from backend.again import Again, is_passing, mark
from backend.store import answers
from backend.store.session import COMMITTING
from tests.backend.test_questions import answer
from tests.backend.world import World, make_world
from tests.services import HOST


class Gate:
    """Stands before a database: `shut` cuts all connections and refuses new ones, `open` lets them through again."""

    def __init__(self, url: str) -> None:
        self._behind = (urlsplit(url).hostname or HOST, urlsplit(url).port or 5432)
        self._listening = socket.create_server((HOST, 0))
        self.port = int(self._listening.getsockname()[1])
        self._ends: list[socket.socket] = []
        self._start()

    def open(self) -> None:
        self._listening = socket.create_server((HOST, self.port))
        self._start()

    def shut(self) -> None:
        for end in (self._listening, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._thread.join()
        self._ends.clear()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._accept, args=(self._listening,), daemon=True)
        self._thread.start()

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listening.accept()
                far = socket.create_connection(self._behind)
                self._ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while part := one.recv(65536):
                other.sendall(part)
        with suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def gated(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[World, Gate]]:
    from tests.backend.conftest import _emptied

    url = _emptied(request.getfixturevalue("postgres_migrated"))
    gate = Gate(url)
    parts = urlsplit(url)
    through = parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@{HOST}:{gate.port}").geturl()
    world = make_world(tmp_path, through, database_wait=20.0)
    yield world, gate
    world.close()
    gate.shut()


@pytest.mark.services
def test_an_answer_outwaits_a_database_that_comes_back(gated: tuple[World, Gate]):
    world, gate = gated
    run = world.run(world.project())
    [id_] = world.ask(run, (0, 1))
    one = world.annotator()
    gate.shut()
    timer = threading.Timer(0.5, gate.open)
    timer.start()
    said = one.api("POST", f"/runs/{run.id}/answers", answer(id_))
    timer.join()
    assert said.status_code == 200, said.text
    with world.scope(read_only=True) as session:
        assert [event.id for event in answers.read_log(session, run.id)] == ["answer-0001"]


@pytest.mark.services
def test_a_database_that_stays_away_is_said_with_when_to_try_again(gated: tuple[World, Gate]):
    world, gate = gated
    run = world.run(world.project())
    one = world.annotator()
    for middleware in world.app.user_middleware:
        if middleware.cls is Again:
            middleware.kwargs["seconds"] = 0.2
    gate.shut()
    said = one.api("GET", f"/runs/{run.id}")
    gate.open()
    assert (said.status_code, said.json()["error"]) == (503, "BusyError")
    assert int(said.headers["retry-after"]) > 0
    assert one.api("GET", f"/runs/{run.id}").status_code == 200


# -- what is done again ------------------------------------------------------------------------


def lost(kind: type[Exception] = psycopg.OperationalError) -> OperationalError:
    return OperationalError("select 1", {}, kind("gone"))


def test_only_faults_of_postgresql_that_left_nothing_behind_are_done_again():
    assert is_passing(lost())
    assert is_passing(lost(psycopg.errors.SerializationFailure))
    assert is_passing(lost(psycopg.errors.DeadlockDetected))
    assert not is_passing(IntegrityError("insert", {}, psycopg.errors.UniqueViolation("twice")))
    late = lost()
    late.add_note(COMMITTING)
    assert not is_passing(late)
    import sqlite3

    assert not is_passing(OperationalError("select 1", {}, sqlite3.OperationalError("database is locked")))


def sent(app: Again, path: str = "/api/v1/runs") -> tuple[list[int], list[bytes]]:
    """Send a request of two parts; give the statuses and bodies that came back."""
    parts = [{"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.request", "body": b"b"}]
    got: list[Any] = []

    async def receive() -> Any:
        return parts.pop(0)

    async def send(message: Any) -> None:
        got.append(message)

    asyncio.run(app({"type": "http", "path": path}, receive, send))
    statuses = [message["status"] for message in got if message["type"] == "http.response.start"]
    return statuses, [message["body"] for message in got if message["type"] == "http.response.body"]


class Failing:
    """An application that fails so many times, then says what it received."""

    def __init__(self, times: int, error: Exception) -> None:
        self.left, self.error, self.calls = times, error, 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.calls += 1
        body = (await receive())["body"] + (await receive())["body"]
        self.left -= 1
        if self.left >= 0:
            mark(scope, self.error)
        await send({"type": "http.response.start", "status": 503 if self.left >= 0 else 200, "headers": []})
        await send({"type": "http.response.body", "body": body})


def test_a_request_is_sent_again_whole_until_it_succeeds():
    app = Failing(2, lost(psycopg.errors.DeadlockDetected))
    assert sent(Again(app, 30.0)) == ([200], [b"ab"])
    assert app.calls == 3


def test_what_does_not_pass_and_what_is_no_api_request_is_answered_at_once():
    assert sent(Again(Failing(9, IntegrityError("i", {}, psycopg.errors.UniqueViolation("twice"))), 30.0))[0] == [503]
    for path in ("/readyz", "/api/v1/projects/p/import/upload"):
        app = Failing(9, lost())
        assert sent(Again(app, 30.0), path)[0] == [503]
        assert app.calls == 1


def test_after_the_time_the_last_failure_is_sent_once():
    app = Failing(99, lost())
    assert sent(Again(app, 0.3)) == ([503], [b"ab"])
    assert app.calls > 1
