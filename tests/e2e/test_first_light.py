"""The whole product in a real browser: sign in, make a project, start a run, answer, undo, watch the round finish."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e import rules
from tests.e2e.rules import SIDEWAYS, WIDE
from tests.services import HOST, wait_for
from tests.stack import Stack, stack

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Server and embedded worker, started with one command."""
    folder = tmp_path_factory.mktemp("e2e")
    with stack(folder, {"UCAL_IMPORT_ROOT": str(folder)}) as made:
        made.start("server", ["ucal", "serve", "--port", str(made.port)])
        made.wait_until_served()
        yield made


@pytest.fixture
def page(browser: Browser, product: Stack) -> Iterator[Page]:
    """A fresh window; what the page complains of in its console fails the test."""
    context = browser.new_context(viewport=WIDE, base_url=f"http://{HOST}:{product.port}")
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    yield opened
    context.close()
    assert [line for line in complaints if "401" not in line] == []  # asking who is signed in answers 401


def shoot(page: Page, name: str) -> None:
    """Keep what every page looks like, wide and narrow."""
    for what, size in (("wide", WIDE), ("phone", PHONE)):
        page.set_viewport_size(size)
        page.evaluate(rules.SETTLED)
        rules.shoot(page, f"{name}-{what}", full_page=what == "wide")
        assert not page.evaluate(SIDEWAYS), f"{name} scrolls sideways"
    page.set_viewport_size(WIDE)


def sign_in(page: Page, product: Stack) -> None:
    found = wait_for(lambda: re.search(r"Password: (\S+)", product.log("server")), 10, "the admin's password")
    page.goto("/sign-in")
    expect(page.get_by_label("Name")).to_be_visible()
    shoot(page, "sign-in")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Name or password is not right")).to_be_visible()
    page.get_by_label("Password").fill(found.group(1))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Projects", exact=True)).to_be_visible()


def make_project(page: Page) -> None:
    shoot(page, "projects-empty")
    page.get_by_role("button", name="New project").first.click()
    page.get_by_label("Name").fill("Browser test")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Browser test")).to_be_visible()
    shoot(page, "project-empty")
    page.get_by_text("Generated data").click()
    page.get_by_label("Identities").fill("24")
    page.get_by_role("button", name="Generate and import").click()
    expect(page.get_by_test_id("project-counts")).to_contain_text("288", timeout=60_000)
    shoot(page, "project")


def start_run(page: Page) -> None:
    page.get_by_role("button", name="Start run").first.click()
    page.get_by_label("Pairs: one question", exact=False).first.check()
    page.get_by_text("Empty fields keep").click()
    page.get_by_label("Rounds", exact=True).fill("3")
    page.get_by_label("Answers per round, at most").fill("22")
    page.get_by_label("First round that asks").fill("1")
    shoot(page, "run-new")
    page.get_by_role("dialog").get_by_role("button", name="Start run").click()
    expect(page.get_by_test_id("run-state")).to_be_visible()
    expect(page.get_by_test_id("run-state")).to_have_attribute("data-state", "asking", timeout=120_000)
    shoot(page, "run-asking")


def question_of(page: Page) -> str:
    return page.get_by_test_id("label-stage").get_attribute("data-question") or ""


def answer(page: Page, key: str) -> str:
    """Press a key for the pair on the screen and wait for the next; give the question that was answered."""
    expect(page.get_by_test_id("label-stage")).to_be_visible(timeout=60_000)
    asked = question_of(page)
    page.wait_for_selector("[data-testid=label-stage][data-armed=true]")  # answers within 250 ms are ignored
    page.keyboard.press(key)
    page.wait_for_function(
        """before => document.querySelector('[data-testid=merge-warning]')
        || document.querySelector('[data-testid=label-stage]')?.dataset.question !== before""",
        arg=asked,
    )
    if page.get_by_test_id("merge-warning").count():  # two large groups: the key is asked for twice
        page.keyboard.press(key)
    page.wait_for_function(
        "before => document.querySelector('[data-testid=label-stage]')?.dataset.question !== before", arg=asked
    )
    return asked


def answers_by_api(page: Page, run_id: str) -> list[dict[str, object]]:
    """Give my standing answers as the server has them."""
    listed = page.request.get(f"/api/v1/runs/{run_id}/answers?mine=true&limit=100")
    return [one for one in json.loads(listed.text()) if not one["undone"]]


def test_a_person_goes_from_nothing_to_a_better_model(page: Page, product: Stack, tmp_path: Path):
    sign_in(page, product)
    make_project(page)
    start_run(page)
    run_id = page.url.rstrip("/").split("/")[-1]
    page.get_by_role("link", name="Answer questions").click()

    expect(page.get_by_test_id("label-stage")).to_be_visible(timeout=60_000)
    shoot(page, "label")
    first = [answer(page, "sd"[i % 2]) for i in range(10)]
    assert len(set(first)) == 10

    for expected in reversed(first[-2:]):  # two back: those very questions come again
        before = question_of(page)
        page.keyboard.press("z")
        page.wait_for_function(
            "before => document.querySelector('[data-testid=label-stage]')?.dataset.question !== before", arg=before
        )
        assert question_of(page) == expected
    wait_for(lambda: len(answers_by_api(page, run_id)) == 8, 20, "the two answers taken back")
    shoot(page, "label-undone")

    asked = 8
    while asked < 20 and page.get_by_test_id("label-empty").count() == 0:
        answer(page, "d")
        asked += 1
    wait_for(lambda: len(answers_by_api(page, run_id)) >= min(asked, 20), 20, "the answers at the server")
    assert asked == 20

    page.goto(f"/runs/{run_id}")  # close the round with what is there, and watch it finish
    page.get_by_role("button", name="Train now").click()
    page.get_by_role("dialog").get_by_role("button", name="Train now").click()
    wait_for(lambda: len(rounds_of(page, run_id)) >= 2, 120, "the round's end", every=0.5)
    page.goto(f"/runs/{run_id}/label")
    page.wait_for_selector("[data-testid=label-empty], [data-testid=label-stage]", timeout=60_000)
    shoot(page, "label-after-round")
    page.goto(f"/runs/{run_id}")
    expect(page.get_by_text("Quality", exact=True)).to_be_visible()
    shoot(page, "run-after-round")
    page.goto("/")
    expect(page.get_by_test_id("project-card")).to_be_visible()
    shoot(page, "projects")
    for path in ("people", "tokens"):
        page.goto(f"/{path}")
        expect(page.get_by_role("heading").first).to_be_visible()
        shoot(page, path)


def rounds_of(page: Page, run_id: str) -> list[dict[str, object]]:
    return json.loads(page.request.get(f"/api/v1/runs/{run_id}/metrics").text())["rounds"]
