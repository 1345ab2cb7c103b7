import { describe, expect, it } from "vitest";
import { atLeast, atMost, faultlessBound } from "./bounds";

describe("a bound", () => {
  it("without a fault is that of Clopper and Pearson", () => {
    expect(faultlessBound(100)).toBeCloseTo(0.0429, 4);
    expect(faultlessBound(1)).toBeCloseTo(0.9875, 6);
  });

  it("is rounded up, a confidence down: what is said still holds", () => {
    expect([atMost(0.0421), atMost(0.05), atMost(1), atMost(0.04999)]).toEqual(["4.3\u00a0%", "5.0\u00a0%", "100.0\u00a0%", "5.0\u00a0%"]);
    expect([atLeast(0.975), atLeast(0.9875), atLeast(0.99375)]).toEqual(["97.50\u00a0%", "98.75\u00a0%", "99.37\u00a0%"]);
  });
});
