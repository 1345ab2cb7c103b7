/** From a press to a command on a page of tiles, and on contradicting answers. Pure. */
import { actionOf, DEFAULTS, digitOf, isAlone, type Action, type Bindings, type Plain, type Press } from "./keys";

type Shared = { do: "bad" | Exclude<Plain, "magnify" | "mixed"> };

export type PageCommand =
  | { do: "move"; by: "left" | "right" | "up" | "down" | "first" | "last" }
  | { do: "odd"; index: number }
  | { do: "unsure" | "toggle" | "confirm" | "mixed" | "bad-anchor" }
  | Shared;

export type ConflictCommand =
  | { do: "wrong"; index: number }
  | { do: "bad-image"; index: number }
  | { do: "unsure" }
  | Shared;

const MOVES: Record<string, PageCommand> = {
  ArrowLeft: { do: "move", by: "left" },
  ArrowRight: { do: "move", by: "right" },
  ArrowUp: { do: "move", by: "up" },
  ArrowDown: { do: "move", by: "down" },
  Home: { do: "move", by: "first" },
  End: { do: "move", by: "last" },
};
const MOST_ODD = 3; // a tile shows up to three images besides its first
const WHILE_PICKING: readonly Action[] = ["confirm", "mixed", "undo", "help"];
const WHILE_CHOOSING: readonly Action[] = ["undo", "help"];

/** What a key press asks for on a page. Only arrows may be held. With `picking`, a mixed tile's images are chosen. */
export function pageCommandOf(press: Press, picking: boolean, bindings: Bindings = DEFAULTS): PageCommand | null {
  const move = MOVES[press.key];
  if (move && isAlone({ ...press, repeat: press.shiftKey })) return picking ? null : move;
  if (press.key === "Escape" && isAlone(press)) return { do: "back" };
  const digit = digitOf(press);
  if (digit !== null) return digit <= MOST_ODD ? { do: "odd", index: digit } : null;
  const action = actionOf(press, bindings, "page");
  if (picking && !(action && WHILE_PICKING.includes(action))) return null;
  return action && { do: action as Exclude<Action, "same" | "different" | "magnify"> };
}

/** What a key press asks for on contradicting answers. With `choosingBad`, letters name an image. */
export function conflictCommandOf(press: Press, choosingBad: boolean, bindings: Bindings = DEFAULTS): ConflictCommand | null {
  if (press.key === "Escape" && isAlone(press)) return { do: "back" };
  const action = actionOf(press, bindings, "conflict");
  if (choosingBad) return chosen(press, action);
  const digit = digitOf(press);
  if (digit !== null) return { do: "wrong", index: digit - 1 };
  return action && { do: action as "unsure" | "bad" | "undo" };
}

function chosen(press: Press, action: Action | null): ConflictCommand | null {
  if (isAlone(press) && /^[a-i]$/i.test(press.key))
    return { do: "bad-image", index: press.key.toLowerCase().charCodeAt(0) - "a".charCodeAt(0) };
  if (action === "bad") return { do: "back" };
  return action && WHILE_CHOOSING.includes(action) ? { do: action as "undo" | "help" } : null;
}
