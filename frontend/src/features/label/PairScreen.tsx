import { useState } from "react";
import type { Verdict } from "../../api/types";
import { say } from "../../components/Toasts";
import { m } from "../../messages";
import { commandOf, mixedCommandOf, type Command } from "./keys";
import { MixedTile } from "./MixedTile";
import { pairReply } from "./replies";
import { LARGE, sharedAction, type ScreenProps } from "./screens";
import { Stage } from "./Stage";
import type { BadSide, Item } from "./types";
import type { Swipe } from "./useGestures";
import { useMixed, type MixedGroup } from "./useMixed";
import { usePresses } from "./usePresses";
import { changed } from "./view";
import { ViewTools } from "./ViewTools";
import { BackToPair, BadSides, Verdicts } from "./Verdicts";
import { Why } from "./Why";

const SWIPES: Record<Swipe, Verdict> = { right: "same", left: "different", down: "unsure" };

/** Two groups: same or different? Without a question, `children` in their place. */
export function PairScreen(props: ScreenProps & { children?: React.ReactNode }) {
  const { engine, view, look, flash, onGiven, children } = props;
  const item = view.current;
  const questionId = item?.lease.question.id ?? null;
  const [badFor, setBadFor] = useState<string | null>(null);
  const [at, setAt] = useState({ question: questionId, exemplar: 0 });
  const [magnified, setMagnified] = useState(false);
  const mixed = useMixed(item);
  const [looked, lookAt] = look;
  // All belong to one question: the next one starts afresh.
  const choosingBad = questionId !== null && badFor === questionId;
  const exemplar = at.question === questionId ? at.exemplar : 0;
  const merge = mergeOf(item, mixed.odd.length);
  const [confirmed, confirm] = useState<string | null>(null); // the question whose merge was asked for once
  const asking = merge !== null && confirmed === questionId;

  const give = (verdict: Verdict, sides: BadSide[] = []): boolean => {
    if (!item) return false;
    if (verdict === "same" && merge && !asking) {
      if (engine.isArmed()) confirm(questionId);
      return false;
    }
    const given = engine.answer(pairReply(item, verdict, sides, mixed.odd));
    if (given) onGiven(verdict);
    return given;
  };
  const onVerdict = (verdict: Verdict) => (verdict === "bad_image" ? setBadFor(questionId) : void give(verdict));
  const onMixed = () => {
    if (mixed.group && engine.isArmed()) mixed.pick(true);
  };
  const onSwipe = (swipe: Swipe) => {
    if (mixed.picking) return;
    const verdict = SWIPES[swipe];
    if (give(verdict)) say(m.label.swiped(m.label.verdicts[verdict]), { name: m.label.undo, run: () => void engine.undo() });
  };
  const actionOn = (command: Command | { do: "odd"; index: number }): (() => void) | null => {
    switch (command.do) {
      case "mixed":
        return mixed.group && onMixed;
      case "odd":
        return () => mixed.toggle(command.index);
      case "answer":
        return () => onVerdict(command.verdict);
      case "bad":
        return () => onVerdict("bad_image");
      case "bad-side":
        return () => void give("bad_image", command.sides);
      case "exemplar":
        return () => setAt({ question: questionId, exemplar: command.index === exemplar ? 0 : command.index });
      case "magnify":
        return () => setMagnified(true);
      case "back":
        return () => (mixed.picking ? mixed.pick(false) : setBadFor(null));
      default:
        return sharedAction(command, props);
    }
  };
  usePresses(
    (press, bindings) => {
      const command = mixed.picking ? mixedCommandOf(press, bindings) : commandOf(press, choosingBad, bindings);
      if (!command || (!item && !["undo", "redo", "help"].includes(command.do))) return null;
      return actionOn(command);
    },
    () => setMagnified(false),
  );

  return (
    <>
      <Why
        view={view}
        title={choosingBad ? m.label.bad.title : m.label.title}
        warning={asking ? m.label.mergeTwice(...merge) : null}
        note={mixed.picking ? m.label.page.mixedHint : mixed.odd.length > 0 ? m.label.mixedSaid(mixed.odd.length) : null}
      >
        {item && (
          <ViewTools
            view={looked}
            onView={(what) => lookAt(changed(looked, what))}
            onLight={({ brightness, contrast }) => lookAt({ ...looked, brightness, contrast })}
          />
        )}
      </Why>
      <div className="label-body">
        {item ? (
          <Stage
            item={item}
            exemplar={exemplar}
            magnified={magnified}
            covered={mixed.picking}
            view={looked}
            onView={lookAt}
            onSwipe={onSwipe}
            onPainted={engine.wasPainted}
          />
        ) : (
          children
        )}
        {mixed.group && mixed.picking && <MixedTile key={questionId} tile={mixed.group} odd={mixed.odd} onOdd={mixed.toggle} />}
      </div>
      <Foot
        shown={item !== null || view.loading}
        choosingBad={choosingBad}
        mixed={mixed}
        onSides={(sides) => give("bad_image", sides)}
        onBackFromBad={() => setBadFor(null)}
        onMixed={onMixed}
        disabled={!item}
        flash={flash}
        onVerdict={onVerdict}
      />
    </>
  );
}

interface FootProps {
  shown: boolean;
  choosingBad: boolean;
  mixed: MixedGroup;
  onSides: (sides: BadSide[]) => void;
  onBackFromBad: () => void;
  onMixed: () => void;
  disabled: boolean;
  flash: Verdict | null;
  onVerdict: (verdict: Verdict) => void;
}

/** What can be said: the verdicts, or in their place which side is bad, or the way back from a mixed group. */
function Foot({ shown, choosingBad, mixed, onSides, onBackFromBad, onMixed, ...verdicts }: FootProps) {
  if (mixed.picking) return <BackToPair onBack={() => mixed.pick(false)} />;
  if (choosingBad) return <BadSides onSides={onSides} onBack={onBackFromBad} />;
  if (!shown) return null;
  return <Verdicts {...verdicts} mixed={mixed.group && { pressed: mixed.odd.length > 0, onPress: onMixed }} />;
}

/**
 * The sizes of two large groups that "same" would make one, less the right one's odd images; null where one of them is
 * small, and where the model only learns from two images: their groups are its guess and stay as they are.
 */
function mergeOf(item: Item | null, odd: number): [number, number] | null {
  if (!item || item.lease.question.reason === "calibrate") return null;
  const { left, right } = item.lease.question;
  return left.size >= LARGE && right.size - odd >= LARGE ? [left.size, right.size - odd] : null;
}
