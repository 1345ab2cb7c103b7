import { useSyncExternalStore } from "react";
import { ACTIONS, DEFAULTS, type Bindings } from "./keys";

/** The keys as this browser's person wants them; off: the page listens to no key. */
export interface KeyChoice {
  off: boolean;
  bindings: Bindings;
}

const KEY = "ucal.keys";
const listeners = new Set<() => void>();
let choice = read();

export function useKeyChoice(): KeyChoice {
  return useSyncExternalStore(subscribe, () => choice);
}

export function chooseKeys(next: KeyChoice): void {
  choice = next;
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // It holds for this page then.
  }
  listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** What was kept, key by key; an action that it does not know has its default. */
function read(): KeyChoice {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<KeyChoice>;
    const given = (kept.bindings ?? {}) as Record<string, unknown>;
    const bindings = Object.fromEntries(
      ACTIONS.map((action) => [action, isKeys(given[action]) ? given[action] : DEFAULTS[action]]),
    ) as unknown as Bindings;
    return { off: kept.off === true, bindings };
  } catch {
    return { off: false, bindings: DEFAULTS };
  }
}

function isKeys(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
