import { describe, expect, it } from "vitest";
import { swipeOf } from "./useGestures";
import { changed, forNext, isPlain, panned, PLAIN, styleOf, zoomed } from "./view";

describe("looking closer", () => {
  it("zooms between whole and six times, and back to exactly whole", () => {
    let view = PLAIN;
    for (let i = 0; i < 20; i++) view = changed(view, "zoom-in");
    expect(view.zoom).toBe(6);
    for (let i = 0; i < 20; i++) view = changed(view, "zoom-out");
    expect(view.zoom).toBe(1);
  });

  it("never moves past an edge", () => {
    const view = panned(zoomed(PLAIN, 2, { x: 0.5, y: 0.5 }), 5, -5);
    expect(view.at).toEqual({ x: 0, y: 1 });
  });

  it("keeps the light for the next question, and nothing else", () => {
    const view = changed(changed(changed(PLAIN, "brighter"), "flip"), "zoom-in");
    expect(forNext(view)).toEqual({ ...PLAIN, brightness: 120 });
    expect(isPlain(forNext(PLAIN))).toBe(true);
  });

  it.each([1, 2.5])("covers the same place mirrored and not, at zoom %f", (zoom) => {
    const view = { ...PLAIN, zoom, at: { x: 0.25, y: 0.5 } };
    const origin = parseFloat(styleOf(view, null, true).transformOrigin as string) / 100;
    const [low, high] = [origin * (1 + zoom) - zoom, origin * (1 + zoom)];
    expect(low).toBeCloseTo(0.25 * (1 - zoom));
    expect(high).toBeCloseTo(0.25 * (1 - zoom) + zoom);
  });
});

describe("a swipe", () => {
  it.each([
    [80, 10, "right"],
    [-80, 10, "left"],
    [5, 90, "down"],
    [5, -90, null],
    [40, 0, null],
    [80, 70, null],
  ])("of (%i, %i) is %s", (dx, dy, swipe) => {
    expect(swipeOf(dx, dy)).toBe(swipe);
  });
});
