import type { AnswerOut } from "../../api/types";
import { replyOf } from "./replies";
import type { Entry, EntryState, Op } from "./types";

const SHOWN = 20;
const PAGE = 100; // answers fetched at once
const ENOUGH = 10; // known answers that stand, below which more are fetched
const stands = (entry: Entry) => entry.state === "waiting" || entry.state === "saved";

/** The answers of this person that are known here, oldest first; entries are replaced, never changed. */
export class History {
  private entries: Entry[] = [];
  private exhausted = false; // the server has no older answer of this person
  private fetching = false;
  private readonly undoing = new Set<string>(); // taken back by an earlier page whose undo is not at the server yet

  /** Those of the strip. */
  get last(): Entry[] {
    return this.entries.slice(-SHOWN);
  }

  get canUndo(): boolean {
    return this.entries.some(stands);
  }

  add(entry: Entry): void {
    this.entries = [...this.entries, entry];
  }

  /** Mark one; with `only`, only if it is in that state. */
  mark(id: string, state: EntryState, only?: EntryState): void {
    this.undoing.delete(id);
    this.entries = this.entries.map((entry) =>
      entry.id === id && (!only || entry.state === only) ? { ...entry, state } : entry,
    );
  }

  /** The answer to take back: the named one, or the newest that stands. */
  standing(id?: string): Entry | undefined {
    if (id !== undefined) return this.entries.find((entry) => entry.id === id && stands(entry));
    return this.entries.findLast(stands);
  }

  /** What an earlier page left unsent. */
  addWaiting(ops: readonly Op[]): void {
    for (const op of ops) if (op.kind === "undo") this.undoing.add(op.answerId);
    for (const op of ops) {
      if (op.kind !== "answer" || this.has(op.body.id)) continue;
      const { id, question_id, verdict, bad_sides, odd, tiles, wrong, bad_images, swapped } = op.body;
      this.add({
        id,
        questionId: question_id,
        kind: op.asked ?? "pair",
        reply: { verdict, bad_sides, odd, tiles, wrong, bad_images },
        swapped,
        left: op.left,
        right: op.right,
        state: this.undoing.has(id) ? "undone" : "waiting",
        item: null,
      });
    }
  }

  /**
   * Fetch older answers while few are known: undo goes back without end. True when some came; rejects when the
   * server does not answer (the strip then stays short until the next try).
   */
  async fetchOlder(mine: (limit: number, offset: number) => Promise<AnswerOut[]>): Promise<boolean> {
    const saved = this.entries.filter((entry) => entry.state === "saved").length;
    if (this.fetching || this.exhausted || saved >= ENOUGH) return false;
    this.fetching = true;
    try {
      const older = await mine(PAGE, saved);
      this.exhausted = older.length < PAGE;
      this.addSaved(older);
      return true;
    } finally {
      this.fetching = false;
    }
  }

  /** What the server has, newest first; it goes before what this page added. */
  private addSaved(answers: readonly AnswerOut[]): void {
    const fresh = answers.filter((answer) => !this.has(answer.id)).reverse();
    const entries = fresh.map(toEntry);
    this.entries = [
      ...entries.map((entry) => (this.undoing.has(entry.id) ? { ...entry, state: "undone" as const } : entry)),
      ...this.entries,
    ];
  }

  private has(id: string): boolean {
    return this.entries.some((entry) => entry.id === id);
  }
}

function toEntry(answer: AnswerOut): Entry {
  const [left, right] = answer.swapped ? [answer.right, answer.left] : [answer.left, answer.right];
  return {
    id: answer.id,
    questionId: answer.question_id,
    kind: answer.kind,
    reply: replyOf(answer),
    swapped: answer.swapped,
    left: left.id,
    right: right.id,
    state: answer.undone ? "undone" : "saved",
    item: null,
  };
}
