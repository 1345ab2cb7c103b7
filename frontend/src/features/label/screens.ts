import type { Verdict } from "../../api/types";
import type { LabelEngine } from "./engine";
import type { Item, Snapshot } from "./types";
import { changed, type View } from "./view";

export const LARGE = 4; // images in each group, from which on a merge is asked for twice

/** What every screen is given: one screen for each kind of question. */
export interface ScreenProps {
  engine: LabelEngine;
  view: Snapshot;
  look: [View, (view: View) => void];
  flash: Verdict | null; // the answer that was just given
  onGiven: (verdict: Verdict) => void;
  onHelp: () => void;
}

export type WithItem = ScreenProps & { item: Item };

/** The commands that mean the same on every screen; null for one that is the screen's own. */
export function sharedAction(command: { do: string }, { engine, onHelp, look }: ScreenProps): (() => void) | null {
  switch (command.do) {
    case "undo":
      return () => void engine.undo();
    case "redo":
      return () => void engine.redo();
    case "skip":
      return () => void engine.skip();
    case "help":
      return onHelp;
    case "zoom-in":
    case "zoom-out":
    case "flip":
    case "brighter":
    case "darker":
    case "plain": {
      const what = command.do;
      return () => look[1](changed(look[0], what));
    }
    default:
      return null;
  }
}
