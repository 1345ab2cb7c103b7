import { LayoutGrid, Redo2, SkipForward, TriangleAlert, Undo2 } from "lucide-react";
import { useEffect, useRef } from "react";
import { imageUrl } from "../../api/client";
import { m } from "../../messages";
import { useKeyChoice } from "./bindings";
import { SHOWN_SIZE } from "./images";
import { keycap, type Action } from "./keys";
import { countsOf, verdictOf } from "./replies";
import { Thumb } from "./Thumb";
import { VERDICT_ICONS } from "./Verdicts";
import type { Entry } from "./types";

interface StripProps {
  entries: readonly Entry[];
  canUndo: boolean;
  canRedo: boolean;
  canSkip: boolean;
  onUndo: () => void;
  onChange: (entry: Entry) => void;
  onRedo: () => void;
  onSkip: () => void;
}

/** The last answers, newest at the right beside Undo; a click takes one back. */
export function Strip({ entries, canUndo, canRedo, canSkip, onUndo, onChange, onRedo, onSkip }: StripProps) {
  const list = useRef<HTMLUListElement>(null);
  const newest = entries.at(-1)?.id;
  useEffect(() => {
    if (list.current) list.current.scrollLeft = list.current.scrollWidth;
  }, [newest]);
  const { bindings, off } = useKeyChoice();
  const keyOf = (action: Action) => (off ? undefined : bindings[action].map(keycap)[0]);
  return (
    <footer className="strip">
      <ul ref={list} className="strip-list" aria-label={m.label.history}>
        {entries.length === 0 && <li className="strip-empty quiet small">{m.label.historyEmpty}</li>}
        {entries.map((entry) => (
          <li key={entry.id}>
            <StripEntry entry={entry} onChange={() => onChange(entry)} />
          </li>
        ))}
      </ul>
      <div className="strip-actions">
        <StripAction name={m.label.undo} keys={keyOf("undo")} disabled={!canUndo} onClick={onUndo}>
          <Undo2 size={18} aria-hidden />
        </StripAction>
        <StripAction name={m.label.redo} keys={keyOf("redo")} disabled={!canRedo} onClick={onRedo}>
          <Redo2 size={18} aria-hidden />
        </StripAction>
        <StripAction name={m.label.skip} why={m.label.skipWhy} keys={keyOf("skip")} disabled={!canSkip} onClick={onSkip}>
          <SkipForward size={18} aria-hidden />
        </StripAction>
      </div>
    </footer>
  );
}

const stands = (entry: Entry) => entry.state === "waiting" || entry.state === "saved";

function StripEntry({ entry, onChange }: { entry: Entry; onChange: () => void }) {
  const word = wordOf(entry);
  const name = stands(entry) ? m.label.change(word) : `${word}, ${m.label.undone}`;
  return (
    <button
      type="button"
      className={`past past-${entry.kind}`}
      data-testid="past-answer"
      data-state={entry.state}
      aria-label={name}
      title={name}
      disabled={!stands(entry)}
      onClick={onChange}
    >
      <Thumb src={thumbOf(entry, entry.left)} />
      <span className="past-mark">
        <EntryIcon entry={entry} size={12} />
      </span>
      <Thumb src={thumbOf(entry, entry.right)} />
    </button>
  );
}

/** The sign of what an answer said. */
export function EntryIcon({ entry, size }: { entry: Entry; size: number }) {
  const verdict = verdictOf(entry.kind, entry.reply);
  const Other = entry.kind === "page" ? LayoutGrid : TriangleAlert;
  const Icon = verdict ? VERDICT_ICONS[verdict] : Other;
  return <Icon size={size} strokeWidth={2.5} aria-hidden />;
}

/** What an answer said, in few words. */
export function wordOf({ kind, reply }: Entry): string {
  const verdict = verdictOf(kind, reply);
  if (kind === "page" && verdict) return m.label.page.anchorBad;
  if (verdict) return m.label.verdicts[verdict];
  if (kind === "conflict" || !reply) return m.label.conflict.chosen;
  const { same, different, skipped } = countsOf(reply);
  return m.label.page.counts(same, different, skipped);
}

/** What was on the screen is still in the browser; for older answers a small picture will do. */
function thumbOf(entry: Entry, id: string): string {
  return imageUrl(id, entry.item ? SHOWN_SIZE : 64);
}

interface ActionProps {
  name: string;
  why?: string;
  keys: string | undefined;
  disabled?: boolean;
  onClick: () => void;
  children: React.ReactNode;
}

function StripAction({ name, why, keys, disabled = false, onClick, children }: ActionProps) {
  return (
    <button type="button" className="strip-action" title={why} disabled={disabled} onClick={onClick}>
      {children}
      <span className="strip-word">{name}</span>
      {keys && <kbd aria-hidden>{keys}</kbd>}
    </button>
  );
}
