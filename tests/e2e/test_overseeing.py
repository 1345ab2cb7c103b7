"""Watching a run and mending its clusters in a browser: by keyboard, in both themes and languages, at four widths."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from backend import migrate
from backend.auth import hash_password
from backend.importing import run_import
from backend.project_schemas import ProjectNew
from backend.schemas import Role
from backend.store import projects, runs
from backend.store.models import Answer, Image, Loss, Project, Run
from tests.backend.grouped import group
from tests.backend.world import PASSWORD, World, make_world
from tests.e2e.conftest import serve, signed_in, watched
from tests.e2e.rules import Place, nothing, remembers, visit, window
from tests.services import HOST
from tests.stack import Stack, stack
from ucal.state import Report

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

IDENTITIES, CAMERAS, EACH = 12, 3, 3


@dataclass
class Yard:
    """A served store: `run_id` asks, has four rounds behind it and clusters; `other_id` went another way."""

    stack: Stack
    world: World
    project_id: str
    run_id: str
    other_id: str
    images: list[str]  # ids, by row
    identities: list[int]

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.stack.port}"


def filled(world: World) -> tuple[Project, list[Image]]:
    with world.scope() as session:
        project = projects.create(session, ProjectNew(name="Station yard", description="Three cameras", everyone=True))
    size = {"identities": IDENTITIES, "cameras": CAMERAS, "images": EACH, "height": 128, "width": 64, "seed": 3}
    run_import(world.sessions, world.settings, project.id, {"kind": "synth", "scenery": 1.0, **size})
    with world.scope(read_only=True) as session:
        rows = session.query(Image).filter_by(project_id=project.id, split="train").order_by(Image.row).all()
        return session.get_one(Project, project.id), list(rows)


def gone_through(world: World, run: Run, *, faster: int) -> None:
    with world.scope() as session:
        for i in range(4):
            report = Report(
                round=i, answers=18 * faster * i, actions=18 * faster * i, human_seconds=45.0 * faster * i,
                inferred=40 * i, cost_percent=0.3 * i * faster, clusters=20 - i, outliers=9 - 2 * i,
                pairwise={"precision": 0.5 + 0.1 * i, "recall": 0.4 + 0.12 * i, "f1": 0.45 + 0.11 * i},
                ari=0.4 + 0.1 * i, nmi=0.5, mAP=0.3 + 0.1 * i, rank1=0.4 + 0.1 * i, rank5=0.6, rank10=0.7, mINP=0.2,
                loss=3.0 - 0.5 * i, cluster_hash=f"{i}f3c9a7e5b{i}", seconds={"train": 60.0, "embed": 5.0},
            )  # fmt: skip
            runs.save_report(session, run.id, i, report.to_json())
            for j in range(10):
                session.add(Loss(run_id=run.id, step=10 * i + j, round=i, loss=3.0 - 0.05 * (10 * i + j)))
        session.get_one(Run, run.id).round = 4


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    folder = tmp_path_factory.mktemp("overseeing")
    world = make_world(folder, None)
    migrate.upgrade(world.settings.database)
    ada = world.person("ada", Role.ADMIN, hash_password(PASSWORD))
    project, rows = filled(world)
    identities = [int(row.identity or 0) for row in rows]
    first, other = world.run(project, epochs=8), world.run(project, epochs=8, seed=1, policy="similar")
    rng = np.random.default_rng(0)
    labels = np.unique(np.array(identities), return_inverse=True)[1]
    labels[rng.random(len(labels)) < 0.08] = -1  # some in no cluster
    labels[labels == 5] = 4  # two identities in one
    group(world, first, dense(labels))
    gone_through(world, first, faster=1)
    gone_through(world, other, faster=2)
    same = [i for i, identity in enumerate(identities) if identity == identities[0]]
    with world.scope() as session:
        for i, (left, right) in enumerate(pairwise(same[:4])):
            facts: dict[str, Any] = {"left_row": left, "right_row": right, "verdict": "same", "question_id": f"q{i}"}
            shown = [rows[left].id, rows[right].id]
            session.add(
                Answer(
                    run_id=first.id, id=f"given-{i:04}", person_id=ada.id, round=i, seconds=2.5, shown=shown, **facts
                )
            )
    world.ask(first, (same[-1], same[0] + 1 if same[0] + 1 not in same else 40), (2, 50), round_=4)
    (folder / "import" / "shots").mkdir()
    for name in ("gate_lynx", "pond_lynx", "odd"):
        (folder / "import" / "shots" / f"{name}.jpg").write_bytes(b"")
    with stack(folder, {"UCAL_IMPORT_ROOT": str(folder / "import")}) as made:
        serve(made)
        yield Yard(made, world, project.id, first.id, other.id, [row.id for row in rows], identities)
    world.close()


def dense(labels: np.ndarray) -> list[int]:
    """Number clusters without gaps; -1 stays."""
    names = {label: i for i, label in enumerate(sorted(set(labels.tolist()) - {-1}))}
    return [names.get(int(label), -1) for label in labels]


@pytest.fixture(scope="module")
def session(browser: Browser, yard: Yard) -> dict[str, Any]:
    return signed_in(browser, yard.url)


@pytest.fixture
def page(browser: Browser, yard: Yard, session: dict[str, Any]) -> Iterator[Page]:
    yield from watched(window(browser, yard.url, session, reduced_motion="reduce"))


@pytest.fixture(scope="module", params=["en", "zh"])
def reader(request: pytest.FixtureRequest, browser: Browser, yard: Yard, session: dict[str, Any]) -> Iterator[Page]:
    kept = remembers(session, language=request.param)
    yield from watched(window(browser, yard.url, kept, reduced_motion="reduce"))


def asked(page: Page, path: str) -> Any:
    return json.loads(page.request.get(f"/api/v1{path}").text())


def rows_of(page: Page, yard: Yard, image: str) -> list[int]:
    found = asked(page, f"/runs/{yard.run_id}/clusters/{image}")
    return sorted(member["image"]["row"] for member in found["members"])


def to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there: what cannot be reached so does not exist for a keyboard."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("chosen => document.activeElement?.matches(chosen)", selector):
            return
    raise AssertionError(f"expected Tab to reach {selector}")


# -- by keyboard -----------------------------------------------------------------------------------


def test_a_cluster_is_split_named_locked_and_all_is_undone_by_keyboard_alone(page: Page, yard: Yard):
    page.goto(f"/runs/{yard.run_id}")
    page.wait_for_selector("[data-testid=run-health]")
    to(page, "a[href$='/clusters']")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-testid=cluster-card]")
    to(page, "a[href*='show=doubt']")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("clusters-found")).to_contain_text("least fitting")
    to(page, "[data-testid=cluster-card]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".member input")
    image = page.url.rsplit("/", 1)[1]
    before = rows_of(page, yard, image)

    to(page, ".member input")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator(".choice-bar")).to_contain_text("2 images chosen")
    to(page, ".choice-bar .button-primary")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("edits")).to_contain_text("Split: 2 left")
    after = rows_of(page, yard, image)
    assert len(after) in (2, len(before) - 2)
    to(page, "[data-testid=edits] button")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("edits")).to_have_count(0)
    assert rows_of(page, yard, image) == before

    page.get_by_role("button", name="Name", exact=True).focus()
    page.keyboard.press("Enter")
    page.keyboard.type("Yellow coat")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Yellow coat")).to_be_visible()
    page.get_by_role("button", name="Lock", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("nothing joins or leaves this cluster")).to_be_visible()
    assert page.locator(".member input:enabled").count() == 0
    page.get_by_role("button", name="Unlock").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Lock", exact=True)).to_be_visible()
    undone = [one["undone"] for one in asked(page, f"/runs/{yard.run_id}/edits")]
    assert undone == [True, False, True]  # lock, name, split


def test_a_merge_is_taken_apart_after_its_consequence_was_said(page: Page, yard: Yard):
    page.goto(f"/runs/{yard.run_id}/clusters?show=merges")
    rows = page.get_by_test_id("merges").get_by_role("listitem")
    expect(rows).to_have_count(3)
    rows.first.get_by_role("button", name="Take apart").click()
    expect(page.get_by_role("dialog")).to_contain_text("come apart and are kept apart")
    page.get_by_role("dialog").get_by_role("button", name="Take apart").click()
    expect(rows.first).to_contain_text("Apart now")
    page.goto(f"/runs/{yard.run_id}/clusters?show=edits")
    page.get_by_test_id("edits").get_by_role("button", name="Undo").first.click()
    expect(page.get_by_test_id("edits")).to_contain_text("Undone")
    page.goto(f"/runs/{yard.run_id}/clusters?show=merges")
    expect(page.get_by_role("button", name="Take apart")).to_have_count(3)


def test_an_images_history_opens_and_closes_by_keyboard(page: Page, yard: Yard):
    merge = asked(page, f"/runs/{yard.run_id}/merges")["merges"][0]
    page.goto(f"/runs/{yard.run_id}/clusters/{merge['left']['id']}")
    page.get_by_role("button", name=f"History of {merge['left']['key']}").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("history")).to_contain_text("Same")
    expect(page.get_by_test_id("history")).to_contain_text("ada")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_run_page_tells_what_is_to_come_and_takes_a_budget(page: Page, yard: Yard):
    page.goto(f"/runs/{yard.run_id}")
    health = page.get_by_test_id("run-health")
    expect(health).to_contain_text("Still to come")
    expect(health).to_contain_text("Pairs judged")
    expect(page.get_by_test_id("versions").get_by_role("row")).to_have_count(5)
    page.get_by_role("button", name="Budget").click()
    page.get_by_label("Pairs judged per round, at most").fill("7")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_test_id("setting-changes")).to_contain_text("budget_per_round: – → 7")
    page.get_by_role("button", name="Stop after this round").click()
    expect(page.locator(".state-line")).to_contain_text("ends after this round")
    page.get_by_role("button", name="Go on after this round").click()
    expect(page.get_by_role("button", name="Stop after this round")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="What reproduces this run").click()
    names = zipfile.ZipFile(download.value.path()).namelist()
    assert {"config.json", "images.csv", "answers.jsonl", "versions.json"} <= set(names)


def test_two_runs_are_compared_over_their_answers(page: Page, yard: Yard):
    page.goto(f"/projects/{yard.project_id}")
    page.get_by_role("link", name="Compare runs").click()
    expect(page.get_by_test_id("compare-outcomes").get_by_role("row")).to_have_count(3)
    settings = page.get_by_test_id("compare-settings")
    expect(settings).to_contain_text("policy")
    expect(settings).to_contain_text("seed")
    page.get_by_role("button", name="Table").click()
    expect(page.get_by_test_id("chart-compare").get_by_role("row")).to_have_count(
        1 + len({18 * i for i in range(4)} | {36 * i for i in range(4)})
    )


def test_names_are_read_live_by_a_pattern_before_anything_is_imported(page: Page, yard: Yard, tmp_path: Path):
    made = page.request.post("/api/v1/projects", data={"name": "New one"}, headers={"X-UCAL": "1"})
    page.goto(f"/projects/{made.json()['id']}")
    page.get_by_text("Server folder").click()
    for folder in ("import", "shots"):
        page.locator(".folder-row").filter(has_text=folder).click()
    counts = page.get_by_test_id("preview-counts")
    expect(counts).to_contain_text("Without identity3")
    page.get_by_label("How names are read").select_option("pattern")
    page.get_by_label("Pattern", exact=True).fill("{camera}_{identity}")
    expect(counts).to_contain_text("Identities1")
    expect(counts).to_contain_text("Cameras2")
    expect(page.get_by_role("note")).to_contain_text("1 of 3 images are not named like")
    page.get_by_label("Pattern", exact=True).fill("{camera}{identity}")
    expect(page.get_by_test_id("import-preview").get_by_role("alert")).to_contain_text("expected a sign between")

    archive = tmp_path / "duke.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for part in ("bounding_box_train", "query", "bounding_box_test"):
            out.writestr(f"Duke/{part}/0005_c2_f0046985.jpg", b"")
    page.get_by_text("Zip upload").click()
    page.get_by_label("Choose a zip").set_input_files(archive)
    expect(page.get_by_test_id("import-preview")).to_contain_text("withdrawn")


# -- every page, both themes, both languages, every width -------------------------------------------


def closed(page: Page) -> None:
    page.keyboard.press("Escape")
    page.wait_for_function("() => !document.querySelector('[role=dialog]')")


def chosen(page: Page) -> None:
    page.locator(".member input").first.check()
    page.locator(".choice-bar").wait_for()


def history(page: Page) -> None:
    page.locator(".member .icon-button").first.click()
    page.wait_for_selector("[role=dialog] .history-image")


def naming(page: Page) -> None:
    closed(page)
    page.locator(".page-actions button").first.click()
    page.wait_for_selector("[role=dialog] input")


def unmerging(page: Page) -> None:
    page.locator("[data-testid=merges] button").first.click()
    page.wait_for_selector("[role=dialog]")


def budget(page: Page) -> None:
    page.locator(".page-actions button:has(.lucide-gauge)").click()
    page.wait_for_selector("[role=dialog]")


def previewed(page: Page) -> None:
    page.locator(".way").nth(1).click()
    page.locator(".folder-row").first.click()
    page.locator(".folder-row").first.click()
    page.locator(".how-read select").select_option("pattern")
    page.locator(".how-read input").fill("{camera}_{identity}")
    page.wait_for_selector("[role=note]")


WHOLE = ("run-watched", "import", "cluster")  # shot from top to bottom
CARD = "[data-testid=cluster-card]"
PLACES = {
    "clusters": Place("/runs/{run}/clusters", CARD, {"": nothing}),
    "clusters-doubt": Place("/runs/{run}/clusters?show=doubt", CARD, {"": nothing}),
    "clusters-alone": Place("/runs/{run}/clusters?show=alone", CARD, {"": nothing}),
    "clusters-none": Place("/runs/{run}/clusters?show=locked", ".empty:not(:has(.lucide-compass))", {"": nothing}),
    "merges": Place("/runs/{run}/clusters?show=merges", "[data-testid=merges]", {"": nothing, "apart": unmerging}),
    "cluster": Place("/runs/{run}/clusters/{image}", ".member img", {"": chosen, "history": history, "naming": naming}),
    "run-watched": Place("/runs/{run}", "[data-testid=versions]", {"": nothing, "budget": budget}),
    "compare": Place("/projects/{project}/compare", "[data-testid=compare-settings]", {"": nothing}),
    "import": Place("/projects/{empty}", ".ways", {"": previewed}),
}


@pytest.fixture(scope="module")
def empty_id(yard: Yard) -> str:
    with yard.world.scope() as session:
        return projects.create(session, ProjectNew(name="Empty", everyone=True)).id


@pytest.mark.parametrize("name", PLACES)
def test_a_page_keeps_the_rules(reader: Page, yard: Yard, empty_id: str, name: str):
    if reader.url == "about:blank":
        reader.goto("/no/such/page")
        reader.wait_for_selector(".lucide-compass")
    language = reader.evaluate("document.documentElement.lang")
    places = {"run": yard.run_id, "project": yard.project_id, "image": yard.images[0], "empty": empty_id}
    found = visit(reader, f"{name}-{language}", PLACES[name], whole=name in WHOLE, **places)
    assert not found, "\n".join(found)
