import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";
import { IdbOpStore } from "./store";
import type { Op, Redo } from "./types";

const undo = (key: string): Op => ({ kind: "undo", key, answerId: `a${key}`, questionId: "q" });

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

describe("the store of unsent answers", () => {
  it("gives them back in the order they were made", async () => {
    const store = new IdbOpStore("p1", "r1");
    await store.put(undo("002"));
    await store.put(undo("001"));
    expect((await new IdbOpStore("p1", "r1").load()).map((op) => op.key)).toEqual(["001", "002"]);
  });

  it("keeps people and runs apart", async () => {
    await new IdbOpStore("p1", "r1").put(undo("001"));
    expect(await new IdbOpStore("p2", "r1").load()).toEqual([]);
    expect(await new IdbOpStore("p1", "r2").load()).toEqual([]);
  });

  it("forgets what was sent", async () => {
    const store = new IdbOpStore("p1", "r1");
    await store.put(undo("001"));
    await store.remove("001");
    expect(await store.load()).toEqual([]);
  });

  it("keeps what may be redone", async () => {
    const redo = { questionId: "q", kind: "page", reply: { tiles: [] }, swapped: true, left: "a", right: "b", seconds: 1 } as const;
    const earlier = { questionId: "p", verdict: "same", seconds: 1 } as unknown as Redo; // of an older version
    await new IdbOpStore("p1", "r1").keepRedos([earlier, { ...redo, reply: { tiles: [] } }]);
    expect(await new IdbOpStore("p1", "r1").loadRedos()).toEqual([redo]);
    expect(await new IdbOpStore("p1", "r2").loadRedos()).toEqual([]);
  });

  it("rejects where the browser keeps nothing", async () => {
    globalThis.indexedDB = { open: () => { throw new DOMException("no", "SecurityError"); } } as unknown as IDBFactory;
    await expect(new IdbOpStore("p1", "r1").put(undo("001"))).rejects.toThrow("no");
  });
});
