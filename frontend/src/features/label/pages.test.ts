import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { look, settle, started } from "./driving";
import { FakeApi, image, MemoryStore, out, pageLease } from "./fakes";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const REPLY = {
  tiles: [
    { image: "q0-t", verdict: "different" as const, odd: [] },
    { image: "q0-u", verdict: "same" as const, odd: ["q0-u1"] },
    { image: "q0-v", verdict: "unsure" as const, odd: [] },
  ],
};

function withPage(): FakeApi {
  const api = new FakeApi(5);
  api.pages.add("q0");
  return api;
}

describe("a page", () => {
  it("is one answer with every tile, and never swaps its sides", async () => {
    const api = withPage();
    const engine = started(api, new MemoryStore(), { random: () => 0.1 });
    await look(engine);
    expect(engine.read().current!.swapped).toBe(false);
    expect(engine.answer(REPLY)).toBe(true);
    await settle();
    expect(api.received).toHaveLength(1);
    expect(api.received[0]).toMatchObject({ question_id: "q0", ...REPLY });
    expect(api.received[0]!.verdict).toBeUndefined();
    expect(api.received[0]!.shown).toEqual(["q0-a", "q0-t", "q0-u", "q0-u1", "q0-u2", "q0-v", "q0-v1", "q0-v2", "q0-v3"]);
    expect(engine.read().history[0]).toMatchObject({ kind: "page", left: "q0-a", state: "saved" });
  });

  it("stays on the screen when it is withdrawn, and its answer is sent; those that wait go", async () => {
    const api = withPage();
    const engine = started(api);
    await look(engine);
    api.withdrawNext.push("q0", "q1");
    await vi.advanceTimersByTimeAsync(31_000);
    expect(engine.read().current!.lease.question.id).toBe("q0");
    expect(engine.answer(REPLY)).toBe(true);
    await settle();
    expect(api.received.map((body) => body.question_id)).toEqual(["q0"]);
    expect(engine.read().current!.lease.question.id).toBe("q2");
  });

  it("is not answered within 250 ms of being painted", async () => {
    const engine = started(withPage());
    await settle();
    engine.wasPainted("q0");
    await vi.advanceTimersByTimeAsync(249);
    expect(engine.isArmed()).toBe(false);
    expect(engine.answer(REPLY)).toBe(false);
  });

  it("that is taken back comes as it was left, and redo gives it whole", async () => {
    const api = withPage();
    const engine = started(api);
    await look(engine);
    engine.answer(REPLY);
    await settle();
    engine.undo();
    await settle();
    expect(engine.read().current!.lease.question.id).toBe("q0");
    expect(engine.read().current!.filled).toEqual(REPLY);
    engine.redo();
    await settle();
    expect(api.received[1]).toMatchObject({ question_id: "q0", ...REPLY });
    expect(api.received[1]!.id).not.toBe(api.received[0]!.id);
  });

  it("that an earlier page answered comes as it was left", async () => {
    const api = new FakeApi(3);
    api.pages.add("q-before");
    const tiles = REPLY.tiles.map((tile) => ({ ...tile, image: image(tile.image), ticked: true }));
    api.earlier = [{ ...out("answer-before", "q-before"), kind: "page", tiles }];
    const engine = started(api);
    await settle();
    engine.undo();
    await settle();
    expect(engine.read().current!.lease.question.kind).toBe("page");
    expect(engine.read().current!.filled!.tiles).toEqual(REPLY.tiles);
  });

  it("with fewer tiles by now is replaced, unless it is being looked at", async () => {
    const api = new FakeApi(5);
    api.pages.add("q1").add("q2");
    const shorter = (id: string) => ({ ...pageLease(id).question, tiles: pageLease(id).question.tiles.slice(1) });
    const engine = started(api);
    await look(engine);
    api.changeNext = [shorter("q1"), shorter("q2")];
    engine.answer({ verdict: "same" });
    engine.wasPainted("q1");
    await settle();
    expect(engine.read().current!.lease.question.tiles).toHaveLength(3);
    await look(engine);
    engine.answer({ tiles: [] });
    await settle();
    expect(engine.read().current!.lease.question.tiles).toHaveLength(2);
  });
});
