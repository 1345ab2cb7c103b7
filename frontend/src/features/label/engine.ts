import type { AnswerNew, Undone, Verdict } from "../../api/types";
import { PairBuffer } from "./buffer";
import { History } from "./history";
import { Outbox } from "./outbox";
import { progressWith } from "./progress";
import type { OpStore } from "./store";
import { Supply } from "./supply";
import type { BadSide, Item, LabelApi, Notice, Op, Snapshot } from "./types";

export const GUARD_MS = 250; // an answer this soon after a new pair was painted was meant for the one before
const MOST_SECONDS = 3600;

export interface Deps {
  api: LabelApi;
  store: OpStore;
  decode(item: Item): Promise<void>;
  warm(item: Item): void;
  random(): number;
  newId(): string;
  now(): number;
  isVisible(): boolean;
}

interface Given {
  questionId: string;
  verdict: Verdict;
  badSides: BadSide[];
}

/**
 * The label page without a page: takes answers at once and sends them behind the person's back, undoes, puts back,
 * and lets `Supply` keep the buffer full. One instance per run and person; `start` and `stop` may alternate.
 */
export class LabelEngine {
  private redos: Given[] = [];
  private painted: { id: string; at: number } | null = null;
  private notice: Snapshot["notice"] = null;
  private said: Snapshot["said"] = null;
  private counter = 0;
  private readonly history = new History();
  private readonly outbox: Outbox;
  private readonly buffer: PairBuffer;
  private readonly supply: Supply;
  private readonly listeners = new Set<() => void>();
  private snapshot: Snapshot;

  constructor(private readonly deps: Deps) {
    this.outbox = new Outbox(deps.store, {
      send: (op) => this.send(op),
      refused: (op, error) => this.refused(op, error),
      changed: () => this.emit(),
    });
    this.buffer = new PairBuffer({
      decode: deps.decode,
      decoded: () => this.emit(),
      broken: (item) => this.broken(item),
    });
    this.supply = new Supply({ ...deps, buffer: this.buffer, outbox: this.outbox, changed: () => this.emit() });
    this.snapshot = this.draw();
  }

  // -- for the page ---------------------------------------------------------------------------

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  read = (): Snapshot => this.snapshot;

  start(): void {
    this.outbox.load();
    this.history.addWaiting(this.outbox.waiting);
    void this.loadHistory();
    this.outbox.resume();
    this.supply.start();
  }

  /** Put everything unanswered back; what was answered is kept and sent later. */
  stop(leaving = false): void {
    this.outbox.stop();
    this.supply.stop(leaving);
    this.painted = null;
    this.emit();
  }

  /** The session or the network is back, or the page is seen again. */
  resume(): void {
    this.outbox.resume();
    this.supply.resume();
  }

  /** Told by the page when the pair is really on the screen. */
  wasPainted = (questionId: string): void => {
    if (this.painted?.id !== questionId) this.painted = { id: questionId, at: this.deps.now() };
  };

  /** Answer the pair on the screen; false when it was too early to be meant. */
  answer(verdict: Verdict, badSides: BadSide[] = []): boolean {
    const item = this.buffer.current;
    if (!item || !this.isArmed(item)) return false;
    this.redos = [];
    this.commit(item, verdict, badSides);
    return true;
  }

  /** Take back one answer (the last by default); its question comes back to the screen. */
  undo(entryId?: string): boolean {
    const entry = this.history.standing(entryId);
    if (!entry) return false;
    const { id, questionId, verdict, badSides } = entry;
    this.history.mark(id, "undone");
    this.redos.push({ questionId, verdict, badSides });
    this.supply.noteUndone(questionId);
    if (!this.outbox.cancelAnswer(id))
      this.outbox.push({ kind: "undo", key: this.outbox.nextKey(id), answerId: id, questionId });
    if (entry.item) {
      this.painted = null;
      this.buffer.show(entry.item);
    }
    this.said = { id: ++this.counter, verdict: null, count: 0 };
    this.emit();
    return true;
  }

  /** Give the answer that was just taken back once more. */
  redo(): boolean {
    const item = this.buffer.current;
    const last = this.redos.at(-1);
    if (!item || !last || item.lease.question.id !== last.questionId) return false;
    this.redos.pop();
    this.commit(item, last.verdict, last.badSides);
    return true;
  }

  /** Give the pair on the screen back for someone else. */
  skip(): boolean {
    const item = this.buffer.current;
    if (!item) return false;
    this.supply.giveBack(item.lease.question.id);
    this.emit();
    return true;
  }

  // -- answering ------------------------------------------------------------------------------

  private isArmed(item: Item): boolean {
    const { painted } = this;
    return painted?.id === item.lease.question.id && this.deps.now() - painted.at >= GUARD_MS;
  }

  private commit(item: Item, verdict: Verdict, badSides: BadSide[]): void {
    const body = this.bodyOf(item, verdict, badSides);
    const questionId = body.question_id;
    const stored = [item.lease.question.left.images[0]!.id, item.lease.question.right.images[0]!.id] as const;
    const [left, right] = item.swapped ? [stored[1], stored[0]] : stored;
    this.buffer.drop([questionId]);
    this.supply.noteAnswered(questionId);
    this.history.add({ id: body.id, questionId, verdict, badSides, left, right, state: "waiting", item });
    this.outbox.push({ kind: "answer", key: this.outbox.nextKey(body.id), body, sent: false, left, right });
    this.emit();
  }

  private bodyOf(item: Item, verdict: Verdict, badSides: BadSide[]): AnswerNew {
    const { question, fence } = item.lease;
    const since = this.painted?.id === question.id ? this.painted.at : this.deps.now();
    return {
      id: this.deps.newId(),
      question_id: question.id,
      verdict,
      bad_sides: item.swapped ? badSides.map((side) => (side === "left" ? "right" : "left")) : badSides,
      fence,
      seconds: Math.min(MOST_SECONDS, Math.round(this.deps.now() - since) / 1000),
      swapped: item.swapped,
      shown: [...question.left.images, ...question.right.images].map((image) => image.id).slice(0, 20),
    };
  }

  private async send(op: Op): Promise<void> {
    if (op.kind === "undo") return this.undone(op.questionId, await this.deps.api.undo(op.answerId));
    if (!op.sent) {
      // From the first attempt on the body stays as it is: the same id must always carry the same body.
      op.body.fence = this.buffer.fenceOf(op.body.question_id) ?? op.body.fence;
      op.sent = true;
      this.outbox.keep(op);
    }
    const result = await this.deps.api.answer(op.body);
    this.history.mark(op.body.id, "saved", "waiting");
    this.supply.progress = result.progress;
    this.buffer.drop(result.withdrawn);
    this.said = { id: ++this.counter, verdict: op.body.verdict, count: result.progress.answered_by_me };
  }

  private undone(questionId: string, { lease, progress }: Undone): void {
    this.supply.progress = progress;
    if (lease) {
      if (!this.buffer.renew(lease) && !this.isOnTheWay(questionId))
        this.buffer.take(lease, this.deps.random() < 0.5, true);
      return;
    }
    this.buffer.drop([questionId]);
    this.notify({ kind: "undo-closed" });
  }

  private refused(op: Op, error: Error): void {
    if (op.kind === "answer") {
      this.history.mark(op.body.id, "refused");
      return this.notify({ kind: "refused", detail: error.message });
    }
    this.history.mark(op.answerId, "saved", "undone");
    if (!this.isOnTheWay(op.questionId)) this.buffer.drop([op.questionId]);
    this.notify({ kind: "undo-refused", detail: error.message });
  }

  private isOnTheWay(questionId: string): boolean {
    return this.outbox.waiting.some((op) => op.kind === "answer" && op.body.question_id === questionId);
  }

  private broken(item: Item): void {
    this.supply.giveBack(item.lease.question.id);
    this.notify({ kind: "skipped-broken" });
  }

  private async loadHistory(): Promise<void> {
    try {
      this.history.addSaved(await this.deps.api.mine(20));
    } catch {
      // The strip stays short; nothing depends on it.
    }
    this.emit();
  }

  // -- drawing --------------------------------------------------------------------------------

  private notify(notice: Notice): void {
    this.notice = { ...notice, id: ++this.counter };
    this.emit();
  }

  private draw(): Snapshot {
    const { current, ready, isDecoding } = this.buffer;
    const { progress, empty, emptyDetail, fatal, unreachable, asked } = this.supply;
    return {
      current,
      ready: ready.length,
      loading: !current && (isDecoding || !asked),
      waiting: this.outbox.waiting.length,
      offline: this.outbox.offline || unreachable,
      volatile: this.outbox.volatile,
      progress: progress && progressWith(progress, this.outbox.waiting),
      empty,
      emptyDetail,
      history: this.history.entries,
      canRedo: current !== null && this.redos.at(-1)?.questionId === current.lease.question.id,
      fatal,
      notice: this.notice,
      said: this.said,
    };
  }

  /** Show the present state, and have more pairs fetched if few are left. */
  private emit(): void {
    this.buffer.ready.forEach(this.deps.warm);
    this.snapshot = this.draw();
    this.listeners.forEach((listener) => listener());
    void this.supply.refill();
  }
}
