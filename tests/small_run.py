"""A small real run (generated images, the small net, a few rounds), started in each of the ways there are."""

from __future__ import annotations

import functools
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.stack import BIN, Client, Stack, signed_in, stack

CONFIG: dict[str, Any] = {
    "backbone": "small",
    "height": 48,
    "width": 24,
    "epochs": 4,
    "query_from": 1,
    "iterations": 16,  # long enough for a step to be hit in its middle
    "embed_batch": 1,  # and so is one image at a time
    "k1": 8,
    "k2": 3,
    "eps": 0.6,
    "min_samples": 2,
    "threads": 1,
    "device": "cpu",
}
WORKERS = {
    "embedded": ["python", "-m", "worker", "--embedded"],  # itself, not through `ucal worker`: tests kill it
    "deployed": ["celery", "-A", "worker.app", "worker", "--pool=solo", "--loglevel=info"],
}


@dataclass(frozen=True)
class Outcome:
    """What must be equal, however the run was made."""

    hashes: list[str]
    answer_ids: list[str]


def generate(folder: Path) -> Path:
    """Generate 12 identities seen by 3 cameras, in Market-1501 layout."""
    out = folder / "sets" / "small"
    command = ["synth", str(out), "--identities", "12", "--cameras", "3", "--images", "2", "--size", "48x24"]
    subprocess.run([str(BIN / "ucal"), *command], check=True, capture_output=True)
    return out


@functools.cache
def simulated(data: Path, policy: str = "ucal") -> Outcome:
    """Give the outcome of `ucal simulate` on this data (run once a policy)."""
    folder = data.parent.parent
    config = folder / f"{policy}.json"
    config.write_text(json.dumps(CONFIG | {"policy": policy}), encoding="utf-8")
    out, result = folder / f"simulated-{policy}", folder / f"simulated-{policy}.json"
    command = ["simulate", "--data", str(data), "--config", str(config), "--out", str(out), "--json", str(result)]
    done = subprocess.run([str(BIN / "ucal"), *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rounds = json.loads(result.read_text(encoding="utf-8"))["rounds"]
    assert rounds[-1]["answers"] > 5, "expected a run that asks"
    lines = (out / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    return Outcome([r["cluster_hash"] for r in rounds], [json.loads(line)["id"] for line in lines])


@contextmanager
def embedded(folder: Path, data: Path) -> Iterator[tuple[Stack, Client]]:
    """Start server and embedded worker on SQLite."""
    with _started(folder, {"UCAL_IMPORT_ROOT": str(data.parent)}, "embedded") as both:
        yield both


@contextmanager
def deployed(folder: Path, data: Path, database: str, broker: str) -> Iterator[tuple[Stack, Client]]:
    """Start server and Celery worker on PostgreSQL and Redis."""
    env = {"UCAL_IMPORT_ROOT": str(data.parent), "UCAL_DATABASE_URL": database, "UCAL_REDIS_URL": broker}
    with _started(folder, env, "deployed") as both:
        yield both


@contextmanager
def _started(folder: Path, env: dict[str, str], worker: str) -> Iterator[tuple[Stack, Client]]:
    with stack(folder, env) as made:
        made.run("migrate", ["ucal", "migrate"])
        made.start("server", ["ucal", "serve", "--port", str(made.port), "--no-worker"])
        made.start("worker", WORKERS[worker])
        made.wait_until_served()
        with signed_in(made) as client:
            yield made, client
