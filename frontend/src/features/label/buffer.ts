import type { Lease, Question } from "../../api/types";
import type { Item } from "./types";

export interface BufferDeps {
  /**
   * Resolves when the question can be painted at once, with the ids of the tiles' images that cannot be had; rejects
   * when it cannot be judged without the missing one.
   */
  decode(item: Item): Promise<string[]>;
  decoded(): void;
  broken(item: Item): void;
}

const idOf = (item: Item): string => item.lease.question.id;

/** The leased questions: those being decoded, and those ready, of which the first is on the screen. */
export class QuestionBuffer {
  private items: readonly Item[] = [];
  private readonly decoding = new Map<string, Item>();
  private readonly places = new Map<string, number>(); // in the order of being taken, by question
  private taken = 0;
  private readonly fences = new Map<string, number>(); // newest known, by question

  constructor(private readonly deps: BufferDeps) {}

  get current(): Item | null {
    return this.items[0] ?? null;
  }

  get ready(): readonly Item[] {
    return this.items;
  }

  get size(): number {
    return this.items.length + this.decoding.size;
  }

  get isDecoding(): boolean {
    return this.decoding.size > 0;
  }

  ids(): string[] {
    return [...this.items.map(idOf), ...this.decoding.keys()];
  }

  fenceOf(questionId: string): number | undefined {
    return this.fences.get(questionId);
  }

  /** Take in a leased question; it is ready once its images are. With `first`, it is shown next. */
  take(item: Item, first = false): void {
    const { id } = item.lease.question;
    this.fences.set(id, item.lease.fence);
    this.decoding.set(id, item);
    this.places.set(id, this.taken++);
    this.deps.decode(item).then(
      (missing) => this.finish(item, first, missing),
      () => this.finish(item, first, null),
    );
  }

  /** Pages that lost tiles which follow from answers by now; the one that is being looked at stays as it is. */
  shorten(questions: readonly Question[], looking: string | undefined): void {
    for (const question of questions) {
      if (question.id === looking) continue;
      this.items = this.items.map((item) =>
        idOf(item) === question.id ? { ...item, lease: { ...item.lease, question } } : item,
      );
    }
  }

  /** A question that is held already was leased anew, under a new fencing number. */
  renew(lease: Lease): boolean {
    const { id } = lease.question;
    this.fences.set(id, lease.fence);
    const held = this.items.find((item) => idOf(item) === id);
    if (held) held.lease = lease;
    return held !== undefined;
  }

  /** Put an item that was decoded before on the screen. */
  show(item: Item): void {
    this.items = [item, ...this.items.filter((other) => idOf(other) !== idOf(item))];
  }

  drop(ids: Iterable<string>): void {
    const gone = new Set(ids);
    this.items = this.items.filter((item) => !gone.has(idOf(item)));
    for (const id of gone) this.decoding.delete(id);
  }

  /**
   * Drop what nobody needs any more. A page on the screen stays: somebody is at work on it, and its answer counts whenever
   * it comes.
   */
  withdraw(ids: Iterable<string>): void {
    const { current } = this;
    const kept = current?.lease.question.kind === "page" ? idOf(current) : undefined;
    this.drop([...ids].filter((id) => id !== kept));
  }

  clear(): void {
    this.items = [];
    this.decoding.clear();
  }

  /** Among those that wait, in the order in which they were leased (best first); what is on the screen stays. */
  private inserted(item: Item): Item[] {
    const [current, ...rest] = this.items;
    if (!current) return [item];
    const place = this.places.get(idOf(item)) ?? 0;
    const at = rest.findIndex((other) => (this.places.get(idOf(other)) ?? 0) > place);
    return at < 0 ? [current, ...rest, item] : [current, ...rest.slice(0, at), item, ...rest.slice(at)];
  }

  private finish(item: Item, first: boolean, missing: string[] | null): void {
    if (this.decoding.get(idOf(item)) !== item) return; // withdrawn or put back meanwhile
    this.decoding.delete(idOf(item));
    if (missing === null) return this.deps.broken(item);
    if (missing.length > 0) item.missing = new Set(missing);
    this.items = first ? [item, ...this.items] : this.inserted(item);
    this.deps.decoded();
  }
}
