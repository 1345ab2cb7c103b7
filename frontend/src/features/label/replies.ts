/** From what is on the screen to what goes over the wire. Pure. */
import type { AnswerOut, Kind, Question, Verdict } from "../../api/types";
import type { BadSide, Item, Reply } from "./types";

const MOST_SHOWN = 200;

const other = (side: BadSide): BadSide => (side === "left" ? "right" : "left");

/** The verdict on a pair, its sides as they stand on the screen; `odd` are ids of a mixed group's images: not those of a bad one, with which nothing is compared. */
export function pairReply(item: Item, verdict: Verdict, badSides: BadSide[] = [], odd: readonly string[] = []): Reply {
  const said = { verdict, bad_sides: item.swapped ? badSides.map(other) : badSides };
  return odd.length > 0 && verdict !== "bad_image" ? { ...said, odd: [...odd] } : said;
}

/** Which of the disputed answers is the wrong one, counted from 0. */
export function conflictReply(wrong: number): Reply {
  return { wrong };
}

/** The two images that stand for a question in the strip, as they stood on the screen. */
export function endsOf(item: Item, reply: Reply): [string, string] {
  const { kind, left, right, disputed } = item.lease.question;
  const named = kind === "conflict" ? disputed[reply.wrong ?? 0] : undefined;
  const ends: [string, string] = named
    ? [named.left.id, named.right.id]
    : [left.images[0]!.id, right.images[0]!.id];
  return item.swapped ? [ends[1], ends[0]] : ends;
}

/** Ids of every image that was to be seen. */
export function shownOf({ left, right, tiles, disputed }: Question): string[] {
  const images = [
    ...left.images,
    ...(tiles.length > 0 ? tiles.flatMap((tile) => tile.images) : right.images),
    ...disputed.flatMap((one) => [one.left, one.right]),
  ];
  return [...new Set(images.map((image) => image.id))].slice(0, MOST_SHOWN);
}

/** What an answer said; null where the server does not tell (which answer of a conflict was called wrong). */
export function replyOf(answer: AnswerOut): Reply | null {
  if (answer.kind === "conflict") return null;
  if (answer.kind === "page") {
    const tiles = answer.tiles.map(({ image, verdict, odd }) => ({ image: image.id, verdict, odd }));
    return { tiles, bad_sides: answer.bad_sides };
  }
  return { verdict: answer.verdict as Verdict, bad_sides: answer.bad_sides, odd: answer.tiles[0]?.odd ?? [] };
}

/** One verdict that stands for the whole answer, for its mark in the strip: a page's is null unless its anchor is bad. */
export function verdictOf(kind: Kind, reply: Reply | null): Verdict | null {
  if (kind === "page") return reply?.bad_sides?.includes("left") ? "bad_image" : null;
  return reply?.verdict ?? null;
}

/** How many tiles were called the same as the anchor, and how many not. */
export function countsOf(reply: Reply): { same: number; different: number; skipped: number } {
  const tiles = reply.tiles ?? [];
  const same = tiles.filter((tile) => tile.verdict === "same").length;
  const different = tiles.filter((tile) => tile.verdict === "different").length;
  return { same, different, skipped: tiles.length - same - different };
}
