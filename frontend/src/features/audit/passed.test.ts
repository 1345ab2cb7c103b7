import { expect, it } from "vitest";
import { hasPassed } from "./passed";

const early = "2026-03-01T10:00:00Z";
const end = "2026-03-01T11:00:00Z";
const late = "2026-03-01T12:00:00Z";

it("counts the newest audit that was told, and none from before the run's end", () => {
  const over = { finished_at: end };
  expect(hasPassed(undefined, over)).toBe(false);
  expect(hasPassed([], over)).toBe(false);
  expect(hasPassed([{ passed: true, created_at: late }], over)).toBe(true);
  expect(hasPassed([{ passed: true, created_at: early }], over)).toBe(false);
  expect(hasPassed([{ passed: true, created_at: early }], { finished_at: null })).toBe(true);
  expect(hasPassed([{ passed: false, created_at: late }, { passed: true, created_at: late }], over)).toBe(false);
  expect(hasPassed([{ passed: null, created_at: late }, { passed: true, created_at: late }], over)).toBe(true);
});
