/** What a person has said so far of a page's tiles. Pure; a tile is named by the id of its first image. */
import type { Question, Tile, Verdict } from "../../api/types";
import type { Item, Reply } from "./types";

export interface Mark {
  verdict: Verdict; // of the tile's first image: same as the anchor, or not
  odd: readonly string[]; // its other images that are not the first one's identity
}

export interface Filling {
  marks: Readonly<Record<string, Mark>>;
  anchorBad: boolean;
}

export const nameOfTile = (tile: Tile): string => tile.images[0]!.id;

const startOf = (tile: Tile): Mark => ({ verdict: tile.ticked ? "same" : "different", odd: [] });

/** How the page starts: as the model believes, or as it was left before it was taken back. */
export function started({ lease, filled, missing }: Item): Filling {
  const before = new Map(filled?.tiles?.map((tile) => [tile.image, tile]));
  const marks: Record<string, Mark> = {};
  for (const tile of lease.question.tiles) {
    const name = nameOfTile(tile);
    const said = before.get(name);
    if (said) marks[name] = { verdict: said.verdict, odd: said.odd ?? [] };
    else marks[name] = missing?.has(name) ? { verdict: "unsure", odd: [] } : startOf(tile);
  }
  return { marks, anchorBad: filled?.bad_sides?.includes("left") ?? false };
}

/** Tick or untick; a tile that was left out is ticked. */
export function toggled(filling: Filling, tile: Tile): Filling {
  const mark = filling.marks[nameOfTile(tile)]!;
  return marked(filling, tile, { ...mark, verdict: mark.verdict === "same" ? "different" : "same" });
}

/** Leave a tile out, as unsure or as a bad image; the same once more takes it back to how it started. */
export function leftOut(filling: Filling, tile: Tile, verdict: "unsure" | "bad_image"): Filling {
  const mark = filling.marks[nameOfTile(tile)]!;
  return marked(filling, tile, mark.verdict === verdict ? { ...startOf(tile), odd: mark.odd } : { ...mark, verdict });
}

/** Say that one of a tile's other images is somebody else, or that it is not. */
export function oddToggled(filling: Filling, tile: Tile, image: string): Filling {
  const mark = filling.marks[nameOfTile(tile)]!;
  const odd = mark.odd.includes(image) ? mark.odd.filter((one) => one !== image) : [...mark.odd, image];
  return marked(filling, tile, { ...mark, odd });
}

function marked(filling: Filling, tile: Tile, mark: Mark): Filling {
  return { ...filling, marks: { ...filling.marks, [nameOfTile(tile)]: mark } };
}

/** What goes to the server. */
export function replyFrom(filling: Filling, question: Question): Reply {
  if (filling.anchorBad) return { bad_sides: ["left"], tiles: [] };
  const tiles = question.tiles.map((tile) => {
    const { verdict, odd } = filling.marks[nameOfTile(tile)]!;
    return { image: nameOfTile(tile), verdict, odd: [...odd] };
  });
  return { tiles };
}

/**
 * How many images the answer speaks of: whole groups, less what was called odd. An odd image is not its tile's first
 * one's: of a tile that is the anchor's it is not the anchor's, of any other tile nothing is said of it and the anchor.
 */
export function scopeOf(filling: Filling, question: Question): { same: number; different: number; leftOut: number } {
  const scope = { same: 0, different: 0, leftOut: 0 };
  for (const tile of question.tiles) {
    const { verdict, odd } = filling.marks[nameOfTile(tile)]!;
    const whole = tile.size - odd.length;
    if (verdict === "same") scope.same += whole;
    else if (verdict === "different") scope.different += whole;
    else scope.leftOut += whole;
    if (verdict === "same") scope.different += odd.length;
    else scope.leftOut += odd.length;
  }
  return scope;
}

/** Sizes of the large groups that would become one, the anchor's first; null where no two are large. */
export function mergeOf(filling: Filling, question: Question, large: number): number[] | null {
  if (filling.anchorBad || question.left.size < large) return null;
  const joined = question.tiles.filter(
    (tile) => tile.size >= large && filling.marks[nameOfTile(tile)]!.verdict === "same",
  );
  return joined.length > 0 ? [question.left.size, ...joined.map((tile) => tile.size)] : null;
}
