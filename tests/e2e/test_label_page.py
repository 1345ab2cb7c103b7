"""The label page in a real browser: latency, no network, a killed server, undo across a reload, large merges, touch.

Figures and pictures go to `tests/e2e/shots`; times are reported, never asserted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Product, sign_in
from tests.services import wait_for
from tests.stack import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SHOTS = ROOT / "tests" / "e2e" / "shots"
ANSWERS = int(os.environ.get("LATENCY_ANSWERS", "40"))  # 300 for the figures of docs/performance.md
NEXT = """before => {
  const stage = document.querySelector("[data-testid=label-stage]");
  return stage && stage.dataset.question !== before;
}"""

MEASURE = """
window.figures = { acknowledged: [], painted: [], shifts: 0, first: null };
const fetched = window.fetch;
window.fetch = async (...request) => {
  const response = await fetched(...request);
  if (/\\/answers$/.test(String(request[0]))) await new Promise(go => setTimeout(go, 150));
  return response;
};
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) window.figures.shifts += entry.value;
}).observe({ type: "layout-shift" });
const painted = (what, since) => requestAnimationFrame(() => {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => what(performance.now() - since);
  channel.port2.postMessage(0);
});
let pressed = null, acknowledged = true, before = null;
window.addEventListener("keydown", event => {
  const stage = document.querySelector("[data-testid=label-stage]");
  if (!stage || !["s", "d"].includes(event.key)) return;
  [pressed, acknowledged, before] = [event.timeStamp, false, stage.dataset.question];
}, true);
new MutationObserver(() => {
  const stage = document.querySelector("[data-testid=label-stage]");
  if (stage && window.figures.first === null) painted(ms => { window.figures.first ??= ms; }, 0);
  if (pressed === null) return;
  if (!acknowledged && document.querySelector("[data-flash]")) {
    acknowledged = true;
    painted(ms => window.figures.acknowledged.push(ms), pressed);
  }
  if (stage && stage.dataset.question !== before) {
    painted(ms => window.figures.painted.push(ms), pressed);
    pressed = null;
  }
}).observe(document, { subtree: true, childList: true, attributeFilter: ["data-question", "data-flash"] });
"""


@pytest.fixture
def page(browser: Browser, product: Product) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=product.url, locale="en-GB")
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    sign_in(opened)
    yield opened
    context.close()
    assert faults == []


def shown(page: Page) -> str:
    return page.get_by_test_id("label-stage").get_attribute("data-question") or ""


def give(page: Page, key: str = "d") -> str:
    """Press a key once the pair counts, wait for the next pair; give the question that was answered."""
    page.wait_for_selector("[data-testid=label-stage][data-armed=true]")
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


def percentiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {f"p{p}": round(ordered[min(len(ordered) - 1, len(ordered) * p // 100)], 1) for p in (50, 95, 99)}


def test_nothing_is_lost_without_network_and_when_the_server_is_killed(page: Page, product: Product):
    page.goto(f"/runs/{product.run_id}/label")
    asked = [give(page) for _ in range(3)]
    wait_for(lambda: len(standing(page, product.run_id)) == 3, 20, "the first answers")
    page.context.set_offline(True)
    asked += [give(page, "sd"[i % 2]) for i in range(6)]
    expect(page.get_by_test_id("unsent")).to_contain_text("6 answers waiting")
    page.screenshot(path=SHOTS / "label-offline.png")
    product.stack.kill("server")
    page.context.set_offline(False)
    asked += [give(page) for _ in range(2)]
    expect(page.get_by_test_id("unsent")).to_contain_text("8 answers waiting")
    page.screenshot(path=SHOTS / "label-server-gone.png")
    product.serve()
    expect(page.get_by_test_id("unsent")).to_have_count(0, timeout=60_000)
    found = wait_for(
        lambda: len(standing(page, product.run_id)) >= len(asked) and standing(page, product.run_id), 60, "all"
    )
    assert sorted(answer["question_id"] for answer in found) == sorted(asked)
    assert len(set(asked)) == len(asked)


def test_unsent_answers_outlive_the_page(page: Page, product: Product):
    page.goto(f"/runs/{product.run_id}/label")
    before = len(wait_for(lambda: standing(page, product.run_id) or None, 10, "the answers so far"))
    page.route("**/answers", lambda route: route.abort())
    asked = [give(page) for _ in range(3)]
    expect(page.get_by_test_id("unsent")).to_contain_text("3 answers waiting")
    page.reload()
    expect(page.get_by_test_id("unsent")).to_contain_text("3 answers waiting")
    page.unroute("**/answers")
    wait_for(lambda: len(standing(page, product.run_id)) == before + 3, 60, "the answers of the earlier page")
    assert set(asked) <= {answer["question_id"] for answer in standing(page, product.run_id)}


def test_thirty_answers_are_taken_back_after_a_reload_each_to_its_question(page: Page, product: Product):
    page.goto(f"/runs/{product.run_id}/label")
    asked = [give(page) for _ in range(30)]
    wait_for(lambda: {a["question_id"] for a in standing(page, product.run_id)} >= set(asked), 30, "the answers")
    count = len(standing(page, product.run_id))
    page.reload()
    expect(page.get_by_test_id("past-answer").last).to_be_visible()
    for question in reversed(asked):
        page.keyboard.press("z")
        page.wait_for_selector(f"[data-testid=label-stage][data-question='{question}']")
    wait_for(lambda: len(standing(page, product.run_id)) == count - 30, 30, "the undos")
    page.keyboard.press("Shift+Z")
    wait_for(lambda: len(standing(page, product.run_id)) == count - 29, 30, "the redo")
    assert standing(page, product.run_id)[0]["question_id"] == asked[0]


def test_a_large_merge_is_asked_for_twice_and_its_undo_says_what_it_reverses(page: Page, product: Product):
    page.goto(f"/runs/{product.large_run_id}/label")
    page.wait_for_selector("[data-testid=label-stage][data-armed=true]")
    asked = shown(page)
    page.keyboard.press("s")
    expect(page.get_by_test_id("merge-warning")).to_contain_text("one group of 11 images out of 6 and 5")
    page.screenshot(path=SHOTS / "label-merge-twice.png")
    assert standing(page, product.large_run_id) == []
    page.keyboard.press("s")
    wait_for(lambda: len(standing(page, product.large_run_id)) == 1, 20, "the merge")
    page.get_by_test_id("past-answer").last.click()
    expect(page.get_by_test_id("reverses")).to_contain_text("Un-merges 2 images into groups of 1 and 1.")
    page.screenshot(path=SHOTS / "label-change.png")
    page.get_by_role("button", name="Take back and ask again").click()
    page.wait_for_selector(f"[data-testid=label-stage][data-question='{asked}']")
    wait_for(lambda: standing(page, product.large_run_id) == [], 20, "the undo")


def test_keys_can_be_given_anew_and_switched_off(page: Page, product: Product):
    page.goto(f"/runs/{product.run_id}/label")
    page.wait_for_selector("[data-testid=label-stage][data-armed=true]")
    page.keyboard.press("?")
    page.get_by_role("button", name="Change the key for: Different").click()
    page.keyboard.press("k")
    page.screenshot(path=SHOTS / "label-keys.png")
    page.keyboard.press("Escape")
    give(page, "k")
    page.keyboard.press("?")
    page.get_by_label("Listen to keys").uncheck()
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-testid=label-stage][data-armed=true]")
    asked = shown(page)
    page.keyboard.press("k")
    page.wait_for_timeout(400)
    assert shown(page) == asked


def test_a_swipe_answers_and_its_note_takes_it_back(browser: Browser, product: Product):
    size = {"width": 360, "height": 740}
    context = browser.new_context(viewport=size, base_url=product.url, has_touch=True, is_mobile=True, locale="en-GB")
    page = context.new_page()
    sign_in(page)
    page.goto(f"/runs/{product.run_id}/label")
    page.wait_for_selector("[data-testid=label-stage][data-armed=true]")
    asked = shown(page)
    touch = context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": 60, "y": 300}]})
    for x in (90, 120, 150):
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": 302}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_function(NEXT, arg=asked)
    page.screenshot(path=SHOTS / "label-swiped.png")
    page.get_by_role("button", name="Undo").first.click()
    page.wait_for_selector(f"[data-testid=label-stage][data-question='{asked}']")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    context.close()


def test_answers_by_keyboard_with_slow_acknowledgements_are_all_stored(
    page: Page, product: Product, record_property: Any
):
    page.add_init_script(MEASURE)
    before = len(standing(page, product.run_id))
    page.goto(f"/runs/{product.run_id}/label")
    asked = [give(page, "sd"[i % 2]) for i in range(ANSWERS)]
    assert len(set(asked)) == ANSWERS
    wait_for(lambda: len(standing(page, product.run_id)) == before + ANSWERS, 60, "the answers")
    figures = page.evaluate("window.figures")
    report = {
        "answers": ANSWERS,
        "acknowledged_ms": percentiles(figures["acknowledged"]),
        "next_painted_ms": percentiles(figures["painted"]),
        "first_pair_ms": round(figures["first"], 1),
        "layout_shift": round(figures["shifts"], 4),
    }
    record_property("latency", report)
    SHOTS.mkdir(exist_ok=True)
    (SHOTS / "latency.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
