"""The label page in a real browser: latency, no network, a killed server, undo across a reload, large merges, touch.

Times are reported, never asserted: `LATENCY_ANSWERS=300 OFFLINE_SECONDS=60 pytest tests/e2e/test_label_page.py` prints
the figures of docs/performance.md.
"""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from backend.store.models import Answer
from tests.backend.world import PASSWORD
from tests.e2e.conftest import PAIRS, Product
from tests.e2e.measuring import ANSWERS, MEASURE, STRIP, WANTED, measured, percentiles, tell
from tests.e2e.rules import SIDEWAYS, remembers, shoot, window
from tests.services import wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]

OFFLINE_SECONDS = float(os.environ.get("OFFLINE_SECONDS", "3"))
SIGN_INS = 20 if WANTED else 2
MOST_SCRIPT = 180_000  # bytes, gzipped
ARMED = "[data-testid=label-stage][data-armed=true]"
NEXT = """before => {
  const stage = document.querySelector("[data-testid=label-stage]");
  return stage && stage.dataset.question !== before;
}"""
SCREEN = """() => {
  const stage = document.querySelector("[data-testid=label-stage]");
  const images = [...stage.querySelectorAll("img")].map(one => new URL(one.src).pathname);
  return [stage.dataset.question, ...images, ...[...stage.querySelectorAll(".group-size")].map(one => one.textContent)];
}"""

LOSE = """() => {
  const fetched = window.fetch;
  window.lose = true;
  window.fetch = async (...request) => {
    const response = await fetched(...request);
    if (window.lose && /\\/answers$/.test(String(request[0]))) throw new TypeError("the line broke");
    return response;
  };
}"""


@pytest.fixture
def run_id(product: Product) -> str:
    """Give a fresh run that asks PAIRS unrelated pairs."""
    run = product.new_run()
    product.world.ask(run, *((2 * i, 2 * i + 1) for i in range(PAIRS)))
    return run.id


@pytest.fixture
def large_run_id(product: Product) -> str:
    """Give a run that asks about two groups of 6 and 5 images, each held together by somebody's answers."""
    run = product.new_run()
    with product.world.scope() as session:
        for left, right in [*pairwise(range(6)), *pairwise(range(6, 11))]:
            facts = {"left_row": left, "right_row": right, "verdict": "same", "question_id": f"earlier-{left}"}
            session.add(Answer(run_id=run.id, id=f"earlier-{left:04}", person_id="somebody", **facts))
    product.world.ask_large(run, range(6), range(6, 11))
    return run.id


def shown(page: Page) -> str:
    return page.get_by_test_id("label-stage").get_attribute("data-question") or ""


def give(page: Page, key: str = "d") -> str:
    """Press a key once the pair counts, wait for the next pair; give the question that was answered."""
    page.wait_for_selector(ARMED)
    asked = shown(page)
    page.keyboard.press(key)
    page.wait_for_function(NEXT, arg=asked)
    return asked


def standing(page: Page, run_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        query = f"mine=true&standing=true&limit=500&offset={len(found)}"
        part = json.loads(page.request.get(f"/api/v1/runs/{run_id}/answers?{query}").text())
        found += part
        if len(part) < 500:
            return found


def stored(product: Product, run_id: str) -> Counter[str]:
    """Count the events of the log by question: an answer that came twice would be there twice."""
    with product.world.scope(read_only=True) as session:
        return Counter(session.scalars(select(Answer.question_id).where(Answer.run_id == run_id)))


def arrived(product: Product, run_id: str, asked: list[str]) -> None:
    """Wait until each of these questions has one answer, and no other has any."""
    wait_for(lambda: len(stored(product, run_id)) >= len(asked), 60, f"{len(asked)} answers")
    assert stored(product, run_id) == Counter(asked)


def test_nothing_is_lost_in_a_minute_without_network_and_when_the_server_is_killed(
    page: Page, product: Product, run_id: str
):
    page.goto(f"/runs/{run_id}/label")
    asked = [give(page) for _ in range(3)]
    arrived(product, run_id, asked)
    unsent = page.get_by_test_id("unsent")
    page.context.set_offline(True)
    asked += [give(page, "sd"[i % 2]) for i in range(6)]
    expect(unsent).to_contain_text("6 answers waiting")
    page.wait_for_timeout(1000 * OFFLINE_SECONDS)
    expect(unsent).to_contain_text("6 answers waiting")
    shoot(page, "label-offline")
    page.context.set_offline(False)
    expect(unsent).to_have_count(0, timeout=60_000)
    arrived(product, run_id, asked)

    page.evaluate(LOSE)  # the server takes the answer and dies before the page hears of it
    asked.append(give(page))
    arrived(product, run_id, asked)
    try:
        product.stack.kill("server")
        page.evaluate("window.lose = false")
        asked += [give(page) for _ in range(3)]
        expect(unsent).to_contain_text("4 answers waiting")
        shoot(page, "label-server-gone")
    finally:
        product.serve()
    expect(unsent).to_have_count(0, timeout=60_000)
    arrived(product, run_id, asked)
    asked.append(give(page))
    arrived(product, run_id, asked)


def test_unsent_answers_outlive_the_page(page: Page, product: Product, run_id: str):
    page.goto(f"/runs/{run_id}/label")
    page.route("**/answers", lambda route: route.abort())
    asked = [give(page) for _ in range(3)]
    expect(page.get_by_test_id("unsent")).to_contain_text("3 answers waiting")
    page.reload()
    expect(page.get_by_test_id("unsent")).to_contain_text("3 answers waiting")
    page.unroute("**/answers")
    arrived(product, run_id, asked)


def test_thirty_answers_are_taken_back_after_a_reload_each_to_its_screen(page: Page, run_id: str):
    page.goto(f"/runs/{run_id}/label")
    screens = []
    for _ in range(30):
        page.wait_for_selector(ARMED)
        screens.append(page.evaluate(SCREEN))
        give(page)
    wait_for(lambda: len(standing(page, run_id)) == 30, 30, "the answers")
    page.reload()
    expect(page.get_by_test_id("past-answer").last).to_be_visible()
    for screen in reversed(screens):
        page.keyboard.press("z")
        page.wait_for_selector(f"[data-testid=label-stage][data-question='{screen[0]}']")
        assert page.evaluate(SCREEN) == screen
    wait_for(lambda: standing(page, run_id) == [], 30, "the undos")
    page.keyboard.press("Shift+Z")
    wait_for(lambda: len(standing(page, run_id)) == 1, 30, "the redo")
    assert standing(page, run_id)[0]["question_id"] == screens[0][0]


def test_a_merge_of_two_large_groups_is_asked_for_twice_and_undone_to_its_screen(page: Page, large_run_id: str):
    page.goto(f"/runs/{large_run_id}/label")
    page.wait_for_selector(ARMED)
    screen = page.evaluate(SCREEN)
    page.keyboard.press("s")
    expect(page.get_by_test_id("merge-warning")).to_contain_text("one group of 11 images out of 6 and 5")
    shoot(page, "label-merge-twice")
    assert standing(page, large_run_id) == []
    page.keyboard.press("s")
    wait_for(lambda: len(standing(page, large_run_id)) == 1, 20, "the merge")
    page.reload()
    page.get_by_test_id("past-answer").last.click()
    expect(page.get_by_test_id("reverses")).to_contain_text("Un-merges 11 images into groups of 6 and 5.")
    shoot(page, "label-change")
    page.get_by_role("button", name="Keep the answer").click()
    page.keyboard.press("z")
    page.wait_for_selector(f"[data-testid=label-stage][data-question='{screen[0]}']")
    assert page.evaluate(SCREEN) == screen
    wait_for(lambda: standing(page, large_run_id) == [], 20, "the undo")
    page.wait_for_selector(ARMED)
    page.keyboard.press("s")  # as large as before: asked for twice again
    expect(page.get_by_test_id("merge-warning")).to_be_visible()


def test_keys_can_be_given_anew_and_switched_off(page: Page, run_id: str):
    page.goto(f"/runs/{run_id}/label")
    page.wait_for_selector(ARMED)
    page.keyboard.press("?")
    page.get_by_role("button", name="Change the key for: Different").click()
    page.keyboard.press("k")
    shoot(page, "label-keys")
    page.keyboard.press("Escape")
    give(page, "k")
    page.keyboard.press("?")
    page.get_by_label("Listen to keys").uncheck()
    page.keyboard.press("Escape")
    page.wait_for_selector(ARMED)
    asked = shown(page)
    page.keyboard.press("k")
    page.wait_for_timeout(400)
    assert shown(page) == asked


def swipe(page: Page, dx: int, dy: int) -> None:
    """Move one finger over the left image."""
    touch = page.context.new_cdp_session(page)
    points = [{"x": 80 + dx * part // 4, "y": 260 + dy * part // 4} for part in range(5)]
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points[:1]})
    for point in points[1:]:
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_swipes_and_taps_answer_on_a_phone_and_a_note_takes_a_swipe_back(phone: Page, run_id: str):
    page = phone
    page.goto(f"/runs/{run_id}/label")

    def answered(how: Any) -> str:
        page.wait_for_selector(ARMED)
        asked = shown(page)
        how()
        page.wait_for_function(NEXT, arg=asked)
        return asked

    first = answered(lambda: swipe(page, 100, 4))
    shoot(page, "label-swiped")
    page.wait_for_timeout(600)  # a tap in the same instant still belongs to the swipe
    page.locator(".toast").get_by_role("button", name="Undo").tap()
    page.wait_for_selector(f"[data-testid=label-stage][data-question='{first}']")
    wait_for(lambda: standing(page, run_id) == [], 20, "the undo")
    given = {
        answered(lambda: swipe(page, 100, 4)): "same",
        answered(lambda: swipe(page, -70, 4)): "different",
        answered(lambda: swipe(page, 4, 100)): "unsure",
        answered(page.get_by_test_id("answer-same").tap): "same",
        answered(page.get_by_test_id("answer-different").tap): "different",
    }
    page.wait_for_selector(ARMED)
    page.get_by_test_id("answer-bad_image").tap()
    given[answered(page.get_by_test_id("bad-left").tap)] = "bad_image"
    wait_for(lambda: len(standing(page, run_id)) == len(given) == 6, 20, "the answers")
    assert {answer["question_id"]: answer["verdict"] for answer in standing(page, run_id)} == given
    assert not page.evaluate(SIDEWAYS)
    assert min(page.locator(".verdicts button").evaluate_all("all => all.map(one => one.offsetHeight)")) >= 44


def test_answers_by_keyboard_with_slow_acknowledgements_are_all_stored_and_shift_nothing(
    page: Page, product: Product, run_id: str, capsys: pytest.CaptureFixture[str]
):
    page.add_init_script(MEASURE)
    page.goto(f"/runs/{run_id}/label")
    asked = [give(page, "sd"[i % 2]) for i in range(ANSWERS)]
    report = measured(page, ANSWERS)
    tell("latency", report, capsys)
    arrived(product, run_id, asked)
    assert (report["acknowledged"], report["painted"]) == (ANSWERS, ANSWERS)
    assert report["layout_shift"] == 0
    assert ANSWERS > STRIP or report["moved"] == []


def test_the_first_pair_follows_signing_in(
    browser: Browser, product: Product, session: dict[str, Any], run_id: str, capsys: pytest.CaptureFixture[str]
):
    times = []
    for _ in range(SIGN_INS):
        page = window(browser, product.url, {**session, "cookies": []})
        page.add_init_script(MEASURE)
        page.goto(f"/runs/{run_id}/label")
        page.get_by_label("Name").fill("ada")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector(ARMED)
        times.append(page.evaluate("figures.first"))
        page.context.close()
    tell("latency-first-pair", {"sign_ins": SIGN_INS, "first_pair_ms": percentiles(times)}, capsys)
    assert min(times) > 150  # the server's answer to the sign-in alone was held back so long


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_label_page_needs_little_script(
    browser: Browser, product: Product, session: dict[str, Any], language: str, capsys: pytest.CaptureFixture[str]
):
    page = window(browser, product.url, remembers(session, language=language))
    answers = []
    page.on("response", lambda answer: answers.append(answer) if answer.url.endswith(".js") else None)
    page.goto(f"/runs/{product.run_id}/label")
    page.wait_for_selector(ARMED)
    sizes = {answer.url.rsplit("/", 1)[1]: len(gzip.compress(answer.body())) for answer in answers}
    page.context.close()
    tell(f"script-{language}", {"gzipped_bytes": sum(sizes.values()), "files": len(sizes)}, capsys)
    assert len(sizes) > 3
    assert sum(sizes.values()) < MOST_SCRIPT, sizes
