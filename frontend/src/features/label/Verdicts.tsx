import { Check, CircleHelp, Equal, EqualNot, ImageOff, Scissors, type LucideIcon } from "lucide-react";
import { useEffect, useRef, type MouseEvent } from "react";
import type { Verdict } from "../../api/types";
import { m } from "../../messages";
import { useKeyChoice } from "./bindings";
import { keycap, type Action } from "./keys";
import type { BadSide } from "./types";

export const VERDICT_ICONS: Record<Verdict, LucideIcon> = {
  same: Equal,
  different: EqualNot,
  unsure: CircleHelp,
  bad_image: ImageOff,
};

const ACTION_OF: Record<Verdict, Action> = { different: "different", unsure: "unsure", same: "same", bad_image: "bad" };

// In the order of the arrow keys on the keyboard.
const ORDER: Verdict[] = ["different", "unsure", "same", "bad_image"];

interface VerdictsProps {
  disabled: boolean;
  flash: Verdict | null;
  onVerdict: (verdict: Verdict) => void;
  mixed?: { pressed: boolean; onPress: () => void } | null; // none: neither side can be looked into
}

export function Verdicts({ disabled, flash, onVerdict, mixed }: VerdictsProps) {
  const { bindings, off } = useKeyChoice();
  return (
    <div className={mixed ? "verdicts verdicts-mixed" : "verdicts"} role="group" aria-label={m.label.title}>
      {ORDER.map((verdict) => {
        const Icon = VERDICT_ICONS[verdict];
        return (
          <button
            key={verdict}
            type="button"
            className={`verdict verdict-${verdict}`}
            data-testid={`answer-${verdict}`}
            data-flash={flash === verdict || undefined}
            disabled={disabled}
            onClick={(event) => {
              unfocus(event);
              onVerdict(verdict);
            }}
          >
            <Icon size={22} aria-hidden />
            <span className="verdict-word">{m.label.verdicts[verdict]}</span>
            <Keycaps keys={off ? [] : bindings[ACTION_OF[verdict]].map(keycap)} />
          </button>
        );
      })}
      {mixed && (
        <button
          type="button"
          className="verdict verdict-mixed"
          data-testid="answer-mixed"
          title={m.label.page.mixedWhy}
          aria-pressed={mixed.pressed}
          onClick={(event) => {
            unfocus(event);
            mixed.onPress();
          }}
        >
          <Scissors size={20} aria-hidden />
          <span className="verdict-word">{m.label.page.mixed}</span>
          <Keycaps keys={off ? [] : bindings.mixed.map(keycap)} />
        </button>
      )}
    </div>
  );
}

/** In place of the verdicts, while the images of a mixed group are chosen. */
export function BackToPair({ onBack }: { onBack: () => void }) {
  const { bindings, off } = useKeyChoice();
  return (
    <div className="verdicts verdicts-page" role="group" aria-label={m.label.page.mixedTitle}>
      <button type="button" className="verdict verdict-confirm" data-testid="mixed-done" onClick={onBack}>
        <Check size={22} aria-hidden />
        <span className="verdict-word">{m.label.mixedDone}</span>
        <Keycaps keys={off ? [] : bindings.mixed.map(keycap)} />
      </button>
    </div>
  );
}

/** After a click the keyboard is the page's again: Space is to magnify, not to press this button once more. */
export function unfocus(event: MouseEvent<HTMLButtonElement>): void {
  if (event.detail > 0) event.currentTarget.blur();
}

const SIDES: ["left" | "both" | "right", BadSide[], string[]][] = [
  ["left", ["left"], ["←"]],
  ["both", ["left", "right"], ["↓"]],
  ["right", ["right"], ["→"]],
];

/** In place of the verdicts, after "bad image". */
export function BadSides({ onSides, onBack }: { onSides: (sides: BadSide[]) => void; onBack: () => void }) {
  const group = useRef<HTMLDivElement>(null);
  useEffect(() => group.current?.focus(), []); // said to those who listen; no button is pressed by accident
  return (
    <div ref={group} tabIndex={-1} className="verdicts verdicts-bad" role="group" aria-label={m.label.bad.title}>
      {SIDES.map(([word, sides, keys]) => (
        <button
          key={word}
          type="button"
          className="verdict"
          data-testid={`bad-${word}`}
          onClick={() => onSides(sides)}
        >
          <ImageOff size={22} aria-hidden />
          <span className="verdict-word">{m.label.bad[word]}</span>
          <Keycaps keys={keys} />
        </button>
      ))}
      <button type="button" className="verdict verdict-bad_image" data-testid="bad-back" onClick={onBack}>
        <span className="verdict-word">{m.label.bad.back}</span>
        <Keycaps keys={["Esc"]} />
      </button>
    </div>
  );
}

export function Keycaps({ keys }: { keys: string[] }) {
  return (
    <span className="keycaps" aria-hidden>
      {keys.map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}
