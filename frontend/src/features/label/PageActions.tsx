import { Check, ChevronRight, CircleHelp, ImageOff, Scissors, type LucideIcon } from "lucide-react";
import type { MouseEvent } from "react";
import type { Question, Tile } from "../../api/types";
import { m } from "../../messages";
import { useKeyChoice } from "./bindings";
import { nameOfTile, scopeOf, type Filling } from "./filling";
import { keycap, type Action } from "./keys";
import type { Part } from "./usePart";
import { Keycaps, unfocus } from "./Verdicts";

interface PageActionsProps {
  question: Question;
  filling: Filling;
  tile: Tile; // at the cursor
  part: Part;
  picking: boolean;
  again: boolean; // a large merge waits for its second yes
  flash: boolean;
  onMixed: () => void;
  onLeftOut: (verdict: "unsure" | "bad_image") => void;
  onBack: () => void;
  onConfirm: () => void;
}

/** What can be said of the tile at the cursor, and the one button that answers, with its scope spelled out. */
export function PageActions(props: PageActionsProps) {
  const { question, filling, tile, part, picking, again, flash, onMixed, onLeftOut, onBack, onConfirm } = props;
  const mark = filling.marks[nameOfTile(tile)]!;
  const none = filling.anchorBad || picking;
  return (
    <div className="verdicts verdicts-page" role="group" aria-label={m.label.page.title}>
      <Small name={m.label.page.mixed} action="mixed" icon={Scissors} pressed={mark.odd.length > 0 || picking} disabled={tile.images.length < 2 || filling.anchorBad} onClick={onMixed} />
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
        <span className="verdict-word">{wordOf(filling, question, part, picking, again)}</span>
        <Keys action="confirm" />
      </button>
    </div>
  );
}

function wordOf(filling: Filling, question: Question, part: Part, picking: boolean, again: boolean): string {
  if (picking) return m.label.page.mixedDone;
  if (!part.isLast) return m.label.page.next(part.next + 1, Math.min(part.next + part.size, question.tiles.length), question.tiles.length);
  if (filling.anchorBad) return m.label.page.confirmBadAnchor;
  const { same, different, leftOut } = scopeOf(filling, question);
  const scope = m.label.page.confirm(same, different, leftOut);
  return again ? m.label.page.again(scope) : scope;
}

interface SmallProps {
  name: string;
  action: Action;
  icon: LucideIcon;
  pressed: boolean;
  disabled: boolean;
  onClick: () => void;
}

function Small({ name, action, icon: Icon, pressed, disabled, onClick }: SmallProps) {
  const press = (event: MouseEvent<HTMLButtonElement>) => {
    unfocus(event);
    onClick();
  };
  return (
    <button type="button" className="verdict verdict-small" data-testid={`tile-${action}`} aria-pressed={pressed} disabled={disabled} onClick={press}>
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
