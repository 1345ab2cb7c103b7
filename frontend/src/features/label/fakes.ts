/** Stand-ins for the label page's neighbours, for tests. */
import { NetworkError } from "../../api/errors";
import type { Answered, AnswerNew, AnswerOut, Lease, Leases, Question, QueueProgress, Reversal, Undone } from "../../api/types";
import type { Deps } from "./engine";
import type { OpStore } from "./store";
import type { LabelApi, Op, Redo } from "./types";

export const image = (id: string) => ({ id, row: 0, key: `${id}.jpg`, width: 64, height: 128, camera: 0 });

export function lease(id: string, fence = 1): Lease {
  const side = (name: string) => ({ images: [image(`${id}-${name}`)], size: 1 });
  const question = { id, kind: "pair" as const, reason: "merge", round: 0, left: side("a"), right: side("b"), tiles: [], disputed: [], can_be_mixed: false };
  return { question, fence, expires_at: "2030-01-01T00:00:00Z" };
}

/** A page of an anchor and three tiles: of one image, ticked; of three; and of eight, unticked. */
export function pageLease(id: string, fence = 1): Lease {
  const tile = (name: string, size: number, ticked: boolean) => ({
    images: Array.from({ length: Math.min(size, 4) }, (_, at) => image(`${id}-${name}${at || ""}`)),
    size,
    ticked,
  });
  const tiles = [tile("t", 1, true), tile("u", 3, true), tile("v", 8, false)];
  const question = { ...lease(id).question, kind: "page" as const, reason: "group", left: { images: [image(`${id}-a`)], size: 5 }, tiles };
  return { ...lease(id, fence), question };
}

/** A server with `total` open questions that keeps the rules of the API. */
export class FakeApi implements LabelApi {
  open: string[];
  received: AnswerNew[] = [];
  undoneIds: string[] = [];
  released: { ids: string[]; how: string }[] = [];
  heldSent: string[][] = [];
  withdrawNext: string[] = [];
  changeNext: Question[] = [];
  readonly pages = new Set<string>(); // questions that are pages
  earlier: AnswerOut[] = [];
  leaseBack = true;
  reverses: Reversal = { parts: [], later: 0 };
  failWith: Error | null = null; // thrown by answer and undo
  failLeaseWith: Error | null = null;
  private fence = 1;
  private readonly taken = new Set<string>();

  constructor(total: number) {
    this.open = Array.from({ length: total }, (_, index) => `q${index}`);
  }

  progress(): QueueProgress {
    const answered = this.received.length - this.undoneIds.length;
    return {
      round: 0,
      rounds: 2,
      answered_round: answered,
      open_round: this.open.length,
      settled_round: 0,
      answered_by_me: answered,
      answered_total: answered,
      judged_total: answered,
      actions_total: answered,
      inferred_total: 0,
    };
  }

  private leases(leases: Lease[]): Leases {
    const withdrawn = this.withdrawNext.splice(0);
    const empty = leases.length === 0 && this.open.length === 0 ? ("waiting_for_model" as const) : null;
    return { leases, progress: this.progress(), empty, empty_detail: null, empty_count: null, empty_seconds: null, run_state: "asking", withdrawn };
  }

  async lease(count: number, held: string[]): Promise<Leases> {
    if (this.failLeaseWith) throw this.failLeaseWith;
    this.heldSent.push(held);
    const chosen = this.open.filter((id) => !held.includes(id) && !this.taken.has(id)).slice(0, count);
    chosen.forEach((id) => this.taken.add(id));
    return this.leases(chosen.map((id) => this.leaseOf(id)));
  }

  private leaseOf(id: string): Lease {
    return (this.pages.has(id) ? pageLease : lease)(id, ++this.fence);
  }

  async heartbeat(): Promise<Leases> {
    return this.leases([]);
  }

  async release(ids: string[], how: string): Promise<void> {
    this.released.push({ ids, how });
    ids.forEach((id) => this.taken.delete(id));
  }

  async answer(body: AnswerNew): Promise<Answered> {
    if (this.failWith) throw this.failWith;
    if (!this.received.some((one) => one.id === body.id)) this.received.push(structuredClone(body));
    this.open = this.open.filter((id) => id !== body.question_id);
    return { answer: out(body.id, body.question_id), progress: this.progress(), withdrawn: this.withdrawNext.splice(0), changed: this.changeNext.splice(0) };
  }

  async undo(answerId: string): Promise<Undone> {
    if (this.failWith) throw this.failWith;
    this.undoneIds.push(answerId);
    const body = this.received.find((one) => one.id === answerId);
    const questionId = body?.question_id ?? this.earlier.find((one) => one.id === answerId)!.question_id;
    if (this.leaseBack) this.open.push(questionId);
    const back = this.leaseBack ? this.leaseOf(questionId) : null;
    const answer = this.earlier.find((one) => one.id === answerId) ?? out(answerId, questionId);
    return { answer, lease: back, progress: this.progress(), reverses: this.reverses };
  }

  async mine(limit: number, offset: number): Promise<AnswerOut[]> {
    const standing = this.earlier.filter((one) => !this.undoneIds.includes(one.id));
    return standing.slice(offset, offset + limit);
  }

  async reversal(): Promise<Reversal> {
    return this.reverses;
  }
}

export function out(id: string, questionId: string): AnswerOut {
  const at = "2030-01-01T00:00:00Z";
  return {
    id,
    question_id: questionId,
    kind: "pair",
    verdict: "same",
    person: "p",
    at,
    undone: false,
    late: false,
    bad_sides: [],
    swapped: false,
    seconds: 1,
    actions: 1,
    tiles: [],
    bad_images: [],
    left: image("l"),
    right: image("r"),
  };
}

export class MemoryStore implements OpStore {
  readonly kept = new Map<string, string>();
  full = false;

  redos: readonly Redo[] = [];

  async load(): Promise<Op[]> {
    return [...this.kept.keys()].sort().map((key) => JSON.parse(this.kept.get(key)!) as Op);
  }

  async put(op: Op): Promise<void> {
    if (this.full) throw new DOMException("full", "QuotaExceededError");
    this.kept.set(op.key, JSON.stringify(op));
  }

  async remove(key: string): Promise<void> {
    this.kept.delete(key);
  }

  async loadRedos(): Promise<Redo[]> {
    return [...this.redos];
  }

  async keepRedos(redos: readonly Redo[]): Promise<void> {
    this.redos = redos;
  }
}

export function fakeDeps(api: FakeApi, store: OpStore = new MemoryStore(), changes: Partial<Deps> = {}): Deps {
  let made = 0;
  return {
    api,
    store,
    decode: () => Promise.resolve([]),
    warm: () => undefined,
    random: () => 0.9, // never swapped
    newId: () => `answer-${String(made++).padStart(4, "0")}`,
    now: () => performance.now(),
    isVisible: () => true,
    ...changes,
  };
}

export const offline = () => new NetworkError("no network");
