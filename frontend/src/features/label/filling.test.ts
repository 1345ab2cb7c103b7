import { describe, expect, it } from "vitest";
import { pageLease } from "./fakes";
import { leftOut, mergeOf, oddToggled, replyFrom, scopeOf, started, toggled } from "./filling";

const item = { lease: pageLease("q"), swapped: false };
const { question } = item.lease;
const [one, three, eight] = question.tiles;

describe("a page's tiles", () => {
  it("start as the model believes", () => {
    expect(replyFrom(started(item), question).tiles).toEqual([
      { image: "q-t", verdict: "same", odd: [] },
      { image: "q-u", verdict: "same", odd: [] },
      { image: "q-v", verdict: "different", odd: [] },
    ]);
  });

  it("start as they were left when the page was taken back", () => {
    const filled = { tiles: [{ image: "q-u", verdict: "unsure" as const, odd: ["q-u2"] }] };
    const filling = started({ ...item, filled });
    expect(filling.marks["q-u"]).toEqual({ verdict: "unsure", odd: ["q-u2"] });
    expect(filling.marks["q-t"]!.verdict).toBe("same");
  });

  it("whose image did not load start left out", () => {
    expect(started({ ...item, missing: new Set(["q-t"]) }).marks["q-t"]!.verdict).toBe("unsure");
  });

  it("are ticked and unticked; what was left out is ticked", () => {
    const start = started(item);
    expect(toggled(start, one!).marks["q-t"]!.verdict).toBe("different");
    expect(toggled(toggled(start, one!), one!)).toEqual(start);
    expect(toggled(leftOut(start, eight!, "bad_image"), eight!).marks["q-v"]!.verdict).toBe("same");
  });

  it("are left out, and taken back to how they started", () => {
    const start = started(item);
    const out = leftOut(toggled(start, one!), one!, "unsure");
    expect(out.marks["q-t"]!.verdict).toBe("unsure");
    expect(leftOut(out, one!, "unsure")).toEqual(start);
    expect(leftOut(out, one!, "bad_image").marks["q-t"]!.verdict).toBe("bad_image");
  });

  it("spell out the scope in images, odd ones counted as not the anchor", () => {
    const start = started(item);
    expect(scopeOf(start, question)).toEqual({ same: 4, different: 8, leftOut: 0 });
    const mixed = leftOut(oddToggled(start, three!, "q-u1"), eight!, "unsure");
    expect(scopeOf(mixed, question)).toEqual({ same: 3, different: 1, leftOut: 8 });
    expect(oddToggled(mixed, three!, "q-u1").marks["q-u"]!.odd).toEqual([]);
  });

  it("count the odd images of a tile that is not the anchor as left out: nothing was said of them and the anchor", () => {
    const mixed = toggled(oddToggled(started(item), three!, "q-u1"), three!);
    expect(scopeOf(mixed, question)).toEqual({ same: 1, different: 10, leftOut: 1 });
  });

  it("say nothing when the anchor is a bad image", () => {
    expect(replyFrom({ ...started(item), anchorBad: true }, question)).toEqual({ bad_sides: ["left"], tiles: [] });
  });

  it("make a large merge only with a large group that is ticked", () => {
    const start = started(item);
    expect(mergeOf(start, question, 4)).toBeNull();
    expect(mergeOf(toggled(start, eight!), question, 4)).toEqual([5, 8]);
    expect(mergeOf({ ...toggled(start, eight!), anchorBad: true }, question, 4)).toBeNull();
  });
});
