/** Driving an engine as a person would, under fake timers; for tests. */
import { expect, vi } from "vitest";
import { GUARD_MS, LabelEngine, type Deps } from "./engine";
import { type FakeApi, fakeDeps, type MemoryStore } from "./fakes";

export const settle = () => vi.advanceTimersByTimeAsync(0);

/** See the pair on the screen long enough, as a person would. */
export async function look(engine: LabelEngine): Promise<string> {
  await settle();
  const id = engine.read().current!.lease.question.id;
  engine.wasPainted(id);
  await vi.advanceTimersByTimeAsync(GUARD_MS);
  return id;
}

export async function answer(engine: LabelEngine, verdict: "same" | "different" = "same"): Promise<string> {
  const id = await look(engine);
  expect(engine.answer({ verdict })).toBe(true);
  await settle();
  return id;
}

export function started(api: FakeApi, ...rest: [MemoryStore?, Partial<Deps>?]): LabelEngine {
  const engine = new LabelEngine(fakeDeps(api, ...rest));
  engine.start();
  return engine;
}
