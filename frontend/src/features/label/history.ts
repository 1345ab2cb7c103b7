import type { AnswerOut, Verdict } from "../../api/types";
import type { BadSide, Entry, EntryState, Op } from "./types";

const SHOWN = 20;
const stands = (entry: Entry) => entry.state === "waiting" || entry.state === "saved";

/** The answers of this person that are known here, oldest first; entries are replaced, never changed. */
export class History {
  private entries: Entry[] = [];

  /** Those of the strip. */
  get last(): Entry[] {
    return this.entries.slice(-SHOWN);
  }

  /** How many the server has that are known here and stand. */
  get saved(): number {
    return this.entries.filter((entry) => entry.state === "saved").length;
  }

  get canUndo(): boolean {
    return this.entries.some(stands);
  }

  add(entry: Entry): void {
    this.entries = [...this.entries, entry];
  }

  /** Mark one; with `only`, only if it is in that state. */
  mark(id: string, state: EntryState, only?: EntryState): void {
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
    const undone = new Set(ops.flatMap((op) => (op.kind === "undo" ? [op.answerId] : [])));
    for (const op of ops) {
      if (op.kind !== "answer" || !op.body.verdict || this.has(op.body.id)) continue;
      this.add({
        id: op.body.id,
        questionId: op.body.question_id,
        verdict: op.body.verdict,
        badSides: op.body.bad_sides ?? [],
        swapped: op.body.swapped ?? false,
        left: op.left,
        right: op.right,
        state: undone.has(op.body.id) ? "undone" : "waiting",
        item: null,
      });
    }
  }

  /** What the server has, newest first; it goes before what this page added. */
  addSaved(answers: readonly AnswerOut[]): void {
    const fresh = answers.filter((answer) => !this.has(answer.id)).reverse();
    this.entries = [...fresh.map(toEntry), ...this.entries];
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
    verdict: answer.verdict as Verdict,
    badSides: answer.bad_sides as BadSide[],
    swapped: answer.swapped,
    left: left.id,
    right: right.id,
    state: answer.undone ? "undone" : "saved",
    item: null,
  };
}
