import { isPassing, isSignedOut } from "../../api/errors";
import type { OpStore } from "./store";
import type { Op } from "./types";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

export interface OutboxEvents {
  /** Send one; the outbox keeps it until this resolves. */
  send(op: Op): Promise<void>;
  /** The server will never take it: say so. It is dropped. */
  refused(op: Op, error: Error): void;
  changed(): void;
}

/** Answers and undos on their way: in order, at least once, kept until the server has them. */
export class Outbox {
  offline = false;
  volatile = false;
  private ops: Op[] = [];
  private busy = false;
  private loaded = false; // what an earlier page left goes first
  private blocked = false; // signed out: wait for resume()
  private wait = FIRST_WAIT_MS;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private sequence = 0;

  constructor(
    private readonly store: OpStore,
    private readonly events: OutboxEvents,
  ) {}

  get waiting(): readonly Op[] {
    return this.ops;
  }

  /** Whether an answer to this question waits here. */
  holds(questionId: string): boolean {
    return this.ops.some((op) => op.kind === "answer" && op.body.question_id === questionId);
  }

  /** Take up what an earlier page left; nothing is sent before. */
  async load(): Promise<void> {
    try {
      const left = await this.store.load();
      const known = new Set(this.ops.map((op) => op.key));
      this.ops = [...left.filter((op) => !known.has(op.key)), ...this.ops];
    } catch {
      this.volatile = true;
    }
    this.loaded = true;
  }

  /** A key that sorts after every earlier one, also those of an earlier page. */
  nextKey(id: string): string {
    return `${Date.now().toString().padStart(15, "0")}-${(this.sequence++).toString().padStart(6, "0")}-${id}`;
  }

  push(op: Op): void {
    this.ops.push(op);
    this.keep(op);
    this.pump();
  }

  /** Take back an answer that was never sent; false when it may already be at the server. */
  cancelAnswer(id: string): boolean {
    const op = this.ops.find((one) => one.kind === "answer" && one.body.id === id);
    if (op?.kind !== "answer" || op.sent) return false;
    this.drop(op);
    return true;
  }

  resume(): void {
    this.blocked = false;
    this.wait = FIRST_WAIT_MS;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.pump();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private pump(): void {
    const op = this.ops[0];
    if (!op || !this.loaded || this.busy || this.blocked || this.timer !== undefined) return;
    this.busy = true;
    void this.trySend(op).finally(() => {
      this.busy = false;
      this.events.changed();
      this.pump();
    });
  }

  private async trySend(op: Op): Promise<void> {
    try {
      await this.events.send(op);
      this.offline = false;
      this.wait = FIRST_WAIT_MS;
      this.drop(op);
    } catch (error) {
      this.failed(op, error as Error);
    }
  }

  private failed(op: Op, error: Error): void {
    if (isSignedOut(error)) this.blocked = true;
    else if (isPassing(error)) this.later();
    else {
      this.drop(op);
      this.events.refused(op, error);
    }
  }

  private later(): void {
    this.offline = true;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.pump();
    }, this.wait);
    this.wait = Math.min(2 * this.wait, LONGEST_WAIT_MS);
  }

  /** Keep a changed operation (the fence that was filled in before the first sending). */
  keep(op: Op): void {
    this.store.put(structuredClone(op)).catch(() => {
      this.volatile = true;
      this.events.changed();
    });
  }

  private drop(op: Op): void {
    this.ops = this.ops.filter((other) => other !== op);
    // What stays behind is sent again by a later page: same id and body, so it counts once.
    this.store.remove(op.key).catch(() => undefined);
  }
}
