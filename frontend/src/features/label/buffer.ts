import type { Lease } from "../../api/types";
import type { Item } from "./types";

export interface BufferDeps {
  /** Resolves when both large images can be painted at once; rejects when one cannot be had. */
  decode(item: Item): Promise<void>;
  decoded(): void;
  broken(item: Item): void;
}

const idOf = (item: Item): string => item.lease.question.id;

/** The leased pairs: those being decoded, and those ready, of which the first is on the screen. */
export class PairBuffer {
  private items: readonly Item[] = [];
  private readonly decoding = new Map<string, Item>();
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

  /** Take in a leased pair; it is ready once its images are. With `first`, it is shown next. */
  take(lease: Lease, swapped: boolean, first = false): void {
    const item: Item = { lease, swapped };
    const { id } = lease.question;
    this.fences.set(id, lease.fence);
    this.decoding.set(id, item);
    this.deps.decode(item).then(
      () => this.finish(item, first, true),
      () => this.finish(item, first, false),
    );
  }

  /** A pair that is held already was leased anew, under a new fencing number. */
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

  clear(): void {
    this.items = [];
    this.decoding.clear();
  }

  private finish(item: Item, first: boolean, whole: boolean): void {
    if (this.decoding.get(idOf(item)) !== item) return; // withdrawn or put back meanwhile
    this.decoding.delete(idOf(item));
    if (!whole) return this.deps.broken(item);
    this.items = first ? [item, ...this.items] : [...this.items, item];
    this.deps.decoded();
  }
}
