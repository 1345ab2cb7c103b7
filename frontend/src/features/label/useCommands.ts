import { useEffect, useRef } from "react";
import type { Verdict } from "../../api/types";
import { useKeyChoice } from "./bindings";
import { commandOf, isTyping, type Command } from "./keys";
import type { BadSide } from "./types";

interface Commands {
  active: boolean; // a pair is on the screen
  onVerdict: (verdict: Verdict) => void;
  onBadSides: (sides: BadSide[]) => void;
  onBack: () => void;
  onUndo: () => void;
  onRedo: () => void;
  onSkip: () => void;
  onHelp: () => void;
  onMagnify: (on: boolean) => void;
  onExemplar: (index: number) => void;
  onView: (change: "zoom-in" | "zoom-out" | "flip" | "brighter" | "darker" | "plain") => void;
}

/** Listen to the keyboard while the page is open. */
export function useCommands(choosingBad: boolean, commands: Commands): void {
  const choice = useKeyChoice();
  const latest = useRef({ choosingBad, commands, choice });
  useEffect(() => {
    latest.current = { choosingBad, commands, choice };
  });
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      const now = latest.current;
      if (event.defaultPrevented || isTyping(event.target) || now.choice.off) return;
      // Space, Enter and Tab on a focused button are that button's.
      const onButton = event.target instanceof Element && event.target.closest("button, a") !== null;
      const { bindings } = now.choice;
      const command = commandOf(event, now.choosingBad, bindings);
      if (!command) {
        if (event.repeat && commandOf({ ...pressOf(event), repeat: false }, now.choosingBad, bindings)) event.preventDefault();
        return;
      }
      if (onButton && (event.key === " " || event.key === "Enter" || event.key === "Tab")) return;
      if (event.key === "Tab" && !now.commands.active) return;
      event.preventDefault();
      run(command, now.commands);
    };
    const up = () => latest.current.commands.onMagnify(false);
    window.addEventListener("keydown", down);
    window.addEventListener("keyup", up);
    window.addEventListener("blur", up);
    return () => {
      window.removeEventListener("keydown", down);
      window.removeEventListener("keyup", up);
      window.removeEventListener("blur", up);
    };
  }, []);
}

function pressOf({ key, ctrlKey, metaKey, altKey, shiftKey, repeat }: KeyboardEvent) {
  return { key, ctrlKey, metaKey, altKey, shiftKey, repeat };
}

function run(command: Command, to: Commands): void {
  switch (command.do) {
    case "undo":
      return to.onUndo();
    case "redo":
      return to.onRedo();
    case "help":
      return to.onHelp();
    default:
      if (to.active) runOnPair(command, to);
  }
}

function runOnPair(command: Command, to: Commands): void {
  switch (command.do) {
    case "answer":
      return to.onVerdict(command.verdict);
    case "bad":
      return to.onVerdict("bad_image");
    case "bad-side":
      return to.onBadSides(command.sides);
    case "exemplar":
      return to.onExemplar(command.index);
    case "magnify":
      return to.onMagnify(true);
    case "back":
      return to.onBack();
    case "skip":
      return to.onSkip();
    case "zoom-in":
    case "zoom-out":
    case "flip":
    case "brighter":
    case "darker":
    case "plain":
      return to.onView(command.do);
  }
}
