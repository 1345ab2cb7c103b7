/** A practice round as questions of the label page, with their truth. Pure. */
import type { Image, Practice, Question } from "../../api/types";
import type { Item, Reply } from "./types";

export interface Trial {
  item: Item;
  /** Of a pair: whether it is the same; of a page: the first images that are the anchor's. */
  same: boolean | ReadonlySet<string>;
}

const side = (image: Image) => ({ images: [image], size: 1 });

/** The round's questions in order: its pairs, then its page. */
export function trialsOf(practice: Practice): Trial[] {
  const pairs = practice.pairs.map(({ left, right, same }, index): Trial => {
    const question: Question = { ...PLAIN, id: `practice-${index}`, kind: "pair", left: side(left), right: side(right) };
    return { item: itemOf(question), same };
  });
  const { anchor, tiles } = practice;
  const page: Question = {
    ...PLAIN,
    id: "practice-page",
    kind: "page",
    left: side(anchor),
    right: side(tiles[0]!.image),
    tiles: tiles.map(({ image, ticked }) => ({ images: [image], size: 1, ticked })),
  };
  const truly = new Set(tiles.filter((tile) => tile.same).map((tile) => tile.image.id));
  return [...pairs, { item: itemOf(page), same: truly }];
}

const PLAIN = { reason: "practice", round: 0, tiles: [], disputed: [], can_be_mixed: false };

const itemOf = (question: Question): Item => ({ lease: { question, fence: 0, expires_at: "" }, swapped: false });

/** The tiles that were not right; what was left out is not wrong. */
export function wrongTiles(trial: Trial, reply: Reply): Set<string> {
  const truly = trial.same as ReadonlySet<string>;
  const judged = (reply.tiles ?? []).filter(({ verdict }) => verdict === "same" || verdict === "different");
  return new Set(judged.filter(({ image, verdict }) => truly.has(image) !== (verdict === "same")).map(({ image }) => image));
}

/** The reply that is true of a page. */
export function trueReply(trial: Trial): Reply {
  const truly = trial.same as ReadonlySet<string>;
  const tiles = trial.item.lease.question.tiles.map(({ images }) => {
    const image = images[0]!.id;
    return { image, verdict: truly.has(image) ? ("same" as const) : ("different" as const), odd: [] };
  });
  return { tiles };
}
