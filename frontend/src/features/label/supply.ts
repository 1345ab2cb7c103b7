import { isPassing, isSignedOut } from "../../api/errors";
import type { EmptyReason, Lease, Leases, QueueProgress } from "../../api/types";
import type { QuestionBuffer } from "./buffer";
import type { Outbox } from "./outbox";
import type { LabelApi, ReleaseHow } from "./types";

export const REFILL_AT = 5;
export const BUFFER = 14;
const POLL_MS = 2000;
const FIRST_POLL_MS = 200; // after an answer, while nothing is left: what follows from it may be asked at once
const LONGER = 1.5; // each wait, up to POLL_MS
const FINAL_POLL_MS = 10_000;
const HEARTBEAT_MS = 30_000;
const MOST_HELD = 100;
const FINAL: readonly EmptyReason[] = ["all_settled", "failed", "cancelled"];

const isPair = (lease: Lease): boolean => lease.question.kind === "pair"; // an anchor has its place

export interface SupplyDeps {
  api: LabelApi;
  buffer: QuestionBuffer;
  outbox: Outbox;
  random(): number;
  isVisible(): boolean;
  changed(): void;
}

/** Keeps the buffer full: leases, polls while there is nothing, keeps leases alive, gives back. */
export class Supply {
  progress: QueueProgress | null = null;
  empty: EmptyReason | null = null;
  emptyCount: number | null = null;
  emptyUntil: number | null = null;
  unreachable = false;
  asked = false; // the first response is in
  fatal: Error | null = null;
  private readonly putBack = new Set<string>();
  private readonly undone = new Set<Set<string>>(); // per request under way: questions undone meanwhile
  private readonly answered = new Set<string>(); // since the lease request under way was sent
  private generation = 0; // a response to an earlier one is for nobody
  private running = false;
  private leasing = false;
  private wait = FIRST_POLL_MS;
  private halted = false; // signed out, or no such run: asking again at once would be answered alike
  private poll: ReturnType<typeof setTimeout> | undefined;
  private beat: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly deps: SupplyDeps) {}

  start(): void {
    this.running = true;
    this.generation++;
    this.leasing = this.halted = false;
    this.beat = setInterval(() => void this.heartbeat(), HEARTBEAT_MS);
    void this.refill();
  }

  stop(leaving: boolean): void {
    this.running = false;
    this.generation++;
    clearTimeout(this.poll);
    clearInterval(this.beat);
    this.poll = undefined;
    this.release(this.deps.buffer.ids(), leaving ? "leaving" : "back");
    this.deps.buffer.clear();
  }

  resume(): void {
    if (!this.running) return;
    clearTimeout(this.poll);
    this.poll = undefined;
    this.halted = false;
    void this.heartbeat();
    void this.refill();
  }

  noteAnswered(questionId: string): void {
    this.answered.add(questionId);
    this.wait = FIRST_POLL_MS;
    if (this.poll !== undefined && this.deps.buffer.size === 0) this.pollLater(this.patience());
  }

  noteUndone(questionId: string): void {
    this.putBack.delete(questionId);
    this.undone.forEach((set) => set.add(questionId));
  }

  /** Give a question back for someone else, and do not ask for it again while there are others. */
  giveBack(questionId: string): void {
    this.putBack.add(questionId);
    this.deps.buffer.drop([questionId]);
    this.release([questionId], "later");
  }

  /** Lease more once few are left. */
  async refill(): Promise<void> {
    const { buffer, api } = this.deps;
    if (this.leasing || this.halted || !this.running || this.poll !== undefined || buffer.size > REFILL_AT) return;
    this.leasing = true;
    this.answered.clear();
    const { generation } = this;
    const wanted = BUFFER - buffer.size;
    const returning = this.watchUndos();
    try {
      const answer = await api.lease(wanted, this.known());
      if (generation === this.generation) this.leased(answer, wanted, returning);
      else this.release(answer.leases.map((lease) => lease.question.id), "back");
    } catch (error) {
      if (generation === this.generation) this.failed(error as Error);
    } finally {
      this.undone.delete(returning);
    }
  }

  private leased(answer: Leases, wanted: number, returning: ReadonlySet<string>): void {
    const { buffer } = this.deps;
    this.leasing = false;
    this.asked = true;
    this.unreachable = false;
    this.update(answer, returning);
    const known = new Set([...buffer.ids(), ...this.onTheWay(), ...this.answered]);
    for (const lease of answer.leases)
      if (!known.has(lease.question.id)) buffer.take({ lease, swapped: isPair(lease) && this.deps.random() < 0.5 });
    if (answer.leases.length === 0 && buffer.size === 0) this.putBack.clear();
    if (answer.leases.length < wanted) this.pollLater(this.isFinal() ? FINAL_POLL_MS : this.patience());
    this.deps.changed();
  }

  private failed(error: Error): void {
    this.leasing = false;
    if (isPassing(error)) {
      this.unreachable = true;
      this.pollLater(POLL_MS);
    } else {
      this.halted = true;
      if (!isSignedOut(error)) this.fatal = error; // after signing in again, resume() follows
    }
    this.deps.changed();
  }

  /** How long to wait before asking again: the longer there was nothing, the longer. */
  private patience(): number {
    if (this.deps.buffer.size > 0) return POLL_MS;
    const wait = this.wait;
    this.wait = Math.min(LONGER * wait, POLL_MS);
    return wait;
  }

  private isFinal(): boolean {
    return this.empty !== null && FINAL.includes(this.empty);
  }

  private pollLater(ms: number): void {
    clearTimeout(this.poll);
    this.poll = setTimeout(() => {
      this.poll = undefined;
      if (this.deps.isVisible()) void this.refill();
      else this.pollLater(ms);
    }, ms);
  }

  private async heartbeat(): Promise<void> {
    const held = this.deps.buffer.ids();
    if (!this.running || held.length === 0 || !this.deps.isVisible()) return;
    const returning = this.watchUndos();
    const { generation } = this;
    try {
      const answer = await this.deps.api.heartbeat(held.slice(0, MOST_HELD));
      if (generation === this.generation) this.update(answer, returning);
    } catch {
      // The next answer or refill meets the same trouble and says it.
    } finally {
      this.undone.delete(returning);
    }
    this.deps.changed();
  }

  private update(answer: Leases, returning: ReadonlySet<string>): void {
    this.progress = answer.progress;
    this.empty = answer.empty;
    this.emptyCount = answer.empty_count;
    this.emptyUntil = answer.empty_seconds === null ? null : Date.now() + 1000 * answer.empty_seconds;
    this.deps.buffer.withdraw(answer.withdrawn.filter((id) => !returning.has(id)));
  }

  /** Questions whose undo the server may not know of yet: if it withdraws them, it does so in error. */
  private watchUndos(): Set<string> {
    const watch = new Set(this.deps.outbox.waiting.flatMap((op) => (op.kind === "undo" ? [op.questionId] : [])));
    this.undone.add(watch);
    return watch;
  }

  private onTheWay(): string[] {
    return this.deps.outbox.waiting.flatMap((op) => (op.kind === "answer" ? [op.body.question_id] : []));
  }

  /** What the server must not hand out to this page again. */
  private known(): string[] {
    return [...new Set([...this.deps.buffer.ids(), ...this.onTheWay(), ...this.putBack])].slice(0, MOST_HELD);
  }

  private release(ids: string[], how: ReleaseHow): void {
    // A lease that is not put back runs out by itself.
    if (ids.length > 0) this.deps.api.release(ids.slice(0, MOST_HELD), how).catch(() => undefined);
  }
}
