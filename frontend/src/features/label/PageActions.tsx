import { Check, ChevronRight, CircleHelp, ImageOff, Scissors, type LucideIcon } from "lucide-react";
import type { MouseEvent } from "react";
import { m } from "../../messages";
import { useKeyChoice } from "./bindings";
import { scopeOf } from "./filling";
import { keycap, type Action } from "./keys";
import type { PageInHand } from "./usePage";
import { Keycaps, unfocus } from "./Verdicts";

/** What can be said of the tile at the cursor, and the one button that answers, with its scope spelled out. */
export function PageActions({ page, flash }: { page: PageInHand; flash: boolean }) {
  const { filling, tile, mark, part, picking, onMixed, onLeftOut, onBack, onConfirm } = page;
  const none = filling.anchorBad || picking;
  return (
    <div className="verdicts verdicts-page" role="group" aria-label={m.label.page.title}>
      <Small name={m.label.page.mixed} action="mixed" icon={Scissors} why={m.label.page.mixedWhy} pressed={mark.odd.length > 0 || picking} disabled={tile.images.length < 2 || filling.anchorBad} onClick={onMixed} />
      <Small name={m.label.verdicts.unsure} action="unsure" icon={CircleHelp} pressed={mark.verdict === "unsure"} disabled={none} onClick={() => onLeftOut("unsure")} />
      <Small name={m.label.verdicts.bad_image} action="bad" icon={ImageOff} pressed={mark.verdict === "bad_image"} disabled={none} onClick={() => onLeftOut("bad_image")} />
      {part.at > 0 && (
        <button type="button" className="verdict verdict-small verdict-previous" onClick={onBack}>
          <span className="verdict-word">{m.label.page.previous}</span>
        </button>
      )}
      <button
        type="button"
        className="verdict verdict-confirm"
        data-testid="page-confirm"
        data-flash={flash || undefined}
        onClick={(event) => {
          unfocus(event);
          onConfirm();
        }}
      >
        {part.isLast || picking ? <Check size={22} aria-hidden /> : <ChevronRight size={22} aria-hidden />}
        <span className="verdict-word">{wordOf(page)}</span>
        <Keys action="confirm" />
      </button>
    </div>
  );
}

function wordOf({ filling, question, part, picking, merge }: PageInHand): string {
  if (picking) return m.label.page.mixedDone;
  const total = question.tiles.length;
  if (!part.isLast) return m.label.page.next(part.next + 1, Math.min(part.next + part.size, total), total);
  if (filling.anchorBad) return m.label.page.confirmBadAnchor;
  const { same, different, leftOut } = scopeOf(filling, question);
  const scope = m.label.page.confirm(same, different, leftOut);
  return merge ? m.label.page.again(scope) : scope;
}

interface SmallProps {
  name: string;
  action: Action;
  icon: LucideIcon;
  why?: string;
  pressed: boolean;
  disabled: boolean;
  onClick: () => void;
}

function Small({ name, action, icon: Icon, why, pressed, disabled, onClick }: SmallProps) {
  const press = (event: MouseEvent<HTMLButtonElement>) => {
    unfocus(event);
    onClick();
  };
  return (
    <button type="button" className="verdict verdict-small" data-testid={`tile-${action}`} title={why} aria-pressed={pressed} disabled={disabled} onClick={press}>
      <Icon size={20} aria-hidden />
      <span className="verdict-word">{name}</span>
      <Keys action={action} />
    </button>
  );
}

function Keys({ action }: { action: Action }) {
  const { bindings, off } = useKeyChoice();
  return <Keycaps keys={off ? [] : bindings[action].slice(0, 1).map(keycap)} />;
}
