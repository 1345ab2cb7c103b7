import { imageUrl } from "../../api/client";
import type { Side } from "../../api/types";
import type { Item } from "./types";

const TRIES = 3;
const PAUSE_MS = 600;
export const SHOWN_SIZE = 512;
export const TILE_SIZE = 256;
export const ODD_SIZE = 128; // of a tile's other images

export const sidesOf = (item: Item): [Side, Side] => {
  const { left, right } = item.lease.question;
  return item.swapped ? [right, left] : [left, right];
};

/**
 * Load and decode what a question shows at first, so that it can be painted in one frame. Gives the ids of tiles'
 * images that did not load after three tries; rejects when another image did not.
 */
export async function decodeQuestion(item: Item): Promise<string[]> {
  const { kind, disputed } = item.lease.question;
  if (kind === "page") {
    const before = lastPage;
    const decoded = before.then(() => decodePage(item));
    lastPage = decoded.catch(() => undefined);
    return decoded;
  }
  const images = kind === "conflict" ? disputed.flatMap((one) => [one.left, one.right]) : sidesOf(item).map((side) => side.images[0]!);
  await Promise.all([...new Set(images.map((image) => image.id))].map((id) => decodeWithRetries(imageUrl(id, SHOWN_SIZE))));
  return [];
}

let lastPage: Promise<unknown> = Promise.resolve(); // one page after another: the best is ready first

async function decodePage(item: Item): Promise<string[]> {
  const { left, tiles } = item.lease.question;
  await decodeWithRetries(imageUrl(left.images[0]!.id, SHOWN_SIZE));
  const tried = tiles.map(({ images }) => decodeWithRetries(imageUrl(images[0]!.id, TILE_SIZE)));
  const ended = await Promise.allSettled(tried);
  return tiles.filter((_, at) => ended[at]!.status === "rejected").map(({ images }) => images[0]!.id);
}

const warmed = new WeakSet<Item>();

/** Fetch the other exemplars ahead, once; one that fails is simply not there yet when asked for. */
export function warm(item: Item): void {
  if (warmed.has(item)) return;
  warmed.add(item);
  const { tiles, left } = item.lease.question;
  for (const side of tiles.length > 0 ? [left] : sidesOf(item))
    queue.push(...side.images.slice(1).map((image) => imageUrl(image.id, SHOWN_SIZE)));
  for (const tile of tiles) queue.push(...tile.images.slice(1).map((image) => imageUrl(image.id, ODD_SIZE)));
  fetchNext();
}

const queue: string[] = [];
const AT_ONCE = 3; // the large images of new pairs come first
let underWay = 0;

function fetchNext(): void {
  while (underWay < AT_ONCE && queue.length > 0) {
    underWay++;
    void decode(queue.shift()!)
      .catch(() => undefined)
      .finally(() => {
        underWay--;
        fetchNext();
      });
  }
}

async function decodeWithRetries(url: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await decode(url);
    } catch (error) {
      if (attempt === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, attempt * PAUSE_MS));
    }
  }
}

// Decoded images stay referenced for a while: the browser then paints them from memory.
const recent: HTMLImageElement[] = [];
const RECENT = 240;

async function decode(url: string): Promise<void> {
  const image = new Image();
  image.src = url;
  await image.decode();
  recent.push(image);
  if (recent.length > RECENT) recent.shift();
}
