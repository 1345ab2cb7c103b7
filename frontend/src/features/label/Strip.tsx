import { Redo2, SkipForward, Undo2 } from "lucide-react";
import { useEffect, useRef } from "react";
import { imageUrl } from "../../api/client";
import { m } from "../../messages";
import { SHOWN_SIZE } from "./images";
import { Thumb } from "./Thumb";
import { VERDICT_ICONS } from "./Verdicts";
import type { Entry } from "./types";

interface StripProps {
  entries: readonly Entry[];
  canRedo: boolean;
  canSkip: boolean;
  onUndo: (id?: string) => void;
  onRedo: () => void;
  onSkip: () => void;
}

/** The last answers, newest at the right beside Undo; a click takes one back. */
export function Strip({ entries, canRedo, canSkip, onUndo, onRedo, onSkip }: StripProps) {
  const list = useRef<HTMLUListElement>(null);
  const newest = entries.at(-1)?.id;
  useEffect(() => {
    if (list.current) list.current.scrollLeft = list.current.scrollWidth;
  }, [newest]);
  const canUndo = entries.some(stands);
  return (
    <footer className="strip">
      <ul ref={list} className="strip-list" aria-label={m.label.history}>
        {entries.length === 0 && <li className="strip-empty quiet small">{m.label.historyEmpty}</li>}
        {entries.map((entry) => (
          <li key={entry.id}>
            <StripEntry entry={entry} onUndo={() => onUndo(entry.id)} />
          </li>
        ))}
      </ul>
      <div className="strip-actions">
        <StripAction name={m.label.undo} keys="Z" disabled={!canUndo} onClick={() => onUndo()}>
          <Undo2 size={18} aria-hidden />
        </StripAction>
        {canRedo && (
          <StripAction name={m.label.redo} keys="⇧Z" onClick={onRedo}>
            <Redo2 size={18} aria-hidden />
          </StripAction>
        )}
        <StripAction name={m.label.skip} keys="P" disabled={!canSkip} onClick={onSkip}>
          <SkipForward size={18} aria-hidden />
        </StripAction>
      </div>
    </footer>
  );
}

const stands = (entry: Entry) => entry.state === "waiting" || entry.state === "saved";

function StripEntry({ entry, onUndo }: { entry: Entry; onUndo: () => void }) {
  const Icon = VERDICT_ICONS[entry.verdict];
  const word = m.label.verdicts[entry.verdict];
  const name = stands(entry) ? m.label.takeBack(word) : `${word}, ${m.label.undone}`;
  return (
    <button
      type="button"
      className={`past past-${entry.verdict}`}
      data-testid="past-answer"
      data-state={entry.state}
      aria-label={name}
      title={name}
      disabled={!stands(entry)}
      onClick={onUndo}
    >
      <Thumb src={thumbOf(entry, entry.left)} />
      <span className="past-mark">
        <Icon size={12} strokeWidth={2.5} aria-hidden />
      </span>
      <Thumb src={thumbOf(entry, entry.right)} />
    </button>
  );
}

/** What was on the screen is still in the browser; for older answers a small picture will do. */
function thumbOf(entry: Entry, id: string): string {
  return imageUrl(id, entry.item ? SHOWN_SIZE : 64);
}

interface ActionProps {
  name: string;
  keys: string;
  disabled?: boolean;
  onClick: () => void;
  children: React.ReactNode;
}

function StripAction({ name, keys, disabled = false, onClick, children }: ActionProps) {
  return (
    <button type="button" className="strip-action" disabled={disabled} onClick={onClick}>
      {children}
      <span className="strip-word">{name}</span>
      <kbd aria-hidden>{keys}</kbd>
    </button>
  );
}
