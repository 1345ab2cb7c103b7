import { describe, expect, it } from "vitest";
import { isIdle } from "./idle";

const after = (...answers: number[]) => answers.map((count) => ({ answers: count }));

describe("a run is idle", () => {
  it("when its newest round asked nothing and this one has not either", () => {
    expect(isIdle({ judged: 9 }, after(5, 9, 9))).toBe(true);
    expect(isIdle({ judged: 9 }, after(5, 9))).toBe(false);
    expect(isIdle({ judged: 11 }, after(5, 9, 9))).toBe(false);
  });

  it("but not before it asked anything", () => {
    expect(isIdle({ judged: 0 }, after(0, 0))).toBe(false);
    expect(isIdle({ judged: 0 }, [])).toBe(false);
  });
});
