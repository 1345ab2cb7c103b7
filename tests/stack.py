"""The product as processes: server and workers started as a person would start them, and a client that signs in."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.services import HOST, free_port, stop, wait_for

BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parent.parent
OVER = ("done", "failed", "cancelled")


@dataclass
class Stack:
    """Processes with one environment, each with its log."""

    folder: Path
    env: dict[str, str]
    port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, command: Sequence[str], more: Mapping[str, str] | None = None) -> None:
        """Start a process; its output goes to NAME.log."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("UCAL_")}
        environment |= {"PATH": f"{BIN}:{os.environ['PATH']}", "OMP_NUM_THREADS": "1", **self.env, **(more or {})}
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                list(command), cwd=ROOT, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def run(self, name: str, command: Sequence[str]) -> None:
        """Run a process to its end, which must be a good one."""
        self.start(name, command)
        assert self.processes.pop(name).wait(120) == 0, self.log(name)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a process."""
        self.processes[name].send_signal(number)

    def kill(self, name: str) -> None:
        """End a process as a lost machine would."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def log(self, name: str) -> str:
        """Give what a process said."""
        path = self.folder / f"{name}.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def close(self) -> None:
        """End everything."""
        for process in self.processes.values():
            stop(process)

    def wait_until_served(self, seconds: float = 60) -> None:
        """Wait until the server says that it can serve."""

        def ready() -> bool:
            assert self.processes["server"].poll() is None, self.log("server")
            try:
                return httpx.get(f"http://{HOST}:{self.port}/readyz", timeout=2).status_code == 200
            except httpx.TransportError:
                return False

        wait_for(ready, seconds, "the server", every=0.1)


@contextmanager
def stack(folder: Path, env: Mapping[str, str]) -> Iterator[Stack]:
    """Give a stack whose processes end with the test."""
    pages = (
        {"UCAL_UI_DIR": os.environ["E2E_UI_DIR"]} if "E2E_UI_DIR" in os.environ else {}
    )  # a build beside the usual one
    made = Stack(folder, {"UCAL_DATA_DIR": str(folder / "data"), **pages, **env})
    try:
        yield made
    finally:
        made.close()


@dataclass
class Client:
    """A program that uses the API as the admin."""

    http: httpx.Client

    def call(self, verb: str, path: str, body: Any = None) -> Any:
        """Call, expect success, give the JSON."""
        answer = self.http.request(verb, path, json=body)
        assert answer.is_success, f"{verb} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def project(self, name: str, how: str, body: dict[str, Any], seconds: float = 60) -> dict[str, Any]:
        """Make a project and import into it."""
        made = self.call("POST", "/projects", {"name": name})
        self.call("POST", f"/projects/{made['id']}/import/{how}", body)

        def imported() -> Any:
            found = self.call("GET", f"/projects/{made['id']}")
            assert found["imported"]["state"] != "failed", found["imported"]["error"]
            return found["imported"]["state"] == "done" and found

        return wait_for(imported, seconds, "the import")

    def start_run(self, project_id: str, config: dict[str, Any]) -> str:
        """Start a run."""
        return self.call("POST", f"/projects/{project_id}/runs", {"config": config})["id"]

    def wait_for_run(self, run_id: str, seconds: float = 120) -> dict[str, Any]:
        """Wait until a run is over and give it; it must not have failed."""

        def over() -> Any:
            run = self.call("GET", f"/runs/{run_id}")
            return run["state"] in OVER and run

        run = wait_for(over, seconds, "the run's end", every=0.2)
        assert run["state"] == "done", run
        return run

    def result(self, run_id: str) -> dict[str, Any]:
        """Give a finished run's result."""
        return self.call("GET", f"/runs/{run_id}/result")

    def hashes(self, run_id: str) -> list[str]:
        """Give the cluster hash of each round."""
        return [report["cluster_hash"] for report in self.result(run_id)["rounds"]]

    def answer_ids(self, run_id: str) -> list[str]:
        """Give the ids of a finished run's answers, in the log's order."""
        answer = self.http.get(f"/runs/{run_id}/export/answers.jsonl")
        assert answer.is_success, answer.text
        return [json.loads(line)["id"] for line in answer.text.splitlines()]


@contextmanager
def signed_in(made: Stack) -> Iterator[Client]:
    """Sign in with the password that the first start printed."""
    found = wait_for(lambda: re.search(r"Password: (\S+)", made.log("server")), 10, "the admin's password")
    address = f"http://{HOST}:{made.port}"
    headers = {"X-UCAL": "1", "Origin": address}
    with httpx.Client(base_url=f"{address}/api/v1", headers=headers, timeout=30) as http:
        client = Client(http)
        client.call("POST", "/session", {"name": "admin", "password": found.group(1)})
        yield client
