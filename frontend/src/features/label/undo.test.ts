import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../../api/errors";
import { answer, settle, started } from "./driving";
import { FakeApi, MemoryStore, offline, out } from "./fakes";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("undo", () => {
  it("brings that very question back, and its new answer carries the new fence", async () => {
    const api = new FakeApi(20);
    const engine = started(api);
    const first = await answer(engine);
    const second = engine.read().current!.lease.question.id;
    expect(engine.undo()).toBe(true);
    expect(engine.read().current!.lease.question.id).toBe(first);
    await answer(engine, "different");
    expect(engine.read().current!.lease.question.id).toBe(second);
    expect(api.undoneIds).toEqual([api.received[0]!.id]);
    expect(api.received[1]).toMatchObject({ question_id: first, verdict: "different" });
    expect(api.received[1]!.fence).toBeGreaterThan(api.received[0]!.fence!);
    expect(api.received[1]!.id).not.toBe(api.received[0]!.id);
  });

  it("goes back any number of steps", async () => {
    const api = new FakeApi(20);
    const engine = started(api);
    const asked = [await answer(engine), await answer(engine), await answer(engine)];
    for (const id of asked.toReversed()) {
      engine.undo();
      expect(engine.read().current!.lease.question.id).toBe(id);
      await settle();
    }
    expect(engine.undo()).toBe(false);
  });

  it("of an answer that was never sent tells the server nothing", async () => {
    const api = new FakeApi(20);
    const engine = started(api);
    api.failWith = offline();
    await answer(engine); // tried, and perhaps received
    await answer(engine); // waits behind it
    engine.undo();
    expect(engine.read().waiting).toBe(1);
    api.failWith = null;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(api.received.map((body) => body.question_id)).toEqual(["q0"]);
    expect(api.undoneIds).toEqual([]);
  });

  it("of an answer that may have been received follows it", async () => {
    const api = new FakeApi(20);
    const engine = started(api);
    api.failWith = offline();
    await answer(engine);
    engine.undo();
    api.failWith = null;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(api.received).toHaveLength(1);
    expect(api.undoneIds).toEqual([api.received[0]!.id]);
    expect(engine.read().current!.lease.question.id).toBe("q0");
  });

  it("works after a reload, for answers given before it", async () => {
    const api = new FakeApi(3);
    api.earlier = [out("answer-before", "q-before")];
    const engine = started(api);
    await settle();
    engine.undo("answer-before");
    await settle();
    expect(engine.read().current!.lease.question.id).toBe("q-before");
    expect(engine.read().history[0]!.state).toBe("undone");
  });

  it("says when the question is no longer open", async () => {
    const api = new FakeApi(5);
    const engine = started(api);
    await answer(engine);
    api.leaseBack = false;
    engine.undo();
    await settle();
    expect(engine.read().notice?.kind).toBe("undo-closed");
    expect(engine.read().current!.lease.question.id).toBe("q1");
  });

  it("that is refused leaves the answer standing", async () => {
    const api = new FakeApi(5);
    const engine = started(api);
    await answer(engine);
    api.failWith = new ApiError(403, "ForbiddenError", "not yours");
    engine.undo();
    await settle();
    expect(engine.read().history[0]!.state).toBe("saved");
    expect(engine.read().notice).toMatchObject({ kind: "undo-refused", detail: "not yours" });
    expect(engine.read().current!.lease.question.id).toBe("q1");
  });

  it("keeps the returned question although a late response withdraws it", async () => {
    const api = new FakeApi(3);
    const engine = started(api);
    await answer(engine);
    api.failWith = offline();
    engine.undo();
    api.withdrawNext = ["q0"]; // the server does not know of the undo yet
    await vi.advanceTimersByTimeAsync(2500);
    expect(engine.read().current!.lease.question.id).toBe("q0");
  });

  it("goes on past what was fetched at first, and shows nothing else meanwhile", async () => {
    const api = new FakeApi(3);
    api.earlier = Array.from({ length: 130 }, (_, index) => out(`before-${index}`, `old-${index}`));
    const engine = started(api);
    await settle();
    for (let index = 0; index < 130; index++) {
      expect(engine.undo()).toBe(true);
      expect(engine.read().current).toBeNull();
      await settle();
      expect(engine.read().current!.lease.question.id).toBe(`old-${index}`);
      await settle();
    }
    expect(engine.undo()).toBe(false);
  });

  it("can be redone after a reload", async () => {
    const api = new FakeApi(5);
    const store = new MemoryStore();
    const before = started(api, store);
    const first = await answer(before, "different");
    before.undo();
    await settle();
    before.stop(true);
    const engine = started(api, store);
    await settle();
    expect(engine.read().canRedo).toBe(true);
    engine.redo();
    await settle();
    expect(api.received.at(-1)).toMatchObject({ question_id: first, verdict: "different" });
  });

  it("that waits to be sent shows as taken back after a reload, before and after it is sent", async () => {
    const api = new FakeApi(5);
    const store = new MemoryStore();
    api.earlier = [out("answer-before", "q-before")];
    const before = started(api, store);
    await settle();
    api.failWith = offline();
    before.undo();
    await settle();
    before.stop(true);
    const engine = started(api, store);
    await settle();
    expect(engine.read().history[0]).toMatchObject({ id: "answer-before", state: "undone" });
    api.failWith = null;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(api.undoneIds).toEqual(["answer-before"]);
    expect(engine.read().history[0]).toMatchObject({ id: "answer-before", state: "undone" });
  });

  it("of a large merge is said", async () => {
    const api = new FakeApi(5);
    api.reverses = { parts: [12, 9], later: 3 };
    const engine = started(api);
    await answer(engine);
    engine.undo();
    await settle();
    expect(engine.read().notice).toMatchObject({ kind: "reversed", reversal: { parts: [12, 9], later: 3 } });
  });

  it("can be taken back by redo", async () => {
    const api = new FakeApi(5);
    const engine = started(api);
    await answer(engine, "different");
    engine.undo();
    await settle();
    expect(engine.read().canRedo).toBe(true);
    expect(engine.redo()).toBe(true);
    await settle();
    expect(api.received[1]).toMatchObject({ question_id: "q0", verdict: "different" });
    expect(engine.read().canRedo).toBe(false);
  });
});
