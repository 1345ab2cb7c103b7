"""The random audit in a browser: drawn, looked up image by image by keyboard and by touch, taken back, bounded."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from backend.store.models import Run
from tests.backend.grouped import group
from tests.e2e.conftest import Product
from tests.e2e.rules import Place, nothing, visit
from ucal.audit import ALLOWED

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

DRAWN = 6
CLUSTER = 5  # images in each cluster; three pictures of each identity, so that clusters are wrong and miss


@pytest.fixture(scope="module")
def run(product: Product) -> Run:
    """Give a run that has ended, with clusters of which two rows in five are another identity."""
    world = product.world
    made = world.run(world.project(90))
    group(world, made, (np.arange(90) // CLUSTER).tolist())
    with world.scope() as session:
        stored = session.get_one(Run, made.id)
        stored.state, stored.stopped = "done", "nothing left to ask"
    return made


def asked(page: Page, path: str) -> Any:
    return json.loads(page.request.get(f"/api/v1{path}").text())


def shown_image(page: Page) -> str:
    return page.get_by_test_id("audit-task").get_attribute("data-image") or ""


def begin(page: Page, run: Run, images: int) -> None:
    page.goto(f"/runs/{run.id}")
    page.get_by_test_id("run-audit").wait_for()
    page.get_by_role("link", name="Audit the clusters").click()
    page.get_by_label("Images to draw").fill(str(images))
    page.get_by_role("button", name="Draw at random").click()
    page.get_by_test_id("audit-task").wait_for()


def answer(page: Page, run: Run, press: Callable[[str, str], None], confirm: Callable[[], None]) -> None:
    """Look one image up from the truth: mark what the task's rows say, and confirm."""
    audit = asked(page, f"/runs/{run.id}/audits")[0]
    task = asked(page, f"/runs/{run.id}/audits/{audit['id']}/next")
    assert shown_image(page) == task["image"]["id"]
    own = task["image"]["row"] // 3
    for part, tone, same in (("mates", "wrong", False), ("found", "same", True)):
        for image in task[part]:
            if (image["row"] // 3 == own) is same:
                press(tone, image["key"])
    confirm()
    page.wait_for_function(
        "before => document.querySelector('[data-testid=audit-task]')?.dataset.image !== before",
        arg=task["image"]["id"],
    )


def test_a_run_says_ended_and_not_done_and_an_audit_is_answered_to_its_end_by_keyboard(
    page: Page, product: Product, run: Run
):
    page.goto(f"/runs/{run.id}")
    expect(page.get_by_test_id("run-audit")).to_contain_text("This run asks nothing more.")
    expect(page.get_by_test_id("run-state")).to_have_text("Ended")
    begin(page, run, DRAWN)
    task = page.get_by_test_id("audit-task")
    expect(task).to_contain_text(f"Image 1 of {DRAWN}")
    expect(page.get_by_role("button", name="Back", exact=True)).to_be_disabled()
    first = shown_image(page)

    # a mark by keyboard, confirmed, taken back with its mark, and unmarked
    expect(page.get_by_test_id("audit-wrong").locator("input").first).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.get_by_test_id("audit-confirm")).to_have_text("1 wrong")
    page.keyboard.press("Enter")
    expect(task).to_contain_text(f"Image 2 of {DRAWN}")
    page.keyboard.press("Backspace")
    expect(task).to_contain_text(f"Image 1 of {DRAWN}")
    assert shown_image(page) == first
    expect(page.get_by_test_id("audit-wrong").locator("input").nth(1)).to_be_checked()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.get_by_test_id("audit-confirm")).to_have_text("None of these")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_test_id("audit-same").locator("input:focus")).to_have_count(1)

    def press(tone: str, key: str) -> None:
        box = page.get_by_test_id(f"audit-{tone}").get_by_label(key + ":")
        box.focus()
        page.keyboard.press("Space")
        expect(box).to_be_checked()

    for at in range(DRAWN):
        if at == DRAWN - 1:
            expect(task).to_contain_text("nothing can be taken back afterwards")
        answer(page, run, press, lambda: page.keyboard.press("Enter"))
    says = page.get_by_test_id("audit-says")
    expect(says).to_contain_text("Both statements hold together with 97.50 % confidence")
    [audit] = asked(page, f"/runs/{run.id}/audits")
    assert (audit["done"], audit["passed"], audit["allowed"]) == (DRAWN, False, ALLOWED)
    assert audit["wrong"]["count"] + audit["missed"]["count"] > 0
    assert audit["seconds"] > 0
    expect(says).to_contain_text(f"It took {audit['actions']} actions")
    expect(says).to_contain_text("Not passed")
    page.goto(f"/runs/{run.id}")
    expect(page.get_by_test_id("run-audit")).to_contain_text("This run asks nothing more.")
    expect(page.get_by_test_id("run-audit")).to_contain_text("Not passed")


def test_a_faultless_audit_by_touch_on_a_phone_makes_the_run_done(phone: Page, product: Product):
    page, world = phone, product.world
    run = world.run(world.project(90))
    group(world, run, (np.arange(90) // 3).tolist())
    with world.scope() as session:
        session.get_one(Run, run.id).state = "done"
    begin(page, run, 90)

    for _ in range(88):  # what people would see at once: nothing is wrong
        audit = asked(page, f"/runs/{run.id}/audits")[0]
        task = asked(page, f"/runs/{run.id}/audits/{audit['id']}/next")
        body = {"image": task["image"]["id"]}
        path = f"/api/v1/runs/{run.id}/audits/{audit['id']}/findings"
        assert page.request.post(path, data=body, headers={"X-UCAL": "1"}).ok
    page.reload()
    page.get_by_test_id("audit-task").wait_for()
    box = page.get_by_test_id("audit-wrong").locator("input").first
    box.tap()
    expect(page.get_by_test_id("audit-confirm")).to_have_text("1 wrong")
    box.tap()
    page.get_by_test_id("audit-confirm").tap()
    expect(page.get_by_test_id("audit-task")).to_contain_text("Image 90 of 90")
    page.get_by_test_id("audit-confirm").tap()
    expect(page.get_by_test_id("audit-says")).to_have_attribute("data-passed", "true")
    page.goto(f"/runs/{run.id}")
    expect(page.get_by_test_id("run-state")).to_have_text("Done, audit passed")
    expect(page.get_by_test_id("run-audit")).not_to_contain_text("asks nothing more")


def test_a_search_goes_on_by_pages_and_a_held_key_confirms_once(page: Page, product: Product):
    world = product.world
    run = world.run(world.project(120))
    group(world, run, (np.arange(120) // 3).tolist())  # 39 other clusters
    begin(page, run, 4)
    tiles = page.get_by_test_id("audit-same").locator("input")
    expect(tiles).to_have_count(24)
    page.get_by_role("button", name="Search on").wait_for()
    page.keyboard.press("m")
    expect(tiles).to_have_count(39)
    expect(page.get_by_role("button", name="Search on")).to_have_count(0)
    tiles.last.check()
    tiles.last.blur()
    page.keyboard.down("Enter")
    page.keyboard.down("Enter")  # as a held key repeats
    page.keyboard.up("Enter")
    expect(page.get_by_test_id("audit-task")).to_contain_text("Image 2 of 4")
    expect(tiles).to_have_count(24)
    page.get_by_role("button", name="Back", exact=True).click()
    expect(page.get_by_test_id("audit-task")).to_contain_text("Image 1 of 4")
    expect(tiles).to_have_count(39)
    expect(tiles.last).to_be_checked()
    assert asked(page, f"/runs/{run.id}/audits")[0]["done"] == 0


# -- every state of the page, both themes, both languages, every width ------------------------------


def marked(page: Page) -> None:
    page.get_by_test_id("audit-wrong").locator("input").nth(1).check()
    page.get_by_test_id("audit-same").locator("input").nth(1).check()


PLACES = {
    "audit-none": (0, Place("/runs/{run}/audit", ".audit-begin", {"": nothing})),
    "audit-task": (1, Place("/runs/{run}/audit", "[data-testid=audit-task]", {"": marked})),
    "audit-told": (3, Place("/runs/{run}/audit", "[data-testid=audit-says]", {"": nothing})),
    "run-audited": (3, Place("/runs/{run}", "[data-testid=audit-says]", {"": nothing})),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_page_keeps_the_rules(reader: Page, product: Product, name: str):
    world = product.world
    run = world.run(world.project(180))
    group(world, run, (np.arange(180) // CLUSTER).tolist())
    with world.scope() as session:
        session.get_one(Run, run.id).state = "done"
    looked_up, place = PLACES[name]
    if looked_up:
        drawn(reader, run, looked_up)
    reader.goto("/no/such/page")
    found = visit(reader, f"{name}-{reader.evaluate('document.documentElement.lang')}", place, run=run.id)
    assert not found, "\n".join(found)


def drawn(page: Page, run: Run, looked_up: int) -> None:
    """Draw an audit of three images and look up so many."""
    headers = {"X-UCAL": "1"}
    path = f"/api/v1/runs/{run.id}/audits"
    audit = page.request.post(path, data={"images": 3}, headers=headers).json()
    for _ in range(looked_up):
        task = page.request.get(f"{path}/{audit['id']}/next").json()
        said = page.request.post(f"{path}/{audit['id']}/findings", data={"image": task["image"]["id"]}, headers=headers)
        assert said.ok, said.text()
