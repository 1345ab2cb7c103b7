"""Every page in every state that the filled store shows, in both themes and both languages: the rules of `rules.py`."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import Product
from tests.e2e.rules import Place, faults, go, nothing, remembers, visit, window

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PAIR = "[data-testid=label-stage][data-armed=true]"
DIALOG = "[role=dialog]"


def opened_by(selector: str, inside: str = "") -> Any:
    """Click there and wait for the dialog, and for what is inside."""

    def reach(page: Page) -> None:
        page.locator(selector).first.click()
        page.wait_for_selector(f"{DIALOG} {inside}".strip())

    return reach


def closed(page: Page) -> None:
    page.keyboard.press("Escape")
    page.wait_for_function(f"() => !document.querySelector('{DIALOG}, [role=menu]')")


def menu_open(page: Page) -> None:
    page.get_by_test_id("account").click()
    page.wait_for_selector("[role=menu]")


def new_project_open(page: Page) -> None:
    closed(page)
    opened_by("main button")(page)


def signed_out(page: Page) -> None:
    """The session ends under the page."""
    closed(page)
    page.route("**/api/v1/projects", lambda route: route.fulfill(status=401, json={"error": "Unauthorized"}))
    go(page, "/", f"{DIALOG} input[type=password]")


def settings_open(page: Page) -> None:
    opened_by("button:has(.lucide-play)", "summary")(page)
    page.locator(f"{DIALOG} summary").click()


def keys_open(page: Page) -> None:
    page.wait_for_selector(PAIR)
    page.keyboard.press("?")
    page.wait_for_selector(DIALOG)


def bad_image(page: Page) -> None:
    closed(page)
    page.keyboard.press("x")
    page.wait_for_selector("[data-testid=bad-back]")


def change_open(page: Page) -> None:
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-testid=answer-same]:enabled")
    page.wait_for_selector(PAIR)
    page.keyboard.press("d")
    page.wait_for_selector("[data-testid=past-answer][data-state=saved]")
    opened_by("[data-testid=past-answer][data-state=saved]", ".button-primary")(page)


def first_steps(page: Page) -> None:
    closed(page)
    page.evaluate("localStorage.removeItem('ucal.tour')")
    go(page, "/" + page.url.split("/", 3)[3], "[data-testid=tour]")
    page.evaluate("localStorage.setItem('ucal.tour', 'done')")
    page.wait_for_selector(PAIR)


def merge_asked_twice(page: Page) -> None:
    page.wait_for_selector(PAIR)
    page.keyboard.press("s")
    page.wait_for_selector("[data-testid=merge-warning]")


def tile_mixed(page: Page) -> None:
    page.wait_for_selector("[data-testid=page-stage][data-armed=true]")
    for key in ("ArrowRight", "ArrowRight", "m"):
        page.keyboard.press(key)
    page.wait_for_selector("[data-testid=mixed]")


def truth_shown(page: Page) -> None:
    page.wait_for_selector(PAIR)
    page.keyboard.press("s")
    page.wait_for_selector("[data-testid=practice-truth]")


def token_made(page: Page) -> None:
    page.locator(f"{DIALOG} input").first.fill("A program")
    page.locator(f"{DIALOG} button[type=submit]").click()
    page.wait_for_selector("[data-testid=token-secret]")


PLACES = {
    "projects": Place(
        "/",
        "[data-testid=project-card]",
        {"": nothing, "menu": menu_open, "new": new_project_open, "signed-out": signed_out},
    ),
    "project": Place(
        "/projects/{project}", "[data-testid=project-counts]", {"": nothing, "new-run": settings_open}
    ),
    "run": Place("/runs/{run}", "[data-testid=run-state]", {"": nothing}),
    "label": Place(
        "/runs/{run}/label",
        PAIR,
        {"": nothing, "keys": keys_open, "bad": bad_image, "change": change_open, "first-steps": first_steps},
    ),
    "label-merge": Place("/runs/{large}/label", PAIR, {"": merge_asked_twice}),
    "label-page": Place("/runs/{paged}/label", "[data-testid=page-stage]", {"": nothing, "mixed": tile_mixed}),
    "label-conflict": Place("/runs/{disputed}/label", "[data-testid=conflict-stage]", {"": nothing}),
    "label-empty": Place("/runs/{idle}/label", "[data-testid=label-empty]", {"": nothing}),
    "help": Place("/help", ".help-panels", {"": nothing}),
    "practice": Place("/practice", "[data-testid=practice]", {"": truth_shown}),
    "disagreements": Place("/runs/{run}/disagreements", "main h1", {"": nothing}),
    "people": Place("/people", "main table", {"": nothing, "invite": opened_by(".page-actions button")}),
    "tokens": Place("/tokens", ".panel button", {"": nothing, "new": opened_by(".lucide-plus"), "made": token_made}),
    "nowhere": Place("/no/such/page/at/all", ".lucide-compass", {"": nothing}),
}  # fmt: skip


@pytest.fixture(scope="module")
def ids(product: Product) -> dict[str, str]:
    """Name what the paths speak of."""
    large = product.new_run()
    product.world.ask_large(large, range(6), range(6, 11))
    return {
        "project": product.project_id,
        "run": product.run_id,
        "large": large.id,
        "paged": product.page_run_id,
        "disputed": product.conflict_run_id,
        "idle": product.new_run().id,
    }


@pytest.fixture(scope="module")
def started(reader: Page) -> Page:
    """Give the reader's window with the pages loaded."""
    reader.goto("/no/such/page")
    reader.wait_for_selector(".lucide-compass")
    return reader


@pytest.mark.parametrize("name", PLACES)
def test_a_page_keeps_the_rules(started: Page, ids: dict[str, str], name: str):
    language = started.evaluate("document.documentElement.lang")
    found = visit(started, f"{name}-{language}", PLACES[name], **ids)
    if name == "projects":  # it was signed out
        started.unroute_all()
        started.goto("/no/such/page")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_sign_in_page_keeps_the_rules(browser: Browser, product: Product, session: dict[str, Any], language: str):
    out = {**remembers(session, language=language), "cookies": []}
    page = window(browser, product.url, out, reduced_motion="reduce")
    page.goto("/")
    page.wait_for_selector("input[type=password]")
    assert page.evaluate("document.documentElement.lang") == {"en": "en", "zh": "zh-Hans"}[language]
    found = faults(page, f"sign-in-{language}")
    assert not found, "\n".join(found)
    page.context.close()
