import type { OpStore } from "./store";
import type { Redo } from "./types";

/** The answers that were taken back and may be given again, newest last; they outlive the page. */
export class Redos {
  private kept: Redo[] = [];

  constructor(private readonly store: OpStore) {}

  get any(): boolean {
    return this.kept.length > 0;
  }

  /** What an earlier page left, unless this one has some of its own. */
  async load(): Promise<void> {
    if (this.any) return;
    const left = await this.store.loadRedos().catch(() => []);
    if (!this.any) this.kept = left;
  }

  push(redo: Redo): void {
    this.keep([...this.kept, redo]);
  }

  pop(): Redo | undefined {
    const last = this.kept.at(-1);
    if (last) this.keep(this.kept.slice(0, -1));
    return last;
  }

  clear(): void {
    if (this.any) this.keep([]);
  }

  /** The answer to this question that was taken back last. */
  of(questionId: string): Redo | undefined {
    return this.kept.findLast((redo) => redo.questionId === questionId);
  }

  private keep(redos: Redo[]): void {
    this.kept = redos;
    this.store.keepRedos(redos).catch(() => undefined); // redo then ends with this page
  }
}
