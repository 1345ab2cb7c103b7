/** Keys of the label page, as a pure mapping. */
export type Command =
  | { do: "answer"; verdict: "same" | "different" | "unsure" }
  | { do: "bad" }
  | { do: "bad-side"; sides: ("left" | "right")[] }
  | { do: "back" | "undo" | "redo" | "skip" | "help" | "magnify" }
  | { do: "exemplar"; index: number };

export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  repeat: boolean;
}

const ANSWERS: Record<string, Command> = {
  s: { do: "answer", verdict: "same" },
  arrowright: { do: "answer", verdict: "same" },
  d: { do: "answer", verdict: "different" },
  arrowleft: { do: "answer", verdict: "different" },
  u: { do: "answer", verdict: "unsure" },
  arrowdown: { do: "answer", verdict: "unsure" },
  x: { do: "bad" },
  backspace: { do: "undo" },
  p: { do: "skip" },
  "?": { do: "help" },
  " ": { do: "magnify" },
};

const BAD_SIDES: Record<string, Command> = {
  arrowleft: { do: "bad-side", sides: ["left"] },
  l: { do: "bad-side", sides: ["left"] },
  arrowright: { do: "bad-side", sides: ["right"] },
  r: { do: "bad-side", sides: ["right"] },
  arrowdown: { do: "bad-side", sides: ["left", "right"] },
  b: { do: "bad-side", sides: ["left", "right"] },
  escape: { do: "back" },
  x: { do: "back" },
  "?": { do: "help" },
};

/** What a key press asks for; null for nothing of ours. Held keys count once. */
export function commandOf(press: Press, choosingBad: boolean): Command | null {
  if (press.repeat || press.altKey) return null;
  const key = press.key.toLowerCase();
  if (key === "z") return { do: press.shiftKey ? "redo" : "undo" };
  if (press.ctrlKey || press.metaKey) return null;
  if (choosingBad) return BAD_SIDES[key] ?? null;
  if (/^[0-4]$/.test(key)) return { do: "exemplar", index: Number(key) };
  return ANSWERS[key] ?? null;
}

/** Whether typing goes somewhere else: a text field, a menu, a dialog. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return target.closest("input, textarea, select, [contenteditable], [role=dialog], [role=menu]") !== null;
}
