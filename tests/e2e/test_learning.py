"""What a newcomer meets: first steps, the help page, and a practice round that tells the truth and stores nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Product, watched
from tests.e2e.rules import remembers, window

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def newcomer(browser: Browser, product: Product, session: dict[str, Any]) -> Iterator[Page]:
    """Give the window of somebody who has not seen the first steps."""
    yield from watched(window(browser, product.url, remembers(session, tour="")))


def test_first_steps_are_shown_once_and_leave_the_page_working(newcomer: Page, product: Product):
    page = newcomer
    page.goto(f"/runs/{product.run_id}/label")
    tour = page.get_by_test_id("tour")
    for step in ("1", "2", "3"):
        expect(tour).to_have_attribute("data-step", step)
        tour.get_by_role("button", name="Next").click()
    expect(tour.get_by_role("link", name="Practice round")).to_be_visible()
    page.wait_for_selector("[data-testid=label-stage][data-armed=true]")
    before = page.get_by_test_id("label-stage").get_attribute("data-question")
    page.keyboard.press("u")
    expect(page.get_by_test_id("label-stage")).not_to_have_attribute("data-question", before or "")
    page.keyboard.press("z")
    tour.get_by_role("button", name="Start").click()
    expect(tour).to_have_count(0)
    page.reload()
    page.wait_for_selector("[data-testid=label-stage]")
    expect(tour).to_have_count(0)


def test_first_steps_can_be_skipped(newcomer: Page, product: Product):
    page = newcomer
    page.goto(f"/runs/{product.run_id}/label")
    page.get_by_test_id("tour").get_by_role("button", name="Skip").click()
    page.reload()
    page.wait_for_selector("[data-testid=label-stage]")
    expect(page.get_by_test_id("tour")).to_have_count(0)


def test_the_help_page_has_the_keys_and_a_changed_key_holds_while_labelling(page: Page, product: Product):
    page.goto(f"/runs/{product.run_id}/label")
    page.wait_for_selector("[data-testid=label-stage]")
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_role("link", name="Help").click()
    expect(page.get_by_role("heading", name="What each answer does")).to_be_visible()
    page.get_by_role("button", name="Change the key for: Unsure").click()
    page.keyboard.press("k")
    page.go_back()
    page.wait_for_selector("[data-testid=label-stage][data-armed=true]")
    before = page.get_by_test_id("label-stage").get_attribute("data-question")
    page.keyboard.press("k")
    expect(page.get_by_test_id("label-stage")).not_to_have_attribute("data-question", before or "")
    page.keyboard.press("z")
    expect(page.get_by_test_id("label-stage")).to_have_attribute("data-question", before or "")


def test_a_practice_round_tells_the_truth_after_each_answer_and_stores_nothing(page: Page, product: Product):
    stored = f"/api/v1/runs/{product.run_id}/answers?mine=true"
    before = page.request.get(stored).json()
    with page.expect_response(lambda answer: "/practice" in answer.url) as waited:
        page.goto("/help")
        page.get_by_role("link", name="Practice round").click()
    truth = waited.value.json()
    for number, pair in enumerate(truth["pairs"]):
        page.wait_for_selector("[data-testid=label-stage][data-armed=true]")
        wrong = number == 0  # one mistake, on purpose
        page.keyboard.press("s" if pair["same"] is not wrong else "d")
        shown = page.get_by_test_id("practice-truth")
        expect(shown).to_have_attribute("data-outcome", "wrong" if wrong else "right")
        expect(shown).to_contain_text("same identity" if pair["same"] else "two identities")
        page.keyboard.press("Enter")
    page.wait_for_selector("[data-testid=page-stage][data-armed=true]")
    mended = [tile for tile in truth["tiles"] if tile["ticked"] != tile["same"]]
    page.locator(f"[data-tile='{mended[0]['image']['id']}']").click()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("practice-truth")).to_have_attribute("data-outcome", "wrong")
    expect(page.locator("[data-wrong]")).to_have_count(len(mended) - 1)
    for tile in truth["tiles"]:  # the ticks now show the truth
        mark = page.locator(f"[data-tile='{tile['image']['id']}']")
        expect(mark).to_have_attribute("data-mark", "same" if tile["same"] else "different")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("practice-score")).to_contain_text("7 right")
    expect(page.get_by_test_id("practice-score")).to_contain_text("2 not right")
    assert page.request.get(stored).json() == before
