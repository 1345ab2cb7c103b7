"""A run of the policy `efficient`, answered through the page itself by one who knows the truth, to its stop.

The answers are given by keyboard and mouse; each key press or click is counted, and the server must count the same.
The figures go to `tests/e2e/shots/efficient.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.rules import SHOTS, shoot
from tests.services import HOST
from tests.stack import Client, signed_in, stack

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

DATA = {"identities": 10, "cameras": 3, "images": 2, "height": 64, "width": 32, "seed": 5}
SETTINGS = {
    "policy": "efficient",
    "annotator": "people",
    "backbone": "small",
    "weights": "start",
    "height": 64,
    "width": 32,
    "epochs": 1,
    "query_from": 0,
    "pages_per_round": 30,  # more plans than it takes until nothing is worth an action
    "eps": 0.5,
    "iterations": 8,
    "k1": 20,
    "threads": 1,
    "device": "cpu",
}
READY = """() => document.querySelector("[data-armed=true]")
  || document.querySelector("[data-testid=label-empty][data-reason=all_settled]")"""
NEXT = """before => document.querySelector("[data-testid=merge-warning]")
  || document.querySelector("[data-question]")?.dataset.question !== before"""


@dataclass
class Knower:
    """Answers what is on the screen from the identities in the file names, and counts what it presses."""

    page: Page
    identity: dict[str, str]  # by image id
    asked: dict[str, dict[str, Any]] = field(default_factory=dict)  # questions as the server sent them
    actions: int = 0
    kinds: dict[str, int] = field(default_factory=dict)

    def listen(self) -> None:
        """Remember every question that the page is given."""
        self.page.on("response", lambda answer: self.remember(answer) if "/leases" in answer.url else None)

    def remember(self, answer: Any) -> None:
        for lease in answer.json()["leases"]:
            self.asked[lease["question"]["id"]] = lease["question"]

    def same(self, one: dict[str, Any], two: dict[str, Any]) -> bool:
        return self.identity[one["id"]] == self.identity[two["id"]]

    def answer(self) -> bool:
        """Answer one question; False when the run is over."""
        self.page.wait_for_function(READY, timeout=120_000)
        stage = self.page.locator("[data-armed=true]")
        if stage.count() == 0:
            return False
        if stage.locator("[data-tile]").count() > 8 and "page" not in self.kinds:
            shoot(self.page, "efficient-page")
        question = self.asked[stage.get_attribute("data-question") or ""]
        self.kinds[question["kind"]] = self.kinds.get(question["kind"], 0) + 1
        {"pair": self.pair, "page": self.tiles, "conflict": self.conflict}[question["kind"]](question)
        return True

    def finish(self, question: dict[str, Any], key: str) -> None:
        """Press the key that answers; a large merge wants it twice, which the cost model counts once."""
        self.actions += 1
        self.page.keyboard.press(key)
        self.page.wait_for_function(NEXT, arg=question["id"])
        if self.page.get_by_test_id("merge-warning").count():
            self.page.keyboard.press(key)

    def pair(self, question: dict[str, Any]) -> None:
        self.finish(question, "s" if self.same(question["left"]["images"][0], question["right"]["images"][0]) else "d")

    def conflict(self, question: dict[str, Any]) -> None:
        wrong = next(
            place
            for place, one in enumerate(question["disputed"], start=1)
            if self.same(one["left"], one["right"]) != (one["verdict"] == "same")
        )
        self.finish(question, str(wrong))

    def tiles(self, question: dict[str, Any]) -> None:
        anchor = question["left"]["images"][0]
        known = {tile["images"][0]["id"]: tile for tile in question["tiles"]}
        shown = self.page.locator("[data-tile]").evaluate_all(
            "all => all.map(one => [one.dataset.tile, one.dataset.mark])"
        )
        for place, (name, mark) in enumerate(shown):
            first, *others = known[name]["images"]
            odd = [at for at, image in enumerate(others, start=1) if not self.same(first, image)]
            if self.same(anchor, first) != (mark == "same"):
                self.page.locator(f"[data-tile='{name}']").click()
                self.actions += 1
            if odd:
                self.page.keyboard.press("Home")
                for key in ["ArrowRight"] * place + ["m", *map(str, odd), "m"]:
                    self.page.keyboard.press(key)
                self.actions += len(odd)
        self.finish(question, "Enter")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Client, Path]]:
    """Server and embedded worker, started with one command."""
    folder = tmp_path_factory.mktemp("efficient")
    with stack(folder, {}) as made:
        made.start("server", ["ucal", "serve", "--port", str(made.port)])
        made.wait_until_served(180)
        with signed_in(made) as client:
            yield f"http://{HOST}:{made.port}", client, folder


def test_one_who_knows_the_truth_answers_an_efficient_run_to_its_stop(
    browser: Browser, client: tuple[str, Client, Path], record_property: Any
):
    url, api, _ = client
    project = api.project("Yard", "synth", DATA, 120)
    run_id = api.start_run(project["id"], SETTINGS)
    images = api.call("GET", f"/projects/{project['id']}/images?limit=500")
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=url, locale="en-GB")
    context.add_init_script("localStorage.setItem('ucal.tour', 'done')")
    context.add_cookies([{"name": name, "value": value, "url": url} for name, value in api.http.cookies.items()])
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    knower = Knower(page, {image["id"]: Path(image["key"]).name[:4] for image in images})
    knower.listen()
    page.goto(f"/runs/{run_id}/label")
    while knower.answer():
        continue
    shoot(page, "efficient-done")
    context.close()
    run = api.wait_for_run(run_id, 300)
    last = api.call("GET", f"/runs/{run_id}/metrics")["rounds"][-1]
    report = {
        "images": len(images),
        "identities": len(set(knower.identity.values())),
        "questions": knower.kinds,
        "actions": knower.actions,
        "pairs_judged": run["judged"],
        "pairs_inferred": run["inferred"],
        "pairwise": last["pairwise"],
        "stopped": run["stopped"],
    }
    record_property("efficient", report)
    SHOTS.mkdir(exist_ok=True)
    (SHOTS / "efficient.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    assert faults == []
    assert knower.kinds.get("page", 0) > 0
    assert run["actions"] == knower.actions
    assert run["conflicts"] == 0
    assert last["pairwise"]["f1"] > 0.99
    assert knower.actions < 2 * len(images)
