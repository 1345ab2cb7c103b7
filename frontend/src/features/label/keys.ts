/** Keys of the label page: what each one does, which may be changed, and a pure mapping from a press to a command. */
export type Command =
  | { do: "answer"; verdict: "same" | "different" | "unsure" }
  | { do: "bad" }
  | { do: "bad-side"; sides: ("left" | "right")[] }
  | { do: "exemplar"; index: number }
  | { do: Plain };

export type Plain = "back" | "mixed" | "undo" | "redo" | "skip" | "help" | "magnify" | "zoom-in" | "zoom-out" | "flip" | "brighter" | "darker" | "plain";

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
  "toggle",
  "confirm",
  "mixed",
  "bad-anchor",
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
/** Those that only one kind of question knows: one key may serve one of each. */
const ONLY: Partial<Record<Action, "pair" | "page">> = {
  same: "pair",
  different: "pair",
  magnify: "pair",
  toggle: "page",
  confirm: "page",
  "bad-anchor": "page",
};

export type Bindings = Record<Action, readonly string[]>;

export const DEFAULTS: Bindings = {
  same: ["s", "ArrowRight"],
  different: ["d", "ArrowLeft"],
  unsure: ["u", "ArrowDown"],
  bad: ["x"],
  toggle: [" "],
  confirm: ["Enter"],
  mixed: ["m"],
  "bad-anchor": ["Shift+x"],
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

const COMMANDS: Record<Exclude<Action, "toggle" | "confirm" | "bad-anchor">, Command> = {
  same: { do: "answer", verdict: "same" },
  different: { do: "answer", verdict: "different" },
  unsure: { do: "answer", verdict: "unsure" },
  bad: { do: "bad" },
  mixed: { do: "mixed" },
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

/** The action of a press on one kind of question; modifiers and held keys have none. */
export function actionOf(press: Press, bindings: Bindings, kind: "pair" | "page" | "conflict"): Action | null {
  if (press.repeat || press.altKey) return null;
  const name = nameOf(press);
  if (press.ctrlKey || press.metaKey) {
    if (name === "z") return "undo";
    return name === "Shift+z" || name === "y" ? "redo" : null;
  }
  return ACTIONS.find((one) => (ONLY[one] ?? kind) === kind && bindings[one].includes(name)) ?? null;
}

/** Pressed by itself, and not held. */
export const isAlone = (press: Press): boolean => !press.repeat && !press.altKey && !press.ctrlKey && !press.metaKey;

export const digitOf = (press: Press): number | null =>
  isAlone(press) && /^[1-9]$/.test(press.key) ? Number(press.key) : null;

/** What a key press asks for on a pair; null for nothing of ours. Held keys count once. */
export function commandOf(press: Press, choosingBad: boolean, bindings: Bindings = DEFAULTS): Command | null {
  const action = actionOf(press, bindings, "pair");
  if (choosingBad) {
    if (action === "undo" || action === "help") return COMMANDS[action];
    return isAlone(press) ? (BAD_SIDES[nameOf(press)] ?? null) : null;
  }
  if (action) return COMMANDS[action as keyof typeof COMMANDS];
  const digit = digitOf(press);
  return digit !== null && digit <= 4 ? { do: "exemplar", index: digit } : null;
}

/** What a press asks for while the images of a pair's mixed group are chosen. */
export function mixedCommandOf(press: Press, bindings: Bindings = DEFAULTS): Command | { do: "odd"; index: number } | null {
  const digit = digitOf(press);
  if (digit !== null) return { do: "odd", index: digit };
  if (isAlone(press) && ["Escape", "Enter"].includes(press.key)) return { do: "back" };
  const action = actionOf(press, bindings, "pair");
  if (action === "mixed") return { do: "back" };
  return action === "undo" || action === "help" ? COMMANDS[action] : null;
}

/** Give a key to an action; whoever had it before on the same kind of question loses it. */
export function rebound(bindings: Bindings, action: Action, key: string): Bindings {
  const meets = (one: Action) => !ONLY[one] || !ONLY[action] || ONLY[one] === ONLY[action];
  const without = Object.fromEntries(
    ACTIONS.map((one) => [one, meets(one) ? bindings[one].filter((other) => other !== key) : bindings[one]]),
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
    .replace(/^ $/, "Space")
    .replace("Enter", "↵")
    .replace(/^⇧?[a-z]$/, (letter) => letter.toUpperCase());
}

/** Whether typing goes somewhere else: a text field, a menu, a dialog. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return target.closest("input, textarea, select, [contenteditable], [role=dialog], [role=menu]") !== null;
}
