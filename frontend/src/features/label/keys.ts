/** Keys of the label page: what each one does, which may be changed, and a pure mapping from a press to a command. */
export type Command =
  | { do: "answer"; verdict: "same" | "different" | "unsure" }
  | { do: "bad" }
  | { do: "bad-side"; sides: ("left" | "right")[] }
  | { do: "exemplar"; index: number }
  | { do: Plain };

type Plain = "back" | "undo" | "redo" | "skip" | "help" | "magnify" | "zoom-in" | "zoom-out" | "flip" | "brighter" | "darker" | "plain";

export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  repeat: boolean;
}

/** What a key may be given to, in the order of the list of keys. */
export const ACTIONS = [
  "same",
  "different",
  "unsure",
  "bad",
  "undo",
  "redo",
  "skip",
  "magnify",
  "zoom-in",
  "zoom-out",
  "flip",
  "brighter",
  "darker",
  "plain",
  "help",
] as const;
export type Action = (typeof ACTIONS)[number];
export type Bindings = Record<Action, readonly string[]>;

export const DEFAULTS: Bindings = {
  same: ["s", "ArrowRight"],
  different: ["d", "ArrowLeft"],
  unsure: ["u", "ArrowDown"],
  bad: ["x"],
  undo: ["z", "Backspace"],
  redo: ["Shift+z", "y"],
  skip: ["Tab", "p"],
  magnify: [" "],
  "zoom-in": ["+"],
  "zoom-out": ["-"],
  flip: ["f"],
  brighter: ["]"],
  darker: ["["],
  plain: ["0"],
  help: ["?"],
};

const COMMANDS: Record<Action, Command> = {
  same: { do: "answer", verdict: "same" },
  different: { do: "answer", verdict: "different" },
  unsure: { do: "answer", verdict: "unsure" },
  bad: { do: "bad" },
  undo: { do: "undo" },
  redo: { do: "redo" },
  skip: { do: "skip" },
  magnify: { do: "magnify" },
  "zoom-in": { do: "zoom-in" },
  "zoom-out": { do: "zoom-out" },
  flip: { do: "flip" },
  brighter: { do: "brighter" },
  darker: { do: "darker" },
  plain: { do: "plain" },
  help: { do: "help" },
};

const BAD_SIDES: Record<string, Command> = {
  ArrowLeft: { do: "bad-side", sides: ["left"] },
  l: { do: "bad-side", sides: ["left"] },
  ArrowRight: { do: "bad-side", sides: ["right"] },
  r: { do: "bad-side", sides: ["right"] },
  ArrowDown: { do: "bad-side", sides: ["left", "right"] },
  b: { do: "bad-side", sides: ["left", "right"] },
  Escape: { do: "back" },
  x: { do: "back" },
  "?": { do: "help" },
};

/** Name a press as the bindings do: letters small, Shift said only with letters and named keys. */
export function nameOf(press: Press): string {
  const letter = press.key.length === 1;
  const key = letter ? press.key.toLowerCase() : press.key;
  const shifted = press.shiftKey && (!letter || key !== press.key.toUpperCase());
  return shifted ? `Shift+${key}` : key;
}

/** What a key press asks for; null for nothing of ours. Held keys count once. */
export function commandOf(press: Press, choosingBad: boolean, bindings: Bindings = DEFAULTS): Command | null {
  if (press.repeat || press.altKey) return null;
  const name = nameOf(press);
  if (press.ctrlKey || press.metaKey) {
    if (name === "z") return { do: "undo" };
    return name === "Shift+z" || name === "y" ? { do: "redo" } : null;
  }
  const action = ACTIONS.find((one) => bindings[one].includes(name));
  if (choosingBad) return action === "undo" || action === "help" ? COMMANDS[action] : (BAD_SIDES[name] ?? null);
  if (action) return COMMANDS[action];
  return /^[1-4]$/.test(name) ? { do: "exemplar", index: Number(name) } : null;
}

/** Give a key to an action; whoever had it before loses it. */
export function rebound(bindings: Bindings, action: Action, key: string): Bindings {
  const without = Object.fromEntries(
    ACTIONS.map((one) => [one, bindings[one].filter((other) => other !== key)]),
  ) as unknown as Bindings;
  return { ...without, [action]: [key] };
}

/** How a key is written on the screen. */
export function keycap(key: string): string {
  return key
    .replace("Shift+", "⇧")
    .replace("ArrowLeft", "←")
    .replace("ArrowRight", "→")
    .replace("ArrowDown", "↓")
    .replace("ArrowUp", "↑")
    .replace(/^ $/, "␣")
    .replace(/[a-z]$/, (letter) => (key.length === 1 || key.startsWith("Shift+") ? letter.toUpperCase() : letter));
}

/** Whether typing goes somewhere else: a text field, a menu, a dialog. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return target.closest("input, textarea, select, [contenteditable], [role=dialog], [role=menu]") !== null;
}
