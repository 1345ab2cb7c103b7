import { useEffect, useRef } from "react";
import type { Verdict } from "../../api/types";
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
}

/** Listen to the keyboard while the page is open. */
export function useCommands(choosingBad: boolean, commands: Commands): void {
  const latest = useRef({ choosingBad, commands });
  useEffect(() => {
    latest.current = { choosingBad, commands };
  });
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isTyping(event.target)) return;
      // Space and Enter on a focused button press that button.
      const onButton = event.target instanceof Element && event.target.closest("button, a") !== null;
      const now = latest.current;
      const command = commandOf(event, now.choosingBad);
      if (!command) {
        if (event.repeat && commandOf({ ...pressOf(event), repeat: false }, now.choosingBad)) event.preventDefault();
        return;
      }
      if (command.do === "magnify" && onButton) return;
      event.preventDefault();
      run(command, now.commands);
    };
    const up = (event: KeyboardEvent) => event.key === " " && latest.current.commands.onMagnify(false);
    const away = () => latest.current.commands.onMagnify(false);
    window.addEventListener("keydown", down);
    window.addEventListener("keyup", up);
    window.addEventListener("blur", away);
    return () => {
      window.removeEventListener("keydown", down);
      window.removeEventListener("keyup", up);
      window.removeEventListener("blur", away);
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
    case "redo":
      return to.onRedo();
    case "skip":
      return to.onSkip();
  }
}
