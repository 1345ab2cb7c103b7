import type { AnswerNew, Reversal, Undone, Verdict } from "../../api/types";
import { PairBuffer } from "./buffer";
import { History } from "./history";
import { Outbox } from "./outbox";
import { progressWith } from "./progress";
import type { OpStore } from "./store";
import { Supply } from "./supply";
import type { BadSide, Entry, Item, LabelApi, Notice, Op, Redo, Snapshot } from "./types";

export const GUARD_MS = 250; // an answer this soon after a new pair was painted was meant for the one before
const MOST_SECONDS = 3600;

const other = (side: BadSide): BadSide => (side === "left" ? "right" : "left");

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

const PAGE = 100; // answers of the history fetched at once
const ENOUGH = 10; // known answers that stand, below which more are fetched

/**
 * The label page without a page: takes answers at once and sends them behind the person's back, undoes, puts back,
 * and lets `Supply` keep the buffer full. One instance per run and person; `start` and `stop` may alternate.
 */
export class LabelEngine {
  private redos: Redo[] = []; // newest last
  private exhausted = false; // the server has no older answer of this person
  private painted: { id: string; at: number } | null = null;
  private notice: Snapshot["notice"] = null;
  private said: Snapshot["said"] = null;
  private counter = 0;
  private loadingHistory = false;
  private readonly returning = new Set<string>(); // questions of an earlier page on their way back: nothing else is shown
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
    void this.begin();
    this.supply.start();
  }

  private async begin(): Promise<void> {
    await this.outbox.load();
    this.history.addWaiting(this.outbox.waiting);
    if (!this.redos.length) this.redos = await this.deps.store.loadRedos().catch(() => []);
    this.outbox.resume();
    await this.loadHistory();
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
    const item = this.shown();
    if (!item || !this.isArmed(item)) return false;
    this.setRedos([]);
    this.commit(item, verdict, item.swapped ? badSides.map(other) : badSides);
    return true;
  }

  /** Take back one answer (the last by default); its question comes back to the screen. */
  undo(entryId?: string): boolean {
    const entry = this.history.standing(entryId);
    if (!entry) return false;
    const { id, questionId, verdict, badSides, swapped, left, right } = entry;
    this.history.mark(id, "undone");
    this.setRedos([...this.redos, { questionId, verdict, badSides, swapped, left, right, seconds: 0 }]);
    this.supply.noteUndone(questionId);
    if (!this.outbox.cancelAnswer(id))
      this.outbox.push({ kind: "undo", key: this.outbox.nextKey(id), answerId: id, questionId });
    this.painted = null;
    if (entry.item) this.buffer.show(entry.item);
    else this.returning.add(questionId);
    this.said = { id: ++this.counter, verdict: null, count: 0 };
    this.emit();
    if (!this.exhausted) void this.loadHistory();
    return true;
  }

  /** Give the answer that was taken back last once more, whatever is on the screen. */
  redo(): boolean {
    const last = this.redos.at(-1);
    if (!last) return false;
    this.setRedos(this.redos.slice(0, -1));
    const item = this.buffer.ready.find((one) => one.lease.question.id === last.questionId) ?? null;
    const { questionId, verdict, badSides, swapped, left, right, seconds } = last;
    this.give({ questionId, verdict, badSides, swapped, left, right, item }, seconds, []);
    return true;
  }

  /** What taking this answer back reverses; null for one that is not at the server yet. */
  async reversal(entryId: string): Promise<Reversal | null> {
    const entry = this.history.standing(entryId);
    return entry?.state === "saved" ? this.deps.api.reversal(entryId) : null;
  }

  /** Give the pair on the screen back for someone else. */
  skip(): boolean {
    const item = this.shown();
    if (!item) return false;
    this.supply.giveBack(item.lease.question.id);
    this.emit();
    return true;
  }

  // -- answering ------------------------------------------------------------------------------

  private shown(): Item | null {
    for (const item of this.buffer.ready) this.returning.delete(item.lease.question.id);
    return this.returning.size > 0 && !this.outbox.offline ? null : this.buffer.current;
  }

  private isArmed(item: Item): boolean {
    const { painted } = this;
    return painted?.id === item.lease.question.id && this.deps.now() - painted.at >= GUARD_MS;
  }

  private commit(item: Item, verdict: Verdict, badSides: BadSide[]): void {
    const { question } = item.lease;
    const since = this.painted?.id === question.id ? this.painted.at : this.deps.now();
    const stored = [question.left.images[0]!.id, question.right.images[0]!.id] as const;
    const [left, right] = item.swapped ? [stored[1], stored[0]] : stored;
    const seconds = Math.min(MOST_SECONDS, Math.round(this.deps.now() - since) / 1000);
    const shown = [...question.left.images, ...question.right.images].map((image) => image.id).slice(0, 20);
    this.give({ questionId: question.id, verdict, badSides, swapped: item.swapped, left, right, item }, seconds, shown);
  }

  private give(given: Omit<Entry, "id" | "state">, seconds: number, shown: string[]): void {
    const { questionId, verdict, badSides, swapped, left, right, item } = given;
    const id = this.deps.newId();
    const fence = item?.lease.fence ?? null;
    const body: AnswerNew = { id, question_id: questionId, verdict, bad_sides: badSides, fence, seconds, swapped, shown };
    this.buffer.drop([questionId]);
    this.supply.noteAnswered(questionId);
    this.history.add({ ...given, id, state: "waiting" });
    this.outbox.push({ kind: "answer", key: this.outbox.nextKey(id), body, sent: false, left, right });
    this.emit();
  }

  private setRedos(redos: Redo[]): void {
    if (redos.length === 0 && this.redos.length === 0) return;
    this.redos = redos;
    this.deps.store.keepRedos(redos).catch(() => undefined); // redo then ends with this page
  }

  private async send(op: Op): Promise<void> {
    if (op.kind === "undo") return this.undone(op, await this.deps.api.undo(op.answerId));
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
    this.said = { id: ++this.counter, verdict: op.body.verdict ?? null, count: result.progress.answered_by_me };
  }

  private undone({ questionId }: Op & { kind: "undo" }, { lease, progress, reverses }: Undone): void {
    this.supply.progress = progress;
    if (Math.min(...reverses.parts, Infinity) > 1 && reverses.parts.length > 0)
      this.notify({ kind: "reversed", reversal: reverses });
    if (lease) {
      if (!this.buffer.renew(lease) && !this.outbox.holds(questionId))
        this.buffer.take(lease, this.deps.random() < 0.5, true);
      return;
    }
    this.returning.delete(questionId);
    this.buffer.drop([questionId]);
    this.notify({ kind: "undo-closed" });
  }

  private refused(op: Op, error: Error): void {
    if (op.kind === "answer") {
      this.history.mark(op.body.id, "refused");
      return this.notify({ kind: "refused", detail: error.message });
    }
    this.history.mark(op.answerId, "saved", "undone");
    this.returning.delete(op.questionId);
    if (!this.outbox.holds(op.questionId)) this.buffer.drop([op.questionId]);
    this.notify({ kind: "undo-refused", detail: error.message });
  }

  private broken(item: Item): void {
    this.returning.delete(item.lease.question.id);
    this.supply.giveBack(item.lease.question.id);
    const { left, right } = item.lease.question;
    this.notify({ kind: "skipped-broken", image: `${left.images[0]!.key}, ${right.images[0]!.key}` });
  }

  /** Fetch older answers while few are known: undo goes back without end. */
  private async loadHistory(): Promise<void> {
    if (this.loadingHistory || this.exhausted || this.history.saved >= ENOUGH) return;
    this.loadingHistory = true;
    try {
      const older = await this.deps.api.mine(PAGE, this.history.saved);
      this.exhausted = older.length < PAGE;
      this.history.addSaved(older);
    } catch {
      // The strip stays short until the next undo.
    } finally {
      this.loadingHistory = false;
    }
    this.emit();
  }

  // -- drawing --------------------------------------------------------------------------------

  private notify(notice: Notice): void {
    this.notice = { ...notice, id: ++this.counter };
    this.emit();
  }

  private draw(): Snapshot {
    const { ready, isDecoding } = this.buffer;
    const current = this.shown();
    const { progress, empty, emptyCount, emptyUntil, fatal, unreachable, asked } = this.supply;
    return {
      current,
      ready: ready.length,
      loading: !current && (isDecoding || !asked || this.returning.size > 0),
      waiting: this.outbox.waiting.length,
      offline: this.outbox.offline || unreachable,
      volatile: this.outbox.volatile,
      progress: progress && progressWith(progress, this.outbox.waiting),
      empty,
      emptyCount,
      emptyUntil,
      history: this.history.last,
      canUndo: this.history.canUndo,
      canRedo: this.redos.length > 0,
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
