/** What a person has marked of a drawn image, before it is confirmed. */
import type { Finding, Task } from "./api";

/** wrong: ids of cluster-mates of another identity; same: ids of found images of its identity; pages searched. */
export interface Marks {
  wrong: readonly string[];
  same: readonly string[];
  pages: number;
}

export const PAGE = 24;
export const MOST_PAGES = 10;
export const NONE: Marks = { wrong: [], same: [], pages: 1 };

export function toggled(marks: Marks, what: "wrong" | "same", id: string): Marks {
  const before = marks[what];
  return { ...marks, [what]: before.includes(id) ? before.filter((one) => one !== id) : [...before, id] };
}

/** Whether a search shows full pages so far, so that another one may hold more. */
export function canSearchOn(task: Task, marks: Marks): boolean {
  return marks.pages < MOST_PAGES && task.found.length >= marks.pages * PAGE;
}

export function findingOf(task: Task, marks: Marks, seconds: number): Finding {
  return {
    image: task.image.id,
    wrong: [...marks.wrong],
    elsewhere: [...marks.same],
    pages: marks.pages,
    seconds: Math.min(86_400, Math.max(0, seconds)),
  };
}
