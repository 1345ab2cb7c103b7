import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../../api/errors";
import { answer, look, settle, started } from "./driving";
import { GUARD_MS } from "./engine";
import { FakeApi, MemoryStore, offline } from "./fakes";
import { BUFFER } from "./supply";
import { pairReply } from "./replies";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the buffer", () => {
  it("holds more than ten decoded pairs and is filled again at five", async () => {
    const api = new FakeApi(60);
    const engine = started(api);
    await settle();
    expect(engine.read().ready).toBe(BUFFER);
    for (let count = 0; count < BUFFER - 6; count++) await answer(engine);
    expect(api.heldSent).toHaveLength(1);
    await answer(engine);
    expect(api.heldSent).toHaveLength(2);
    expect(engine.read().ready).toBe(BUFFER);
  });

  it("shows the next pair at once, before the server has the answer", async () => {
    const api = new FakeApi(20);
    const engine = started(api);
    api.answer = () => new Promise(() => undefined); // a server that takes its time
    await look(engine);
    engine.answer({ verdict: "same" });
    expect(engine.read().current!.lease.question.id).toBe("q1");
    await answer(engine);
    expect(engine.read()).toMatchObject({ waiting: 2, current: { lease: { question: { id: "q2" } } } });
  });

  it("drops silently what the server settled by inference", async () => {
    const api = new FakeApi(20);
    const engine = started(api);
    await settle();
    api.withdrawNext = ["q1", "q2"];
    await answer(engine);
    expect(engine.read().current!.lease.question.id).toBe("q3");
    expect(engine.read().notice).toBeNull();
  });

  it("never shows a question whose answer is still on its way", async () => {
    const api = new FakeApi(3);
    const engine = started(api);
    api.failWith = offline();
    await answer(engine);
    await vi.advanceTimersByTimeAsync(2500); // it polls, for there were fewer pairs than wanted
    expect(api.heldSent.at(-1)).toContain("q0");
    expect(engine.read().ready).toBe(2);
  });

  it("asks again soon after the last open question was answered, then less and less often", async () => {
    const api = new FakeApi(1);
    const engine = started(api);
    await answer(engine);
    const before = api.heldSent.length;
    await vi.advanceTimersByTimeAsync(201);
    expect(api.heldSent).toHaveLength(before + 1);
    await vi.advanceTimersByTimeAsync(750); // 300 and 450 ms later
    expect(api.heldSent).toHaveLength(before + 3);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(api.heldSent.length).toBeLessThan(before + 17); // every 2 s in the end
    api.open.push("q9");
    await vi.advanceTimersByTimeAsync(2000);
    expect(engine.read().current!.lease.question.id).toBe("q9");
  });

  it("puts a pair with a broken image back and says so", async () => {
    const api = new FakeApi(4);
    const decode = (item: { lease: { question: { id: string } } }) =>
      item.lease.question.id === "q0" ? Promise.reject(new Error("broken")) : Promise.resolve([]);
    const engine = started(api, new MemoryStore(), { decode });
    await settle();
    expect(engine.read().current!.lease.question.id).toBe("q1");
    expect(engine.read().notice?.kind).toBe("skipped-broken");
    expect(api.released).toContainEqual({ ids: ["q0"], how: "later" });
  });

  it("gives everything unanswered back when it stops", async () => {
    const api = new FakeApi(5);
    const engine = started(api);
    await answer(engine);
    engine.stop(true);
    expect(api.released).toEqual([{ ids: ["q1", "q2", "q3", "q4"], how: "leaving" }]);
    expect(engine.read().current).toBeNull();
  });

  it("gives back what arrives after it stopped", async () => {
    const api = new FakeApi(3);
    const engine = started(api);
    engine.stop();
    await settle();
    expect(api.released).toEqual([{ ids: ["q0", "q1", "q2"], how: "back" }]);
  });

  it("does not ask for a pair that was put back while there are others", async () => {
    const api = new FakeApi(3);
    const engine = started(api);
    await settle();
    engine.skip();
    await vi.advanceTimersByTimeAsync(2500);
    expect(api.heldSent.at(-1)).toContain("q0");
    expect(engine.read().current!.lease.question.id).toBe("q1");
  });

  it("names an empty queue and looks again by itself", async () => {
    const api = new FakeApi(0);
    const engine = started(api);
    await settle();
    expect(engine.read().empty).toBe("waiting_for_model");
    api.open = ["q9"];
    await vi.advanceTimersByTimeAsync(2100);
    expect(engine.read().current!.lease.question.id).toBe("q9");
  });

  it("asks again after the server could not be reached", async () => {
    const api = new FakeApi(2);
    api.failLeaseWith = offline();
    const engine = started(api);
    await settle();
    expect(engine.read().offline).toBe(true);
    api.failLeaseWith = null;
    await vi.advanceTimersByTimeAsync(2100);
    expect(engine.read().offline).toBe(false);
    expect(engine.read().ready).toBe(2);
  });

  it("waits for the sign-in instead of asking over and over", async () => {
    const api = new FakeApi(2);
    const refused = vi.spyOn(api, "lease").mockRejectedValue(new ApiError(401, "NotSignedInError", "sign in"));
    const engine = started(api);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(refused).toHaveBeenCalledOnce();
    refused.mockRestore();
    engine.resume();
    await settle();
    expect(engine.read().ready).toBe(2);
  });

  it("says what makes labelling impossible", async () => {
    const api = new FakeApi(2);
    api.failLeaseWith = new ApiError(404, "NotFoundError", "no such run");
    const engine = started(api);
    await settle();
    expect(engine.read().fatal?.message).toBe("no such run");
  });
});

describe("the guard", () => {
  it("ignores an answer before the pair was painted and 250 ms after", async () => {
    const engine = started(new FakeApi(5));
    await settle();
    expect(engine.answer({ verdict: "same" })).toBe(false);
    engine.wasPainted(engine.read().current!.lease.question.id);
    await vi.advanceTimersByTimeAsync(GUARD_MS - 1);
    expect(engine.answer({ verdict: "same" })).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(engine.answer({ verdict: "same" })).toBe(true);
  });

  it("counts the time from the painting", async () => {
    const api = new FakeApi(5);
    const engine = started(api);
    await look(engine);
    await vi.advanceTimersByTimeAsync(1250);
    engine.answer({ verdict: "same" });
    await settle();
    expect(api.received[0]!.seconds).toBeCloseTo(1.5, 2);
  });
});

describe("what is sent", () => {
  it("names the stored side of a bad image when the sides are swapped", async () => {
    const api = new FakeApi(5);
    const engine = started(api, new MemoryStore(), { random: () => 0.1 });
    await look(engine);
    engine.answer(pairReply(engine.read().current!, "bad_image", ["left"]));
    await settle();
    expect(api.received[0]).toMatchObject({ verdict: "bad_image", bad_sides: ["right"], swapped: true });
    expect(engine.read().history[0]).toMatchObject({ left: "q0-b", right: "q0-a" });
  });

  it("keeps answers while offline, in order, and sends them when the server is back", async () => {
    const api = new FakeApi(20);
    const store = new MemoryStore();
    const engine = started(api, store);
    api.failWith = offline();
    const asked = [await answer(engine), await answer(engine, "different"), await answer(engine)];
    expect(engine.read()).toMatchObject({ waiting: 3, offline: true });
    expect(store.kept.size).toBe(3);
    api.failWith = null;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(api.received.map((body) => body.question_id)).toEqual(asked);
    expect(engine.read()).toMatchObject({ waiting: 0, offline: false });
    expect(store.kept.size).toBe(0);
  });

  it("sends after a reload what an earlier page left, with the same ids and bodies", async () => {
    const api = new FakeApi(20);
    const store = new MemoryStore();
    const first = started(api, store);
    api.failWith = offline();
    await answer(first);
    const left = [...store.kept.values()].map((text) => JSON.parse(text).body);
    first.stop(true);
    api.failWith = null;
    const second = started(api, store);
    await settle();
    expect(api.received).toEqual(left);
    expect(second.read().history[0]).toMatchObject({ questionId: "q0", state: "saved" });
  });

  it("waits for the sign-in when the session ended, then goes on", async () => {
    const api = new FakeApi(20);
    const engine = started(api);
    api.failWith = new ApiError(401, "NotSignedInError", "sign in");
    await answer(engine);
    await answer(engine);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(api.received).toHaveLength(0);
    api.failWith = null;
    engine.resume();
    await settle();
    expect(api.received).toHaveLength(2);
  });

  it("drops an answer that the server will never take, and says why", async () => {
    const api = new FakeApi(20);
    const engine = started(api);
    api.failWith = new ApiError(409, "AlreadyAnsweredError", "you answered this already");
    await answer(engine);
    expect(engine.read()).toMatchObject({
      waiting: 0,
      notice: { kind: "refused", detail: "you answered this already" },
    });
    expect(engine.read().history[0]!.state).toBe("refused");
  });

  it("says when the browser keeps nothing", async () => {
    const store = new MemoryStore();
    store.full = true;
    const api = new FakeApi(5);
    const engine = started(api, store);
    await answer(engine);
    expect(engine.read().volatile).toBe(true);
    expect(api.received).toHaveLength(1);
  });

  it("counts what is on its way into the progress", async () => {
    const api = new FakeApi(20);
    const engine = started(api);
    await settle();
    api.failWith = offline();
    await answer(engine);
    expect(engine.read().progress).toMatchObject({ answered_round: 1, open_round: 19, answered_by_me: 1 });
  });
});
