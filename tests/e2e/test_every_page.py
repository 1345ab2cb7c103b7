"""Every page: no violation of axe's rules, in both themes and both languages; no sideways scrolling at four widths."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import Product, sign_in
from tests.stack import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = ROOT / "tests" / "e2e" / "shots"
WIDTHS = {360: 740, 390: 844, 768: 1024, 1440: 900}
RUN_AXE = """async () => {
  const found = await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
  return found.violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.target.join(" ")}`));
}"""


def nothing(page: Page) -> None:
    """Leave the page as it opens."""


def keys_open(page: Page) -> None:
    page.wait_for_selector("[data-testid=label-stage]")
    page.keyboard.press("?")
    page.wait_for_selector("[role=dialog]")


def new_project_open(page: Page) -> None:
    page.locator("[data-testid=project-card]").first.wait_for()
    page.locator("main button").first.click()
    page.wait_for_selector("[role=dialog]")


def tile_mixed(page: Page) -> None:
    page.wait_for_selector("[data-testid=page-stage][data-armed=true]")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("m")
    page.wait_for_selector("[data-testid=mixed]")


def question_shown(page: Page) -> None:
    page.wait_for_selector("[data-testid=label-stage][data-armed=true]")


def truth_shown(page: Page) -> None:
    page.wait_for_selector("[data-testid=label-stage][data-armed=true]")
    page.keyboard.press("s")
    page.wait_for_selector("[data-testid=practice-truth]")


PAGES: dict[str, tuple[str, str, Callable[[Page], None]]] = {
    "sign-in": ("/sign-in", "input[type=password]", nothing),
    "projects": ("/", "[data-testid=project-card]", nothing),
    "project-new": ("/", "h1", new_project_open),
    "project": ("/projects/{project}", "[data-testid=project-counts]", nothing),
    "run": ("/runs/{run}", "[data-testid=run-state]", nothing),
    "label": ("/runs/{run}/label", "[data-testid=label-stage]", nothing),
    "label-keys": ("/runs/{run}/label", "[data-testid=label-stage]", keys_open),
    "label-page": ("/runs/{paged}/label", "[data-testid=page-stage]", nothing),
    "label-page-mixed": ("/runs/{paged}/label", "[data-testid=page-stage]", tile_mixed),
    "label-conflict": ("/runs/{disputed}/label", "[data-testid=conflict-stage]", nothing),
    "label-first-steps": ("/runs/{run}/label", "[data-testid=tour]", question_shown),
    "help": ("/help", "h1", nothing),
    "practice": ("/practice", "[data-testid=practice]", truth_shown),
    "disagreements": ("/runs/{run}/disagreements", "h1", nothing),
    "people": ("/people", "table", nothing),
    "tokens": ("/tokens", "h1", nothing),
    "nowhere": ("/no/such/page", "h1", nothing),
}


def opened(browser: Browser, product: Product, name: str, language: str, theme: str) -> Page:
    path, ready, then = PAGES[name]
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, base_url=product.url, reduced_motion="reduce"
    )
    page = context.new_page()
    chosen = f"localStorage.setItem('ucal.language', '{language}'); localStorage.setItem('ucal.theme', '{theme}');"
    page.add_init_script(chosen)
    if name != "sign-in":
        sign_in(page, toured=name != "label-first-steps")
    places = {"paged": product.page_run_id, "disputed": product.conflict_run_id}
    page.goto(path.format(project=product.project_id, run=product.run_id, **places))
    page.wait_for_selector(ready)
    then(page)
    return page


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_breaks_no_rule_and_never_scrolls_sideways(browser: Browser, product: Product, name: str, language: str):
    SHOTS.mkdir(exist_ok=True)
    found: list[str] = []
    for theme in ("dark", "light"):
        page = opened(browser, product, name, language, theme)
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found += [f"{theme}: {line}" for line in page.evaluate(RUN_AXE)]
        assert page.evaluate("document.documentElement.lang") == {"en": "en", "zh": "zh-Hans"}[language]
        for width, height in WIDTHS.items() if theme == "dark" else ():
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(100)
            page.screenshot(path=SHOTS / f"{name}-{language}-{width}.png")
            if not page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
                found.append(f"{width} px: scrolls sideways")
        page.context.close()
    assert found == []
