"""Pages of tiles and contradictions in a real browser: by keyboard, by touch, offline, undone across a reload."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.backend import asked
from tests.e2e.conftest import PAIRS, Product, pages
from tests.e2e.measuring import ANSWERS, MEASURE, STRIP, measured, tell
from tests.e2e.rules import SIDEWAYS, shoot
from tests.services import wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

TILES = 8  # of a page that is measured
ARMED = "[data-testid=page-stage][data-armed=true]"
PRESS_AT_ONCE = """() => {
  const before = document.querySelector("[data-testid=page-stage]").dataset.question;
  const watch = new MutationObserver(() => {
    const stage = document.querySelector("[data-testid=page-stage]");
    if (!stage || stage.dataset.question === before) return;
    watch.disconnect();
    for (const key of ["Enter", " "]) window.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  });
  watch.observe(document, { subtree: true, childList: true });
}"""
GONE = "before => document.querySelector('[data-testid=page-stage]')?.dataset.question !== before"


@pytest.fixture
def run_id(product: Product) -> str:
    """Give a fresh run that asks the pages of the filled store."""
    run = product.new_run()
    asked.publish(product.world, run, *pages())
    return run.id


def shown(page: Page) -> str:
    return page.get_by_test_id("page-stage").get_attribute("data-question") or ""


def marks(page: Page) -> list[str]:
    found = page.locator("[data-tile]").evaluate_all("all => all.map(tile => tile.dataset.mark)")
    return [str(mark) for mark in found]


def press(page: Page, *keys: str) -> None:
    page.wait_for_selector(ARMED)
    for key in keys:
        page.keyboard.press(key)


def confirm(page: Page) -> str:
    """Confirm the page on the screen and wait for the next; give the question that was answered."""
    page.wait_for_selector(ARMED)
    before = shown(page)
    page.keyboard.press("Enter")
    page.wait_for_function(GONE, arg=before)
    return before


def standing(page: Page, run_id: str) -> list[dict[str, Any]]:
    address = f"/api/v1/runs/{run_id}/answers?mine=true&standing=true&limit=500"
    found: list[dict[str, Any]] = page.request.get(address).json()
    return found


def stored(page: Page, run_id: str, count: int = 1) -> list[dict[str, Any]]:
    wait_for(lambda: len(standing(page, run_id)) == count, 30, f"{count} answers")
    return standing(page, run_id)


def test_a_page_is_mended_and_confirmed_by_keyboard_alone(page: Page, run_id: str):
    page.goto(f"/runs/{run_id}/label")
    page.wait_for_selector(ARMED)
    assert marks(page) == ["same", "different", "same", *["different"] * 7]
    expect(page.get_by_test_id("page-confirm")).to_contain_text("Confirm: 4 images same as the anchor, 9 not")
    press(page, "Space", "ArrowRight", "Space")  # the first two tiles are exchanged
    press(page, "ArrowDown", "u", "ArrowRight", "x")  # the row below: left out
    press(page, "ArrowUp", "m", "2", "Enter")  # the group of three holds somebody else
    assert marks(page)[:3] == ["different", "same", "same"]
    assert marks(page)[6:8] == ["unsure", "bad_image"]
    expect(page.get_by_test_id("page-confirm")).to_contain_text(
        "Confirm: 3 images same as the anchor, 8 not, 2 left out"
    )
    shoot(page, "page-mended")
    confirm(page)
    answer = stored(page, run_id)[0]
    assert answer["kind"] == "page"
    assert [tile["verdict"] for tile in answer["tiles"]] == [
        *("different", "same", "same", "different", "different", "different"),
        *("unsure", "bad_image", "different", "different"),
    ]
    assert [len(tile["odd"]) for tile in answer["tiles"]] == [0, 0, 1, *[0] * 7]
    assert answer["actions"] == 1 + 2 + 2 + 1  # confirm, two ticks, two left out, one odd image
    expect(page.get_by_test_id("past-answer").last).to_have_attribute(
        "aria-label", "Change: Page: 2 same, 6 not, 2 left out"
    )


def test_what_is_pressed_within_a_moment_of_a_new_page_is_not_meant_for_it(page: Page, run_id: str):
    page.goto(f"/runs/{run_id}/label")
    page.wait_for_selector(ARMED)
    page.evaluate(PRESS_AT_ONCE)
    first = confirm(page)
    page.wait_for_selector(ARMED)
    assert shown(page) != first
    assert marks(page) == ["same", "same", "different"]
    assert len(stored(page, run_id)) == 1


def test_a_page_is_taken_back_across_a_reload_to_the_screen_as_it_was_left(page: Page, run_id: str):
    page.goto(f"/runs/{run_id}/label")
    press(page, "ArrowRight", "Space", "ArrowRight", "m", "1", "m", "ArrowRight", "u")
    left = marks(page)
    first = confirm(page)
    press(page, "Space")
    second = confirm(page)
    stored(page, run_id, 2)
    page.reload()
    expect(page.get_by_test_id("past-answer").last).to_be_visible()
    for question in (second, first):
        page.keyboard.press("z")
        page.wait_for_selector(f"[data-testid=page-stage][data-question='{question}']")
    assert marks(page) == left
    assert page.locator("[data-odd=true]").count() == 1
    shoot(page, "page-taken-back")
    stored(page, run_id, 0)
    page.keyboard.press("Shift+Z")
    again = stored(page, run_id, 1)[0]
    assert again["question_id"] == first
    assert [tile["verdict"] for tile in again["tiles"]] == left


def test_a_large_merge_on_a_page_is_asked_for_twice(page: Page, run_id: str):
    page.goto(f"/runs/{run_id}/label")
    confirm(page)
    confirm(page)
    page.wait_for_selector(ARMED)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("merge-warning")).to_contain_text(
        "one group of 9 images or more out of groups of 4 and 5"
    )
    assert len(stored(page, run_id, 2)) == 2
    press(page, "Space")  # a change takes the question back
    expect(page.get_by_test_id("merge-warning")).to_have_count(0)
    press(page, "Space", "Enter")
    expect(page.get_by_test_id("merge-warning")).to_be_visible()
    page.keyboard.press("Enter")
    stored(page, run_id, 3)


def test_pages_are_answered_without_network_and_sent_later(page: Page, run_id: str):
    page.goto(f"/runs/{run_id}/label")
    page.wait_for_selector(ARMED)
    page.context.set_offline(True)
    press(page, "Space")
    confirm(page)
    press(page, "Shift+X")  # the anchor is a bad image
    expect(page.get_by_test_id("page-confirm")).to_contain_text("the anchor is a bad image; nothing else is said")
    confirm(page)
    page.context.set_offline(False)
    answers = stored(page, run_id, 2)
    assert [answer["bad_sides"] for answer in answers] == [["left"], []]
    assert answers[1]["tiles"][0]["verdict"] == "different"


def test_a_page_on_a_phone_comes_eight_tiles_at_a_time_and_is_one_answer(phone: Page, run_id: str):
    page = phone
    page.goto(f"/runs/{run_id}/label")
    page.wait_for_selector(ARMED)
    assert page.locator("[data-tile]").count() == 8
    page.locator("[data-tile]").nth(1).tap()
    page.locator("[data-tile]").nth(4).tap()
    page.get_by_test_id("tile-unsure").tap()
    page.locator("[data-tile]").nth(2).tap()  # unticked
    page.get_by_test_id("tile-mixed").tap()
    page.get_by_test_id("odd-1").tap()
    shoot(page, "page-mixed-phone")
    page.get_by_test_id("page-confirm").tap()
    page.get_by_test_id("page-confirm").tap()
    expect(page.locator("[data-tile]")).to_have_count(2)
    assert standing(page, run_id) == []
    page.locator("[data-tile]").nth(1).tap()
    shoot(page, "page-phone")
    assert not page.evaluate(SIDEWAYS)
    assert min(page.locator(".verdicts button").evaluate_all("all => all.map(one => one.offsetHeight)")) >= 44
    page.get_by_test_id("page-confirm").tap()
    answer = stored(page, run_id)[0]
    assert [tile["verdict"] for tile in answer["tiles"]] == [
        *("same", "same", "different", "different", "unsure"),
        *("different", "different", "different", "different", "same"),
    ]
    assert len(answer["tiles"][2]["odd"]) == 1


def test_of_contradicting_answers_the_wrong_one_is_picked_and_taken_back(page: Page, product: Product):
    run_id = product.conflict_run_id
    page.goto(f"/runs/{run_id}/label")
    page.wait_for_selector("[data-testid=conflict-stage][data-armed=true]")
    question = page.get_by_test_id("conflict-stage").get_attribute("data-question")
    expect(page.get_by_test_id("wrong-1")).to_contain_text("was answered “Different”")
    page.keyboard.press("2")
    page.wait_for_selector("[data-testid=label-empty]")
    answer = stored(page, run_id)[0]
    assert (answer["kind"], answer["verdict"]) == ("conflict", "different")
    page.keyboard.press("z")
    page.wait_for_selector(f"[data-testid=conflict-stage][data-question='{question}']")
    stored(page, run_id, 0)
    page.wait_for_selector("[data-testid=conflict-stage][data-armed=true]")
    page.keyboard.press("x")
    page.keyboard.press("c")
    page.wait_for_selector("[data-testid=label-empty]")
    assert len(stored(page, run_id)[0]["bad_images"]) == 1
    page.keyboard.press("z")
    stored(page, run_id, 0)
    page.wait_for_selector("[data-testid=conflict-stage][data-armed=true]")
    page.get_by_test_id("wrong-1").click()
    assert stored(page, run_id)[0]["verdict"] == "same"
    page.keyboard.press("z")
    stored(page, run_id, 0)


def test_pages_by_keyboard_with_slow_acknowledgements_are_all_stored_and_shift_nothing(
    page: Page, product: Product, capsys: pytest.CaptureFixture[str]
):
    count = min(max(5, ANSWERS // 5), 2 * PAIRS // (1 + TILES))
    anchors = [(1 + TILES) * i for i in range(count)]
    run = product.new_run()
    asked.publish(product.world, run, *(asked.page(one, *([one + k] for k in range(1, 1 + TILES))) for one in anchors))
    page.add_init_script(MEASURE)
    page.goto(f"/runs/{run.id}/label")
    given = [confirm(page) for _ in range(count - 1)]
    report = measured(page, count - 1)
    tell("latency-pages", report, capsys)
    answers = stored(page, run.id, count - 1)
    assert sorted(answer["question_id"] for answer in answers) == sorted(given)
    assert (report["acknowledged"], report["painted"]) == (count - 1, count - 1)
    assert report["layout_shift"] == 0
    assert ANSWERS > STRIP or report["moved"] == []
