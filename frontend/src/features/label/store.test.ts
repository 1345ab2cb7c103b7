import { beforeEach, describe, expect, it } from "vitest";
import { LocalOpStore } from "./store";
import type { Op } from "./types";

const undo = (key: string): Op => ({ kind: "undo", key, answerId: `a${key}`, questionId: "q" });

beforeEach(() => localStorage.clear());

describe("the store of unsent answers", () => {
  it("gives them back in the order they were made", () => {
    const store = new LocalOpStore("p1", "r1");
    store.put(undo("002"));
    store.put(undo("001"));
    expect(new LocalOpStore("p1", "r1").load().map((op) => op.key)).toEqual(["001", "002"]);
  });

  it("keeps people and runs apart", () => {
    new LocalOpStore("p1", "r1").put(undo("001"));
    expect(new LocalOpStore("p2", "r1").load()).toEqual([]);
    expect(new LocalOpStore("p1", "r2").load()).toEqual([]);
  });

  it("forgets what was sent", () => {
    const store = new LocalOpStore("p1", "r1");
    store.put(undo("001"));
    store.remove("001");
    expect(store.load()).toEqual([]);
  });

  it("passes over what it cannot read", () => {
    localStorage.setItem("ucal.unsent.p1.r1.000", "{half");
    expect(new LocalOpStore("p1", "r1").load()).toEqual([]);
  });
});
