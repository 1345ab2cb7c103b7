"""The whole product without a mouse: every stop of the Tab key shows its focus, within the window and uncovered."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from backend.store.models import Run
from tests.backend.grouped import group
from tests.backend.world import PASSWORD
from tests.e2e.conftest import Product, watched
from tests.e2e.rules import remembers, window

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

IMAGES = 60
PAIR = "[data-testid=label-stage][data-armed=true]"
FOCUS = """async () => {
  await new Promise(go => requestAnimationFrame(() => requestAnimationFrame(go)));
  const one = document.activeElement;
  if (!one || one === document.body || !one.matches(":focus")) return null; // the browser's own controls have it
  const words = `${one.tagName}.${one.className} "${(one.ariaLabel ?? one.textContent ?? "").slice(0, 40)}"`;
  const drawn = part => {
    const style = getComputedStyle(part);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== "none";
  };
  const shower = [one, one.closest("label"), one.closest("li")].find(part => part && drawn(part));
  if (!shower) return `${words}: no visible focus`;
  const box = shower.getBoundingClientRect();
  const [x, y] = [box.left + Math.min(box.width, innerWidth) / 2, box.top + Math.min(box.height, innerHeight) / 2];
  if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) return `${words}: outside the window`;
  const top = document.elementFromPoint(x, y);
  if (!shower.contains(top) && !top?.contains(shower)) return `${words}: covered by ${top?.className}`;
  return null;
}"""

FOCUSED = """async () => {
  await new Promise(go => setTimeout(go)); // a menu moves the focus a moment after the press
  return document.activeElement?.textContent ?? "";
}"""


@pytest.fixture
def stranger(browser: Browser, product: Product, session: object) -> Iterator[Page]:
    """Give a window in which nobody is signed in."""
    kept = remembers({"cookies": [], "origins": [{"origin": product.url, "localStorage": []}]}, tour="done")
    yield from watched(window(browser, product.url, kept, reduced_motion="reduce"))


@pytest.fixture
def run(product: Product) -> Run:
    """Give a run that asks and has clusters."""
    world = product.world
    made = world.run(world.project(IMAGES))
    group(world, made, (np.arange(IMAGES) // 5).tolist())
    world.ask(made, *((i, i + 5) for i in range(0, 40, 10)))
    return made


def to(page: Page, selector: str, key: str = "Tab") -> None:
    """Press Tab until the focus is there; every stop on the way shows it."""
    for _ in range(80):
        page.keyboard.press(key)
        fault = page.evaluate(FOCUS)
        assert fault is None, fault
        if page.evaluate("chosen => document.activeElement?.matches(chosen)", selector):
            return
    raise AssertionError(f"expected {key} to reach {selector}")


def enter(page: Page, selector: str, then: str) -> None:
    """Go to a control, press Enter, wait for what follows."""
    to(page, selector)
    page.keyboard.press("Enter")
    page.wait_for_selector(then)


def choose(page: Page, item: str) -> None:
    """Pick from the account menu, by the arrow keys."""
    enter(page, "[data-testid=account]", "[role=menu]")
    for _ in range(14):
        if page.evaluate(FOCUSED).strip() == item:
            page.keyboard.press("Enter")
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"expected the menu to hold {item}")


def come_in(page: Page) -> None:
    page.goto("/")
    page.wait_for_selector("input[type=password]")
    to(page, "input:not([type=password])")
    page.keyboard.type("ada")
    to(page, "input[type=password]")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-testid=project-card]")


def start_a_run(page: Page, project_id: str) -> None:
    enter(page, f"a[href='/projects/{project_id}']", "[data-testid=project-counts]")
    enter(page, "main button:has(.lucide-play)", "[role=dialog] summary")
    to(page, "[role=dialog] input[type=radio]")
    to(page, "[role=dialog] input[type=text], [role=dialog] input:not([type])")
    page.keyboard.type("By keyboard")
    enter(page, "[role=dialog] button[type=submit]", "[data-testid=run-state]")
    expect(page.get_by_role("heading", name="By keyboard")).to_be_visible()
    enter(page, f".crumbs a[href='/projects/{project_id}']", "[data-testid=run-row]")


def answer_and_take_back(page: Page, run_id: str) -> None:
    enter(page, f"a[href='/runs/{run_id}/label']", PAIR)
    stage = page.get_by_test_id("label-stage")
    asked = stage.get_attribute("data-question") or ""
    page.keyboard.press("d")
    expect(stage).not_to_have_attribute("data-question", asked)
    page.keyboard.press("z")
    expect(stage).to_have_attribute("data-question", asked)
    page.wait_for_selector(PAIR)
    page.keyboard.press("?")
    page.wait_for_selector("[role=dialog]")
    to(page, "[role=dialog] button[aria-label^='Change the key']")
    page.keyboard.press("Escape")
    page.wait_for_selector("[role=dialog]", state="detached")
    page.evaluate("document.activeElement.blur()")
    to(page, f"a[href='/runs/{run_id}']", "Shift+Tab")  # Tab alone puts the question back
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-testid=run-health]")


def look_at_clusters(page: Page, run_id: str) -> None:
    enter(page, f"a[href='/runs/{run_id}/clusters']", "[data-testid=cluster-card]")
    enter(page, "[data-testid=cluster-card]", ".member input")
    to(page, ".member input")
    page.keyboard.press("Space")
    expect(page.locator(".choice-bar")).to_be_visible()
    enter(page, f".crumbs a[href='/runs/{run_id}']", "[data-testid=run-audit]")


def begin_an_audit(page: Page, run_id: str) -> None:
    enter(page, f"a[href='/runs/{run_id}/audit']", ".audit-begin")
    to(page, ".audit-begin input")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-testid=audit-task]")
    expect(page.get_by_test_id("audit-wrong").locator("input").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("audit-task")).to_contain_text("Image 2 of 3")


def test_a_person_goes_through_the_whole_product_without_a_mouse(stranger: Page, run: Run):
    page = stranger
    come_in(page)
    start_a_run(page, run.project_id)
    answer_and_take_back(page, run.id)
    look_at_clusters(page, run.id)
    begin_an_audit(page, run.id)
    choose(page, "People")
    page.wait_for_selector("main table")
    enter(page, ".page-actions button", "[role=dialog] input")
    page.keyboard.press("Escape")
    page.wait_for_selector("[role=dialog]", state="detached")
    expect(page.locator(".page-actions button").first).to_be_focused()  # where it was opened from
    choose(page, "Sign out")
    page.wait_for_selector("input[type=password]")
    assert page.request.get("/api/v1/session").status == 401
