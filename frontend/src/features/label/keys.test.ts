import { describe, expect, it } from "vitest";
import { commandOf, DEFAULTS, isTyping, keycap, mixedCommandOf, rebound, type Press } from "./keys";
import { conflictCommandOf, pageCommandOf } from "./pageKeys";

const press = (key: string, changes: Partial<Press> = {}): Press => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  repeat: false,
  ...changes,
});

describe("the keys", () => {
  it.each([
    ["s", "same"],
    ["S", "same"],
    ["ArrowRight", "same"],
    ["d", "different"],
    ["ArrowLeft", "different"],
    ["u", "unsure"],
    ["ArrowDown", "unsure"],
  ])("%s answers %s", (key, verdict) => {
    expect(commandOf(press(key), false)).toEqual({ do: "answer", verdict });
  });

  it("answer once while held", () => {
    expect(commandOf(press("s", { repeat: true }), false)).toBeNull();
  });

  it("leave the browser's own combinations alone", () => {
    expect(commandOf(press("s", { ctrlKey: true }), false)).toBeNull();
    expect(commandOf(press("d", { metaKey: true }), false)).toBeNull();
    expect(commandOf(press("ArrowLeft", { altKey: true }), false)).toBeNull();
    expect(commandOf(press("Tab", { shiftKey: true }), false)).toBeNull();
  });

  it("undo and redo", () => {
    expect(commandOf(press("z"), false)).toEqual({ do: "undo" });
    expect(commandOf(press("Backspace"), false)).toEqual({ do: "undo" });
    expect(commandOf(press("z", { ctrlKey: true }), false)).toEqual({ do: "undo" });
    expect(commandOf(press("Z", { shiftKey: true }), false)).toEqual({ do: "redo" });
    expect(commandOf(press("Z", { metaKey: true, shiftKey: true }), false)).toEqual({ do: "redo" });
  });

  it("put a pair back with Tab", () => {
    expect(commandOf(press("Tab"), false)).toEqual({ do: "skip" });
  });

  it("can be given anew, and then mean nothing else", () => {
    const mine = rebound(DEFAULTS, "same", "d");
    expect(commandOf(press("d"), false, mine)).toEqual({ do: "answer", verdict: "same" });
    expect(commandOf(press("s"), false, mine)).toBeNull();
    expect(commandOf(press("ArrowLeft"), false, mine)).toEqual({ do: "answer", verdict: "different" });
  });

  it("name sides after a bad image, and nothing else", () => {
    expect(commandOf(press("ArrowLeft"), true)).toEqual({ do: "bad-side", sides: ["left"] });
    expect(commandOf(press("ArrowDown"), true)).toEqual({ do: "bad-side", sides: ["left", "right"] });
    expect(commandOf(press("Escape"), true)).toEqual({ do: "back" });
    expect(commandOf(press("s"), true)).toBeNull();
  });

  it("move about a page while held, and tick once", () => {
    expect(pageCommandOf(press("ArrowRight", { repeat: true }), false)).toEqual({ do: "move", by: "right" });
    expect(pageCommandOf(press("ArrowDown"), false)).toEqual({ do: "move", by: "down" });
    expect(pageCommandOf(press(" "), false)).toEqual({ do: "toggle" });
    expect(pageCommandOf(press(" ", { repeat: true }), false)).toBeNull();
    expect(pageCommandOf(press("Enter"), false)).toEqual({ do: "confirm" });
    expect(pageCommandOf(press("x"), false)).toEqual({ do: "bad" });
    expect(pageCommandOf(press("X", { shiftKey: true }), false)).toEqual({ do: "bad-anchor" });
    expect(pageCommandOf(press("s"), false)).toBeNull();
  });

  it("name the odd images of a mixed tile", () => {
    expect(pageCommandOf(press("m"), false)).toEqual({ do: "mixed" });
    expect(pageCommandOf(press("2"), true)).toEqual({ do: "odd", index: 2 });
    expect(pageCommandOf(press("4"), true)).toBeNull();
    expect(pageCommandOf(press("u"), true)).toBeNull();
    expect(pageCommandOf(press("Escape"), true)).toEqual({ do: "back" });
  });

  it("name the odd images of a pair's mixed group, and answer nothing meanwhile", () => {
    expect(commandOf(press("m"), false)).toEqual({ do: "mixed" });
    expect(mixedCommandOf(press("2"))).toEqual({ do: "odd", index: 2 });
    for (const key of ["m", "Enter", "Escape"]) expect(mixedCommandOf(press(key))).toEqual({ do: "back" });
    for (const key of ["s", "d", "u", "x", "Tab"]) expect(mixedCommandOf(press(key))).toBeNull();
    expect(mixedCommandOf(press("z"))).toEqual({ do: "undo" });
  });

  it("pick the wrong one of contradicting answers", () => {
    expect(conflictCommandOf(press("3"), false)).toEqual({ do: "wrong", index: 2 });
    expect(conflictCommandOf(press("3", { repeat: true }), false)).toBeNull();
    expect(conflictCommandOf(press("u"), false)).toEqual({ do: "unsure" });
    expect(conflictCommandOf(press("s"), false)).toBeNull();
    expect(conflictCommandOf(press("b"), true)).toEqual({ do: "bad-image", index: 1 });
    expect(conflictCommandOf(press("x"), true)).toEqual({ do: "back" });
  });

  it("may mean one thing on a pair and another on a page", () => {
    const mine = rebound(DEFAULTS, "toggle", "s");
    expect(commandOf(press("s"), false, mine)).toEqual({ do: "answer", verdict: "same" });
    expect(pageCommandOf(press("s"), false, mine)).toEqual({ do: "toggle" });
    const theirs = rebound(DEFAULTS, "toggle", "u"); // "unsure" is on both
    expect(commandOf(press("u"), false, theirs)).toBeNull();
  });

  it("are named as they are printed", () => {
    const caps = [" ", "s", "Shift+z", "Shift+X", "Backspace", "Tab", "Enter", "ArrowLeft"].map(keycap);
    expect(caps).toEqual(["Space", "S", "⇧Z", "⇧X", "Backspace", "Tab", "↵", "←"]);
  });

  it("do nothing in a text field, a menu or a dialog", () => {
    document.body.innerHTML = `<input id="a"><div role="dialog"><button id="b">x</button></div><button id="c">y</button>`;
    expect(isTyping(document.getElementById("a"))).toBe(true);
    expect(isTyping(document.getElementById("b"))).toBe(true);
    expect(isTyping(document.getElementById("c"))).toBe(false);
  });
});
