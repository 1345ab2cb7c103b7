import { describe, expect, it } from "vitest";
import { duration, percent, smallPercent } from "./format";
import { match } from "./router";

describe("figures in words", () => {
  it.each([
    [0, "0\u00a0s"],
    [89, "89\u00a0s"],
    [150, "3\u00a0min"],
    [7200, "2.0\u00a0h"],
    [200_000, "2 days"],
  ])("%d seconds are %s", (seconds, text) => expect(duration(seconds)).toBe(text));

  it("say a dash where nothing was measured", () => {
    expect(percent(null)).toBe("–");
    expect(smallPercent(undefined)).toBe("–");
  });

  it("tell a tiny share from none", () => {
    expect(smallPercent(0)).toBe("0\u00a0%");
    expect(smallPercent(0.00042)).toBe("4.2e-4\u00a0%");
    expect(smallPercent(0.352)).toBe("0.35\u00a0%");
  });
});

describe("a path", () => {
  it("is matched with its names", () => {
    expect(match("/runs/:id/label", "/runs/r%201/label?x=1")).toEqual({ id: "r 1" });
    expect(match("/runs/:id", "/runs/r1/label")).toBeNull();
    expect(match("/", "/")).toEqual({});
  });

  it("with a stray percent sign does not throw", () => {
    expect(match("/runs/:id", "/runs/%")).toEqual({ id: "%" });
  });
});
