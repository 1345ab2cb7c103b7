"""The server's commands: people on the server itself, everything else through the API."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import structlog

from backend import cli
from backend.auth import password_fits
from backend.serving import first_admin
from backend.store import people
from backend.store.session import make_engine, make_factory, session_scope
from tests.services import stop, wait_for
from ucal.errors import UcalError


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("UCAL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("UCAL_DATA_DIR", str(tmp_path))
    yield
    structlog.reset_defaults()  # a command writes its log to this test's standard error


def test_people_are_added_listed_and_shut_out(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    assert cli.main(["user", "add", "maria", "--role", "admin"]) == 0
    assert cli.main(["user", "add", "jan"]) == 0
    password = re.search(r"Password: (\S+)", capsys.readouterr().out)
    assert password is not None
    factory = make_factory(make_engine(f"sqlite:///{tmp_path}/ucal.sqlite3"))
    with session_scope(factory, read_only=True) as session:
        jan = people.by_name(session, "JAN")
    assert jan is not None
    assert not password_fits(jan.password_hash, "x")
    assert cli.main(["user", "disable", "jan"]) == 0
    assert cli.main(["user", "list"]) == 0
    said = capsys.readouterr().out
    assert "jan  annotator  (switched off)" in said
    assert "maria  admin" in said
    assert cli.main(["user", "link", "maria"]) == 0
    assert re.fullmatch(r"/sign-in#token=[\w-]{43}\n", capsys.readouterr().out)
    factory.kw["bind"].dispose()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["user", "password", "nobody"], "nobody is called 'nobody'"),
        (["project", "list"], "API token"),
        (["project", "list", "--token", "x", "--url", "http://127.0.0.1:1"], "cannot be reached"),
        (["serve", "--port", "70000"], "port: "),
    ],
)
def test_failures_are_one_line(words: list[str], said: str):
    with pytest.raises(UcalError, match=said) as error:
        cli.main(words)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("words", [["user"], ["run", "create"], ["project", "import", "x"], ["serve", "--prt", "1"]])
def test_wrong_usage_ends_with_two(words: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stop_:
        cli.main(words)
    assert stop_.value.code == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["serve"], ["demo"], ["user", "add"], ["project", "import"], ["run", "result"]])
def test_every_command_has_help_with_an_example(words: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stop_:
        cli.main([*words, "--help"])
    assert stop_.value.code == 0
    assert f"example:\n  ucal {words[0]}" in capsys.readouterr().out


def test_the_first_admin_is_made_once(sqlite_url: str):
    factory = make_factory(make_engine(sqlite_url))
    password = first_admin(factory)
    assert password is not None
    assert first_admin(factory) is None
    with session_scope(factory, read_only=True) as session:
        [admin] = people.admins(session)
    assert password_fits(admin.password_hash, password)
    assert not password_fits(admin.password_hash, password + "x")
    assert not password_fits(None, password)
    factory.kw["bind"].dispose()


# -- a real server


class Server:
    """`ucal serve` in a process of its own, without a worker."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "ucal", "serve", "--port", "0", "--data-dir", str(folder), "--no-worker"]
        self.log = folder / "serve.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        self.link = wait_for(self._link, 60, "a sign-in link")
        self.url = self.link.split("/sign-in")[0]
        wait_for(self._alive, 60, "an answer")

    def _link(self) -> str | None:
        found = re.search(r"(http://\S+/sign-in#token=\S+)", self.log.read_text())
        return found.group(1) if found else None

    def _alive(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz").status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    yield made
    stop(made.process)


@pytest.mark.slow
def test_a_server_starts_signs_in_by_its_link_is_driven_by_commands_and_ends_well(
    server: Server, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    assert "Password: " in server.log.read_text()
    with httpx.Client(base_url=f"{server.url}/api/v1", headers={"x-ucal": "1"}) as client:
        token = server.link.split("token=")[1]
        assert client.post("/session/link", json={"token": token}).json()["person"]["role"] == "admin"
        secret = client.post("/tokens", json={"label": "cli"}).json()["secret"]
    api = ["--url", server.url, "--token", secret]
    assert cli.main(["project", "create", "Yard", *api]) == 0
    assert cli.main(["project", "list", *api]) == 0
    assert "Yard  0 + 0 + 0 images  import none  0 runs" in capsys.readouterr().out
    with pytest.raises(UcalError, match=r"no images yet.* \(StateError, 409\)"):
        cli.main(["run", "create", "Yard", "--set", "epochs=2", *api])
    with pytest.raises(UcalError, match="fits 0"):
        cli.main(["run", "list", "Meadow", *api])
    with pytest.raises(UcalError, match="cannot listen"):
        cli.main(["serve", "--port", server.url.rsplit(":", 1)[1], "--data-dir", str(tmp_path / "other")])
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(20) == 0
    assert "Traceback" not in server.log.read_text()
    assert json.dumps(token) not in server.log.read_text().split("Sign in", 1)[1].split("\n", 1)[1]
