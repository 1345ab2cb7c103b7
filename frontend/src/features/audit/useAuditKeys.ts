import { useEffect, useRef } from "react";
import { useKeyChoice } from "../label/bindings";

interface Does {
  confirm: () => void;
  more: () => void;
  back: () => void;
}

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1 };
const PICKS = ".audit-pick input";

/** Keys of the look-up page, unless the person switched keys off: arrows, Enter, M, Backspace. Held keys do nothing. */
export function useAuditKeys(does: Does): boolean {
  const { off } = useKeyChoice();
  const latest = useRef({ does, off });
  useEffect(() => {
    latest.current = { does, off };
  });
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      const { does, off } = latest.current;
      const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
      if (off || !plain || event.defaultPrevented || isElsewhere(event)) return;
      const action = actionOf(event, does);
      if (!action) return;
      event.preventDefault();
      action();
    };
    window.addEventListener("keydown", down);
    return () => window.removeEventListener("keydown", down);
  }, []);
  return !off;
}

/** Text fields, menus and dialogs keep their keys; Enter on a button or a link is theirs. */
function isElsewhere({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof Element)) return false;
  if (target.closest("input:not([type=checkbox]), textarea, select, [role=dialog], [role=menu]")) return true;
  return key === "Enter" && target.closest("button, a") !== null;
}

function actionOf({ key, repeat }: KeyboardEvent, does: Does): (() => void) | null {
  const step = STEPS[key];
  if (step !== undefined) return () => move(step);
  if (key === "ArrowDown" || key === "ArrowUp") return () => moveRow(key === "ArrowDown" ? 1 : -1);
  if (repeat) return null;
  if (key === "Enter") return does.confirm;
  if (key === "m" || key === "M") return does.more;
  return key === "Backspace" ? does.back : null;
}

const picks = () => [...document.querySelectorAll<HTMLInputElement>(PICKS)];

/** Focus the first image to mark, without scrolling to it. */
export function focusFirst(): void {
  picks()[0]?.focus({ preventScroll: true });
}

function move(step: number): void {
  const all = picks();
  const at = all.findIndex((one) => one === document.activeElement);
  focus(at < 0 ? all[0] : all[at + step]);
}

/** Go to the image in the next row whose middle is nearest; rows as they are drawn, over both lists. */
function moveRow(step: 1 | -1): void {
  const all = picks();
  const from = all.find((one) => one === document.activeElement);
  if (!from) return focus(all[0]);
  const middle = (one: HTMLInputElement) => one.parentElement!.getBoundingClientRect();
  const here = middle(from);
  const beyond = all.map((one) => ({ one, box: middle(one) })).filter(({ box }) => step * (box.top - here.top) > 1);
  const row = Math.min(...beyond.map(({ box }) => step * box.top));
  const inRow = beyond.filter(({ box }) => Math.abs(step * box.top - row) <= 1);
  inRow.sort((a, b) => Math.abs(a.box.left - here.left) - Math.abs(b.box.left - here.left));
  focus(inRow[0]?.one);
}

function focus(pick: HTMLInputElement | undefined): void {
  pick?.focus();
  pick?.parentElement?.scrollIntoView({ block: "nearest" });
}
