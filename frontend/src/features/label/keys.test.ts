import { describe, expect, it } from "vitest";
import { commandOf, DEFAULTS, isTyping, rebound, type Press } from "./keys";

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

  it("do nothing in a text field, a menu or a dialog", () => {
    document.body.innerHTML = `<input id="a"><div role="dialog"><button id="b">x</button></div><button id="c">y</button>`;
    expect(isTyping(document.getElementById("a"))).toBe(true);
    expect(isTyping(document.getElementById("b"))).toBe(true);
    expect(isTyping(document.getElementById("c"))).toBe(false);
  });
});
