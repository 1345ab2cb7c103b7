"""Milliseconds that people wait for the server, by HTTP on this machine; prints Markdown.

    python benchmarks/serving.py                    # 640 generated people, a run of the preset `pages`
    python benchmarks/serving.py --seconds 120

Server and worker are started as `ucal serve` does (SQLite, embedded worker). One program answers from ground
truth as fast as it can: what it waits for is the server's time for a request, and, where nothing is left, the
time until the worker has asked more.
"""

from __future__ import annotations

import argparse
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.stack import OVER, Client, signed_in, stack
from ucal.presets import preset

SETTINGS = {"query_from": 0, "iterations": 20, "pages_per_round": 10}


@dataclass
class Knower:
    """Answers a run's questions and times it."""

    api: Client
    run_id: str
    identity: dict[str, str]  # by image id; read from the file names
    times: dict[str, list[float]] = field(default_factory=dict)  # seconds, by what was waited for

    def timed(self, what: str, work: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        found = work()
        self.times.setdefault(what, []).append(time.perf_counter() - began)
        return found

    def lease(self) -> list[dict[str, Any]]:
        path = f"/runs/{self.run_id}/leases"
        return list(self.timed("lease", lambda: self.api.call("POST", path, {"count": 14}))["leases"])

    def wait(self) -> list[dict[str, Any]]:
        """Lease, again and again while nothing is there; an empty list when the run is over."""
        while not (leases := self.lease()):
            if self.timed("the run", lambda: self.api.call("GET", f"/runs/{self.run_id}"))["state"] in OVER:
                break
            time.sleep(0.02)
        return leases

    def answer(self, lease: dict[str, Any]) -> None:
        question = lease["question"]
        body = {"id": secrets.token_hex(8), "question_id": question["id"], "fence": lease["fence"]}
        body |= self.said(question)
        path = f"/runs/{self.run_id}/answers"
        self.timed(f"answer to a {question['kind']}", lambda: self.api.http.post(path, json=body))

    def said(self, question: dict[str, Any]) -> dict[str, Any]:
        if question["kind"] == "conflict":
            return {"verdict": "unsure"}
        anchor = question["left"]["images"][0]
        if question["kind"] == "pair":
            return {"verdict": self.verdict(anchor, question["right"]["images"][0])}
        tiles = []
        for tile in question["tiles"]:
            first, *others = tile["images"]
            odd = [image["id"] for image in others if self.verdict(first, image) != "same"]
            tiles.append({"image": first["id"], "verdict": self.verdict(anchor, first), "odd": odd})
        return {"tiles": tiles}

    def verdict(self, one: dict[str, Any], two: dict[str, Any]) -> str:
        return "same" if self.identity[one["id"]] == self.identity[two["id"]] else "different"


def knower(api: Client, identities: int) -> Knower:
    """Start a run on generated people."""
    data = {"identities": identities, "cameras": 4, "images": 4, "height": 64, "width": 32, "seed": 3}
    project = api.project("Yard", "synth", data, 600)
    run_id = api.start_run(project["id"], preset("pages").config.to_dict() | SETTINGS)
    images: list[dict[str, Any]] = []
    while more := api.call("GET", f"/projects/{project['id']}/images?limit=500&offset={len(images)}"):
        images += more
    return Knower(api, run_id, {image["id"]: Path(image["key"]).name[:4] for image in images})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--identities", type=int, default=40, help="16 images each (40)")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long it answers (60)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ucal-serving-") as scratch, stack(Path(scratch), {}) as made:
        made.start("server", ["ucal", "serve", "--port", str(made.port)])
        made.wait_until_served(180)
        with signed_in(made) as api:
            one = knower(api, args.identities)
            for _ in range(100):
                one.timed("nothing (/projects)", lambda: api.call("GET", "/projects"))
            leases = one.wait()
            end = time.monotonic() + args.seconds
            while leases and time.monotonic() < end:
                for lease in leases:
                    one.answer(lease)
                leases = one.timed("more questions", one.wait)
    print("| waited for | times | p50 ms | p95 ms |\n|---|---|---|---|")
    for what, times in one.times.items():
        ranked = sorted(1000 * seconds for seconds in times)
        print(f"| {what} | {len(ranked)} | {statistics.median(ranked):.0f} | {ranked[int(0.95 * len(ranked))]:.0f} |")


if __name__ == "__main__":
    main()
