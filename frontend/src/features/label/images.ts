import { imageUrl } from "../../api/client";
import type { Side } from "../../api/types";
import type { Item } from "./types";

const TRIES = 3;
const PAUSE_MS = 600;
export const SHOWN_SIZE = 512;

export const sidesOf = (item: Item): [Side, Side] => {
  const { left, right } = item.lease.question;
  return item.swapped ? [right, left] : [left, right];
};

/** Load and decode the two large images, so that they can be painted in one frame. Rejects after three tries. */
export async function decodePair(item: Item): Promise<void> {
  await Promise.all(sidesOf(item).map((side) => decodeWithRetries(imageUrl(side.images[0]!.id, SHOWN_SIZE))));
}

const warmed = new WeakSet<Item>();

/** Fetch the other exemplars ahead, once; one that fails is simply not there yet when asked for. */
export function warm(item: Item): void {
  if (warmed.has(item)) return;
  warmed.add(item);
  for (const side of sidesOf(item)) queue.push(...side.images.slice(1).map((image) => imageUrl(image.id, SHOWN_SIZE)));
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
