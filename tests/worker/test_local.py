"""The embedded worker as a process: it works, stops when told, and does not outlive its server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from backend.migrate import upgrade
from backend.settings import Settings
from backend.store import workers
from backend.store.session import make_engine, make_factory, session_scope
from tests.services import wait_for
from tests.stack import stack

pytestmark = pytest.mark.slow

WORKER = ["python", "-m", "worker", "--embedded"]


def alive(folder: Path) -> list[str]:
    engine = make_engine(Settings(data_dir=folder / "data").database)
    try:
        with session_scope(make_factory(engine), read_only=True) as session:
            return [worker.name for worker in workers.known(session)]
    finally:
        engine.dispose()


def test_a_worker_says_that_it_is_there_and_stops_when_told(tmp_path: Path):
    upgrade(Settings(data_dir=tmp_path / "data").database)
    with stack(tmp_path, {}) as made:
        made.start("worker", WORKER)
        wait_for(lambda: alive(tmp_path), 60, "a heartbeat")
        process = made.processes["worker"]
        process.terminate()
        assert process.wait(20) == 0
        assert "worker_stopped" in made.log("worker")


def test_a_worker_ends_when_the_process_that_started_it_is_killed(tmp_path: Path):
    upgrade(Settings(data_dir=tmp_path / "data").database)
    with stack(tmp_path, {}) as made:
        starter = "import subprocess, sys; subprocess.Popen(sys.argv[1:]).wait()"
        made.start("server", [sys.executable, "-c", starter, *WORKER, "--with-parent"])
        wait_for(lambda: alive(tmp_path), 60, "a heartbeat")
        made.kill("server")
        wait_for(lambda: "worker_stopped" in made.log("server"), 20, "the worker's end")


def test_a_wrong_word_is_refused_with_usage():
    done = subprocess.run([sys.executable, "-m", "worker", "--nonsense"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "usage" in done.stderr
