import type { AnswerOut, Verdict } from "../../api/types";
import type { Entry, EntryState, Op } from "./types";

const LENGTH = 20;

/** The last answers, oldest first; entries are replaced, never changed, so that React sees it. */
export class History {
  entries: Entry[] = [];

  add(entry: Entry): void {
    this.entries = [...this.entries, entry].slice(-LENGTH);
  }

  /** Mark one; with `only`, only if it is in that state. */
  mark(id: string, state: EntryState, only?: EntryState): void {
    this.entries = this.entries.map((entry) =>
      entry.id === id && (!only || entry.state === only) ? { ...entry, state } : entry,
    );
  }

  /** The answer to take back: the named one, or the newest that stands. */
  standing(id?: string): Entry | undefined {
    const stands = (entry: Entry) => entry.state === "waiting" || entry.state === "saved";
    if (id !== undefined) return this.entries.find((entry) => entry.id === id && stands(entry));
    return this.entries.findLast(stands);
  }

  /** What an earlier page left unsent. */
  addWaiting(ops: readonly Op[]): void {
    const undone = new Set(ops.flatMap((op) => (op.kind === "undo" ? [op.answerId] : [])));
    for (const op of ops) {
      if (op.kind !== "answer" || this.has(op.body.id)) continue;
      this.add({
        id: op.body.id,
        questionId: op.body.question_id,
        verdict: op.body.verdict,
        badSides: [],
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
    this.entries = [...fresh.map(toEntry), ...this.entries].slice(-LENGTH);
  }

  private has(id: string): boolean {
    return this.entries.some((entry) => entry.id === id);
  }
}

function toEntry(answer: AnswerOut): Entry {
  return {
    id: answer.id,
    questionId: answer.question_id,
    verdict: answer.verdict as Verdict,
    badSides: [],
    left: answer.left.id,
    right: answer.right.id,
    state: answer.undone ? "undone" : "saved",
    item: null,
  };
}
