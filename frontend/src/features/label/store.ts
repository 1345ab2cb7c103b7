import type { Op } from "./types";

/** Where unsent answers outlive the page. */
export interface OpStore {
  load(): Op[];
  put(op: Op): void;
  remove(key: string): void;
}

/**
 * One entry per operation in localStorage, so that two tabs never overwrite each other's. What both tabs send has the
 * same id and body, and counts once.
 *
 * `put` throws when the browser keeps nothing; the outbox then says so.
 */
export class LocalOpStore implements OpStore {
  private readonly prefix: string;

  constructor(personId: string, runId: string) {
    this.prefix = `ucal.unsent.${personId}.${runId}.`;
  }

  load(): Op[] {
    const names: string[] = [];
    try {
      for (let index = 0; index < localStorage.length; index++) {
        const name = localStorage.key(index);
        if (name?.startsWith(this.prefix)) names.push(name);
      }
      return names.sort().flatMap((name) => parse(localStorage.getItem(name)));
    } catch {
      return [];
    }
  }

  put(op: Op): void {
    localStorage.setItem(this.prefix + op.key, JSON.stringify(op));
  }

  remove(key: string): void {
    try {
      localStorage.removeItem(this.prefix + key);
    } catch {
      // Nothing was kept, so nothing is left.
    }
  }
}

function parse(text: string | null): Op[] {
  try {
    const op = JSON.parse(text ?? "") as Op;
    return op.kind === "answer" || op.kind === "undo" ? [op] : [];
  } catch {
    return [];
  }
}
