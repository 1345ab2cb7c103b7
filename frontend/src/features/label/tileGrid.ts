import type { PageCommand } from "./pageKeys";

/** How many tiles stand in a row of the grid on the screen. */
function columns(): number {
  const tiles = [...document.querySelectorAll<HTMLElement>("[data-tile]")];
  const top = tiles[0]?.offsetTop;
  const second = tiles.findIndex((tile) => tile.offsetTop !== top);
  return Math.max(1, second < 0 ? tiles.length : second);
}

/** The tile that an arrow leads to; at an edge it stays. */
export function movedIn(count: number, from: number, by: (PageCommand & { do: "move" })["by"], row = columns()): number {
  const to = { left: from - 1, right: from + 1, up: from - row, down: from + row, first: 0, last: count - 1 }[by];
  if (by === "down" && to >= count) return lastRow(from, row) < lastRow(count - 1, row) ? count - 1 : from;
  return to < 0 || to >= count ? from : to;
}

const lastRow = (tile: number, row: number): number => Math.floor(tile / row);
