import { useEffect, useRef } from "react";
import { useKeyChoice } from "./bindings";
import { isTyping, type Bindings, type Press } from "./keys";

/** What a press does; null: nothing of ours, and the browser's own. */
type Find = (press: Press, bindings: Bindings) => (() => void) | null;

/** Listen to the keyboard while the page is open, except in text fields, menus and dialogs. */
export function usePresses(find: Find, onRelease?: () => void): void {
  const choice = useKeyChoice();
  const latest = useRef({ find, onRelease, choice });
  useEffect(() => {
    latest.current = { find, onRelease, choice };
  });
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      const { find, choice } = latest.current;
      if (event.defaultPrevented || isTyping(event.target) || choice.off) return;
      // Space, Enter and Tab on a focused button are that button's.
      const onButton = event.target instanceof Element && event.target.closest("button, a") !== null;
      if (onButton && (event.key === " " || event.key === "Enter" || event.key === "Tab")) return;
      const press = pressOf(event);
      const action = find(press, choice.bindings);
      if (action) {
        event.preventDefault();
        action();
      } else if (event.repeat && find({ ...press, repeat: false }, choice.bindings)) event.preventDefault();
    };
    const up = () => latest.current.onRelease?.();
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

function pressOf({ key, ctrlKey, metaKey, altKey, shiftKey, repeat }: KeyboardEvent): Press {
  return { key, ctrlKey, metaKey, altKey, shiftKey, repeat };
}
