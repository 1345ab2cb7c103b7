import type { AnswerNew, Lease, Reversal, Undone } from "../../api/types";
import { QuestionBuffer } from "./buffer";
import { History } from "./history";
import { Outbox } from "./outbox";
import { progressWith } from "./progress";
import { Redos } from "./redos";
import { endsOf, replyOf, shownOf } from "./replies";
import type { OpStore } from "./store";
import { Supply } from "./supply";
import type { Entry, Item, LabelApi, Notice, Op, Reply, Snapshot } from "./types";

export const GUARD_MS = 250; // an answer this soon after a new question was painted was meant for the one before
const MOST_SECONDS = 3600;

export interface Deps {
  api: LabelApi;
  store: OpStore;
  decode(item: Item): Promise<string[]>;
  warm(item: Item): void;
  random(): number;
  newId(): string;
  now(): number;
  isVisible(): boolean;
}

/**
 * The label page without a page: takes answers at once and sends them behind the person's back, undoes, puts back,
 * and lets `Supply` keep the buffer full. One instance per run and person; `start` and `stop` may alternate.
 */
export class LabelEngine {
  private painted: { id: string; at: number } | null = null;
  private notice: Snapshot["notice"] = null;
  private said: Snapshot["said"] = null;
  private counter = 0;
  private readonly returning = new Set<string>(); // questions of an earlier page on their way back: nothing else is shown
  private readonly history = new History();
  private readonly redos: Redos;
  private readonly outbox: Outbox;
  private readonly buffer: QuestionBuffer;
  private readonly supply: Supply;
  private readonly listeners = new Set<() => void>();
  private snapshot: Snapshot;

  constructor(private readonly deps: Deps) {
    this.redos = new Redos(deps.store);
    this.outbox = new Outbox(deps.store, {
      send: (op) => this.send(op),
      refused: (op, error) => this.refused(op, error),
      changed: () => this.emit(),
    });
    this.buffer = new QuestionBuffer({
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
    await this.redos.load();
    this.outbox.resume();
    await this.fetchOlder();
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

  /** Told by the page when the question is really on the screen. */
  wasPainted = (questionId: string): void => {
    if (this.painted?.id !== questionId) this.painted = { id: questionId, at: this.deps.now() };
  };

  /** Whether what is pressed now is meant for the question on the screen, not for the one before. */
  isArmed = (): boolean => {
    const { painted } = this;
    return painted !== null && painted.id === this.shown()?.lease.question.id && this.deps.now() - painted.at >= GUARD_MS;
  };

  /** Answer the question on the screen; false when it was too early to be meant. */
  answer(reply: Reply): boolean {
    const item = this.shown();
    if (!item || !this.isArmed()) return false;
    this.redos.clear();
    const since = this.painted!.at;
    const seconds = Math.min(MOST_SECONDS, Math.round(this.deps.now() - since) / 1000);
    const { id: questionId, kind } = item.lease.question;
    const [left, right] = endsOf(item, reply);
    const shown = shownOf(item.lease.question);
    this.give({ questionId, kind, reply, swapped: item.swapped, left, right, item }, seconds, shown);
    return true;
  }

  /** Take back one answer (the last by default); its question comes back to the screen. */
  undo(entryId?: string): boolean {
    const entry = this.history.standing(entryId);
    if (!entry) return false;
    const { id, questionId, kind, reply, swapped, left, right, item } = entry;
    this.history.mark(id, "undone");
    if (reply) this.redos.push({ questionId, kind, reply, swapped, left, right, seconds: 0 });
    this.supply.noteUndone(questionId);
    if (!this.outbox.cancelAnswer(id))
      this.outbox.push({ kind: "undo", key: this.outbox.nextKey(id), answerId: id, questionId });
    this.painted = null;
    if (item) this.buffer.show({ ...item, ...(reply && { filled: reply }) });
    else this.returning.add(questionId);
    this.said = { id: ++this.counter, kind, reply: null, count: 0 };
    this.emit();
    void this.fetchOlder();
    return true;
  }

  /** Give the answer that was taken back last once more, whatever is on the screen. */
  redo(): boolean {
    const last = this.redos.pop();
    if (!last) return false;
    const item = this.buffer.ready.find((one) => one.lease.question.id === last.questionId) ?? null;
    const { seconds, ...given } = last;
    this.give({ ...given, item }, seconds, []);
    return true;
  }

  /** What taking this answer back reverses; null for one that is not at the server yet. */
  async reversal(entryId: string): Promise<Reversal | null> {
    const entry = this.history.standing(entryId);
    return entry?.state === "saved" ? this.deps.api.reversal(entryId) : null;
  }

  /** Give the question on the screen back for someone else. */
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

  private give(given: Omit<Entry, "id" | "state" | "reply"> & { reply: Reply }, seconds: number, shown: string[]): void {
    const { questionId, kind, reply, swapped, left, right, item } = given;
    const id = this.deps.newId();
    const fence = item?.lease.fence ?? null;
    const body: AnswerNew = { ...reply, id, question_id: questionId, fence, seconds, swapped, shown };
    this.buffer.drop([questionId]);
    this.supply.noteAnswered(questionId);
    this.history.add({ ...given, id, state: "waiting" });
    this.outbox.push({ kind: "answer", key: this.outbox.nextKey(id), asked: kind, body, sent: false, left, right });
    this.emit();
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
    this.buffer.withdraw(result.withdrawn);
    this.buffer.shorten(result.changed, this.painted?.id);
    this.said = { id: ++this.counter, kind: op.asked ?? "pair", reply: op.body, count: result.progress.answered_by_me };
  }

  private undone(op: Op & { kind: "undo" }, { answer, lease, progress, reverses }: Undone): void {
    const { questionId } = op;
    this.history.mark(op.answerId, "undone");
    this.supply.progress = progress;
    if (Math.min(...reverses.parts, Infinity) > 1 && reverses.parts.length > 0)
      this.notify({ kind: "reversed", reversal: reverses });
    if (lease) {
      if (!this.buffer.renew(lease) && !this.outbox.holds(questionId)) this.bringBack(lease, replyOf(answer));
      return;
    }
    this.returning.delete(questionId);
    this.buffer.drop([questionId]);
    this.notify({ kind: "undo-closed" });
  }

  /** Show a question of an earlier page as it stood, with what was said of it. */
  private bringBack(lease: Lease, reply: Reply | null): void {
    const before = this.redos.of(lease.question.id);
    const filled = before?.reply ?? reply;
    this.buffer.take({ lease, swapped: before?.swapped ?? false, ...(filled && { filled }) }, true);
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

  private async fetchOlder(): Promise<void> {
    const came = await this.history.fetchOlder((limit, offset) => this.deps.api.mine(limit, offset)).catch(() => true);
    if (came) this.emit();
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
      canRedo: this.redos.any,
      fatal,
      notice: this.notice,
      said: this.said,
    };
  }

  /** Show the present state, and have more questions fetched if few are left. */
  private emit(): void {
    this.buffer.ready.forEach(this.deps.warm);
    this.snapshot = this.draw();
    this.listeners.forEach((listener) => listener());
    void this.supply.refill();
  }
}
