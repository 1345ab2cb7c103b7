import { useState, useSyncExternalStore } from "react";

const PHONE = "(max-width: 640px)";
const MOST = { phone: 8, else: 24 };

export interface Part {
  at: number; // which part is on the screen, from 0
  count: number;
  size: number; // tiles of a full part
  first: number; // its first tile
  next: number; // the first tile of the next part
  isLast: boolean;
  go: (at: number) => void;
  show: (tile: number) => void; // the part that holds this tile
}

/** A phone shows a page's tiles eight at a time; the page stays one question with one answer. */
export function usePart(tiles: number): Part {
  const size = useSyncExternalStore(subscribe, () => (window.matchMedia(PHONE).matches ? MOST.phone : MOST.else));
  const [first, setFirst] = useState(0); // kept as a tile, so that a turned phone stays where it was
  const at = Math.floor(first / size);
  const count = Math.max(1, Math.ceil(tiles / size));
  const go = (part: number) => setFirst(Math.min(Math.max(0, part), count - 1) * size);
  return {
    at,
    count,
    size,
    first: at * size,
    next: Math.min((at + 1) * size, tiles),
    isLast: at === count - 1,
    go,
    show: (tile) => setFirst(Math.floor(tile / size) * size),
  };
}

function subscribe(listener: () => void): () => void {
  const query = window.matchMedia(PHONE);
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}
