"""What a browser measures of itself while somebody answers by keyboard, every answer of the API delayed by 150 ms."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.rules import SHOTS

WANTED = os.environ.get("LATENCY_ANSWERS")  # 300 for the figures of docs/performance.md, which are then printed
ANSWERS = int(WANTED or 20)
STRIP = 20  # answers shown as history
MEASURE = """
const STAGE = "[data-testid=label-stage], [data-testid=page-stage]";
window.figures = { acknowledged: [], painted: [], shifts: 0, moved: [], first: null, interactions: {} };
const fetched = window.fetch;
window.fetch = async (...request) => {
  const response = await fetched(...request);
  await new Promise(go => setTimeout(go, 150));
  return response;
};
let asked = null; // when the first answer was pressed
let signedIn = 0;
new PerformanceObserver(list => {
  for (const { startTime, value, hadRecentInput, sources } of list.getEntries()) {
    if (asked === null || startTime < asked) continue;
    if (!hadRecentInput) figures.shifts += value;
    const names = sources.map(({ node }) => node?.className ?? node?.nodeName);
    if (names.some(name => name !== "unsent")) figures.moved.push([value, ...names]); // that bar comes and goes
  }
}).observe({ type: "layout-shift" });
new PerformanceObserver(list => {
  for (const { interactionId: id, duration } of list.getEntries())
    if (id) figures.interactions[id] = Math.max(figures.interactions[id] ?? 0, duration);
}).observe({ type: "event", durationThreshold: 16 });
const painted = (what, since) => requestAnimationFrame(() => {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => what(performance.now() - since);
  channel.port2.postMessage(0);
});
let pressed = null, acknowledged = true, before = null;
document.addEventListener("submit", event => { signedIn = event.timeStamp; }, true);
window.addEventListener("keydown", event => {
  const stage = document.querySelector(STAGE);
  if (!stage || !["s", "d", "Enter"].includes(event.key)) return;
  asked ??= event.timeStamp;
  [pressed, acknowledged, before] = [event.timeStamp, false, stage.dataset.question];
}, true);
new MutationObserver(() => {
  const stage = document.querySelector(STAGE);
  if (stage && figures.first === null) painted(ms => { figures.first ??= ms; }, signedIn);
  if (pressed === null) return;
  if (!acknowledged && document.querySelector("[data-flash]")) {
    acknowledged = true;
    painted(ms => figures.acknowledged.push(ms), pressed);
  }
  if (stage && stage.dataset.question !== before) {
    painted(ms => figures.painted.push(ms), pressed);
    pressed = null;
  }
}).observe(document, { subtree: true, childList: true, attributeFilter: ["data-question", "data-flash"] });
"""


def percentiles(values: list[float]) -> dict[str, float]:
    """Give p50, p95 and p99, in the values' unit."""
    ordered = sorted(values)
    return {f"p{p}": round(ordered[min(len(ordered) - 1, len(ordered) * p // 100)], 1) for p in (50, 95, 99)}


def measured(page: Page, answers: int) -> dict[str, Any]:
    """Give the figures of a page with `MEASURE` on which so many answers were given; times in ms.

    `layout_shift` is the usual sum, without what follows a key within 500 ms; `moved` are all: from the 21st answer on
    the strip of the last 20 moves by design. Of interactions the browser tells only those of 16 ms and more: the
    others count as 16.
    """
    page.wait_for_timeout(200)  # the last entries
    figures = page.evaluate("figures")
    slow = list(figures["interactions"].values())
    return {
        "answers": answers,
        "acknowledged_ms": percentiles(figures["acknowledged"]),
        "next_painted_ms": percentiles(figures["painted"]),
        "first_painted_ms": round(figures["first"], 1),
        "interaction_to_next_paint_ms": percentiles(slow + [16.0] * (answers - len(slow))),
        "acknowledged": len(figures["acknowledged"]),
        "painted": len(figures["painted"]),
        "layout_shift": round(figures["shifts"], 5),
        "moved": figures["moved"] if answers <= STRIP else len(figures["moved"]),
    }


def tell(name: str, report: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Keep a report beside the pictures; print it where figures were asked for."""
    SHOTS.mkdir(exist_ok=True)
    (SHOTS / f"{name}.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    if WANTED:
        with capsys.disabled():
            print(f"\n{name}: {json.dumps(report)}")  # noqa: T201
