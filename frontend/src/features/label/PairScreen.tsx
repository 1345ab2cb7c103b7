import { useState } from "react";
import type { Verdict } from "../../api/types";
import { say } from "../../components/Toasts";
import { m } from "../../messages";
import { commandOf, type Command } from "./keys";
import { pairReply } from "./replies";
import { LARGE, sharedAction, type ScreenProps } from "./screens";
import { Stage } from "./Stage";
import type { BadSide, Item } from "./types";
import type { Swipe } from "./useGestures";
import { usePresses } from "./usePresses";
import { changed } from "./view";
import { ViewTools } from "./ViewTools";
import { BadSides, Verdicts } from "./Verdicts";
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
  const [looked, lookAt] = look;
  // All belong to one question: the next one starts afresh.
  const choosingBad = questionId !== null && badFor === questionId;
  const exemplar = at.question === questionId ? at.exemplar : 0;
  const merge = mergeOf(item);
  const [confirmed, confirm] = useState<string | null>(null); // the question whose merge was asked for once
  const asking = merge !== null && confirmed === questionId;

  const give = (verdict: Verdict, sides: BadSide[] = []): boolean => {
    if (!item) return false;
    if (verdict === "same" && merge && !asking) {
      if (engine.isArmed()) confirm(questionId);
      return false;
    }
    const given = engine.answer(pairReply(item, verdict, sides));
    if (given) onGiven(verdict);
    return given;
  };
  const onVerdict = (verdict: Verdict) => (verdict === "bad_image" ? setBadFor(questionId) : void give(verdict));
  const onSwipe = (swipe: Swipe) => {
    const verdict = SWIPES[swipe];
    if (give(verdict)) say(m.label.swiped(m.label.verdicts[verdict]), { name: m.label.undo, run: () => void engine.undo() });
  };
  const actionOn = (command: Command): (() => void) | null => {
    switch (command.do) {
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
        return () => setBadFor(null);
      default:
        return sharedAction(command, props);
    }
  };
  usePresses(
    (press, bindings) => {
      const command = commandOf(press, choosingBad, bindings);
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
            view={looked}
            onView={lookAt}
            onSwipe={onSwipe}
            onPainted={engine.wasPainted}
          />
        ) : (
          children
        )}
      </div>
      {choosingBad ? (
        <BadSides onSides={(sides) => give("bad_image", sides)} onBack={() => setBadFor(null)} />
      ) : (
        (item || view.loading) && <Verdicts disabled={!item} flash={flash} onVerdict={onVerdict} />
      )}
    </>
  );
}

/** The sizes of two large groups that "same" would make one; null where one of them is small. */
function mergeOf(item: Item | null): [number, number] | null {
  if (!item) return null;
  const { left, right } = item.lease.question;
  return left.size >= LARGE && right.size >= LARGE ? [left.size, right.size] : null;
}
