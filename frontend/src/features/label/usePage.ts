import { useState } from "react";
import { leftOut, mergeOf, nameOfTile, oddToggled, replyFrom, started, toggled, type Filling } from "./filling";
import type { PageCommand } from "./pageKeys";
import { LARGE } from "./screens";
import { movedIn } from "./tileGrid";
import type { Item, Reply } from "./types";
import { usePart } from "./usePart";

interface PageDeps {
  item: Item;
  isArmed: () => boolean; // what is pressed now is meant for this page
  onReply: (reply: Reply) => void;
}

/** A page being filled: what is said of each tile, where the cursor is, and what each command does to it. */
export function usePage({ item, isArmed, onReply }: PageDeps) {
  const { question } = item.lease;
  const [filling, setFilling] = useState(() => started(item));
  const [cursor, setCursor] = useState(0);
  const [picking, pick] = useState(false); // of the tile at the cursor: which images are odd
  const [asked, ask] = useState(false); // a large merge was asked for once
  const part = usePart(question.tiles.length);
  const tile = question.tiles[cursor]!;
  const merge = mergeOf(filling, question, LARGE);

  const change = (next: Filling) => {
    if (!isArmed()) return;
    setFilling(next);
    ask(false);
  };
  const goTo = (index: number) => {
    setCursor(index);
    pick(false);
    part.show(index);
  };
  const confirm = () => {
    if (picking) return pick(false);
    if (!isArmed()) return;
    if (!part.isLast) return goTo(part.next);
    if (merge && !asked) return ask(true);
    onReply(replyFrom(filling, question));
  };
  const onOdd = (index: number) => {
    const image = tile.images[index];
    if (image) change(oddToggled(filling, tile, image.id));
  };
  const onLeftOut = (verdict: "unsure" | "bad_image") => change(leftOut(filling, tile, verdict));
  const onBadAnchor = () => change({ ...filling, anchorBad: !filling.anchorBad });
  const onMixed = () => {
    if (tile.images.length > 1 && !filling.anchorBad) pick(!picking);
  };

  /** What a command does here; null for those that every screen knows. */
  const actionOn = (command: PageCommand): (() => void) | null => {
    switch (command.do) {
      case "move":
        return () => goTo(movedIn(question.tiles.length, cursor, command.by));
      case "toggle":
        return () => change(toggled(filling, tile));
      case "unsure":
        return () => onLeftOut("unsure");
      case "bad":
        return () => onLeftOut("bad_image");
      case "bad-anchor":
        return onBadAnchor;
      case "mixed":
        return onMixed;
      case "odd":
        return picking ? () => onOdd(command.index) : null;
      case "confirm":
        return confirm;
      case "back":
        return picking ? () => pick(false) : null;
      default:
        return null;
    }
  };
  const onTile = (index: number) => {
    goTo(index);
    change(toggled(filling, question.tiles[index]!));
  };
  return {
    question,
    filling,
    cursor,
    picking,
    part,
    tile,
    mark: filling.marks[nameOfTile(tile)]!,
    merge: asked ? merge : null, // asked to be confirmed
    actionOn,
    onTile,
    onOdd,
    onLeftOut,
    onBadAnchor,
    onMixed,
    onBack: () => goTo(part.first - part.size),
    onConfirm: confirm,
  };
}

export type PageInHand = ReturnType<typeof usePage>;
