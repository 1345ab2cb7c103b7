"""What every page keeps: axe's rules in both themes, no sideways scrolling at any width, every control within reach."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Page

from tests.stack import ROOT

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = ROOT / "tests" / "e2e" / "shots"
KEPT = bool(os.environ.get("E2E_SHOTS"))  # pictures are for eyes: E2E_SHOTS=1 keeps them, below `SHOTS`
WIDE = {"width": 1440, "height": 900}
REFLOW = (320, 256)  # 1280 x 1024 at 400 %
WIDTHS = [REFLOW, (390, 844), (768, 1024), (1440, 900)]
THEMES = {  # a theme changes colours only: of the second those are asked
    "dark": '["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]',
    "light": '["color-contrast", "link-in-text-block"]',
}
RUN_AXE = """async rules => {
  const found = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
  return found.violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.target.join(" ")}`));
}"""
SETTLED = """async () => {
  await new Promise(go => requestAnimationFrame(() => requestAnimationFrame(go)));
  const ends = document.getAnimations().filter(one => one.effect?.getComputedTiming().endTime !== Infinity);
  await Promise.allSettled(ends.map(one => one.finished));
}"""
SIDEWAYS = "document.documentElement.scrollWidth > window.innerWidth"
OUT_OF_REACH = """() => {
  const scope = document.querySelector("[role=dialog], [role=menu]") ?? document;
  const words = one => `${one.tagName.toLowerCase()} "${(one.ariaLabel ?? one.textContent ?? "").trim().slice(0, 40)}"`;
  const faults = [];
  for (const one of scope.querySelectorAll("a[href], button, input, select, textarea, summary, [role=menuitem]")) {
    const idle = one.disabled || one.matches(".skip-link") || one.closest("[aria-hidden=true], [inert]");
    if (idle || !one.checkVisibility({ visibilityProperty: true })) continue;
    const label = one.labels?.[0];
    for (const target of [one, label]) target?.scrollIntoView({ block: "center", inline: "center" });
    const hit = [one, label].some(target => {
      if (!target) return false;
      const box = target.getBoundingClientRect();
      const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
      return top !== null && (target.contains(top) || (label?.contains(top) ?? false));
    });
    if (!hit) faults.push(words(one));
  }
  window.scrollTo(0, 0);
  return faults;
}"""


def nothing(page: Page) -> None:
    """Leave the page as it opens."""


State = Callable[[Page], None]


@dataclass(frozen=True)
class Place:
    """A page and the states it is looked at in, one after the other, each from where the one before left it."""

    path: str
    ready: str
    states: Mapping[str, State]


def shoot(page: Page, name: str, **more: Any) -> None:
    """Keep a picture for those who look at it."""
    if KEPT:
        SHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SHOTS / f"{name}.png", **more)


def window(browser: Browser, url: str, session: dict[str, Any], **more: Any) -> Page:
    """Open a signed-in window (`more`: of the context); each says how large."""
    usual = {"viewport": WIDE, "base_url": url, "locale": "en-GB", "storage_state": session}
    return browser.new_context(**(usual | more)).new_page()


def remembers(session: dict[str, Any], **kept: str) -> dict[str, Any]:
    """Give the session with other values in the browser's memory: language, theme, tour."""
    [origin] = session["origins"]
    held = {one["name"]: one["value"] for one in origin["localStorage"]} | {f"ucal.{k}": v for k, v in kept.items()}
    entries = [{"name": name, "value": value} for name, value in held.items()]
    return {**session, "origins": [{**origin, "localStorage": entries}]}


def go(page: Page, path: str, ready: str) -> None:
    """Go there by a link's way, without loading anew, and wait until it is shown."""
    for to in ("/no/such/page", path):  # by way of nowhere: nothing of a page stays
        page.evaluate("to => { history.pushState(null, '', to); dispatchEvent(new PopStateEvent('popstate')) }", to)
        page.wait_for_selector(ready if to == path else ".lucide-compass")


def visit(page: Page, name: str, place: Place, *, whole: bool = False, **ids: str) -> list[str]:
    """Go to a place and give what it breaks in each of its states."""
    page.set_viewport_size(WIDE)
    go(page, place.path.format(**ids), place.ready)
    found: list[str] = []
    for state, reach in place.states.items():
        reach(page)
        page.wait_for_function("() => !document.querySelector('.skeleton')")
        found += faults(page, f"{name}-{state}" if state else name, whole=whole)
    return found


def faults(page: Page, name: str, *, whole: bool = False) -> list[str]:
    """Give what the page breaks: axe's rules, sideways scrolling, controls that 400 % puts out of reach."""
    found: list[str] = []
    page.set_viewport_size(WIDE)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    for theme, rules in THEMES.items():
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        page.evaluate(SETTLED)
        shoot(page, f"{name}-{theme}", full_page=whole)
        found += [f"{name}, {theme}: {line}" for line in page.evaluate(f"({RUN_AXE})({rules})")]
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(SETTLED)
        shoot(page, f"{name}-{width}", full_page=whole)
        if page.evaluate(SIDEWAYS):
            found.append(f"{name}, {width} px: scrolls sideways")
        if (width, height) == REFLOW:
            found += [f"{name}, 400 %: out of reach: {line}" for line in page.evaluate(OUT_OF_REACH)]
    return found
