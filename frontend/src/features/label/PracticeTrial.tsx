import { useRef, useState } from "react";
import type { Verdict } from "../../api/types";
import { Button } from "../../components/Button";
import { m } from "../../messages";
import { GUARD_MS } from "./engine";
import { commandOf } from "./keys";
import { pageCommandOf } from "./pageKeys";
import { PageActions } from "./PageActions";
import { PageStage } from "./PageStage";
import { trueReply, wrongTiles, type Trial } from "./practice";
import type { Outcome } from "./PracticePage";
import { Stage } from "./Stage";
import type { Reply } from "./types";
import type { Swipe } from "./useGestures";
import { usePage } from "./usePage";
import { usePresses } from "./usePresses";
import { PLAIN, type View } from "./view";
import { Verdicts } from "./Verdicts";

interface TrialProps {
  trial: Trial;
  number: number;
  total: number;
  about: string;
  onOutcome: (outcome: Outcome) => void;
  onNext: () => void;
}

/** One practice question; once answered, its truth, until the person goes on. */
export function PracticeTrial(props: TrialProps) {
  return props.trial.item.lease.question.kind === "page" ? <PageTrial {...props} /> : <PairTrial {...props} />;
}

function PairTrial(props: TrialProps) {
  const { trial, onOutcome, onNext } = props;
  const [said, say] = useState<Verdict | null>(null);
  const [view, lookAt] = useState<View>(PLAIN);
  const { isArmed, onPainted } = useGuard();
  const answer = (verdict: Verdict) => {
    if (said || !isArmed()) return;
    say(verdict);
    onOutcome(outcomeOf(verdict, trial.same as boolean));
  };
  usePresses((press, bindings) => {
    if (said) return press.key === "Enter" ? onNext : null;
    const command = commandOf(press, false, bindings);
    if (command?.do === "answer") return () => answer(command.verdict);
    return command?.do === "bad" ? () => answer("bad_image") : null;
  });
  const onSwipe = (swipe: Swipe) => answer(({ right: "same", left: "different", down: "unsure" } as const)[swipe]);
  const truth = trial.same ? m.label.practice.same : m.label.practice.different;
  return (
    <>
      <Head {...props} title={m.label.title} />
      <div className="label-body">
        <Stage item={trial.item} exemplar={0} magnified={false} view={view} onView={lookAt} onSwipe={onSwipe} onPainted={onPainted} />
      </div>
      {said ? (
        <Truth outcome={outcomeOf(said, trial.same as boolean)} truth={truth} onNext={onNext} />
      ) : (
        <Verdicts disabled={false} flash={null} onVerdict={answer} />
      )}
    </>
  );
}

function outcomeOf(verdict: Verdict, same: boolean): Outcome {
  if (verdict === "unsure" || verdict === "bad_image") return "unsure";
  return (verdict === "same") === same ? "right" : "wrong";
}

function PageTrial(props: TrialProps) {
  const [reply, answer] = useState<Reply | null>(null);
  if (!reply) return <OpenPage {...props} onReply={answer} />;
  return <SettledPage {...props} reply={reply} />;
}

function OpenPage(props: TrialProps & { onReply: (reply: Reply) => void }) {
  const { trial, onOutcome, onReply } = props;
  const [view, lookAt] = useState<View>(PLAIN);
  const { isArmed, onPainted } = useGuard();
  const page = usePage({
    item: trial.item,
    isArmed,
    onReply: (reply) => {
      onOutcome(outcomeOfPage(trial, reply));
      onReply(reply);
    },
  });
  usePresses((press, bindings) => {
    const command = pageCommandOf(press, page.picking, bindings);
    return command && page.actionOn(command);
  });
  return (
    <>
      <Head {...props} title={m.label.page.title} />
      <div className="label-body">
        <PageStage page={page} missing={undefined} view={view} onView={lookAt} onPainted={onPainted} />
      </div>
      <PageActions page={page} flash={false} />
    </>
  );
}

function outcomeOfPage(trial: Trial, reply: Reply): Outcome {
  if (reply.bad_sides?.length) return "unsure";
  return wrongTiles(trial, reply).size === 0 ? "right" : "wrong";
}

/** The page with its truth; the tiles that were not right are marked. */
function SettledPage(props: TrialProps & { reply: Reply }) {
  const { trial, reply, onNext } = props;
  const [view, lookAt] = useState<View>(PLAIN);
  const wrong = wrongTiles(trial, reply);
  const page = usePage({ item: { ...trial.item, filled: trueReply(trial) }, isArmed: () => false, onReply: () => undefined });
  usePresses((press, bindings) => {
    const command = pageCommandOf(press, false, bindings);
    if (command?.do === "confirm") return onNext;
    return command?.do === "move" ? page.actionOn(command) : null;
  });
  return (
    <>
      <Head {...props} title={m.label.page.title} />
      <div className="label-body">
        <PageStage page={page} missing={undefined} wrong={wrong} view={view} onView={lookAt} onPainted={() => undefined} />
      </div>
      <Truth outcome={outcomeOfPage(trial, reply)} truth={m.label.practice.page(wrong.size)} onNext={onNext} />
    </>
  );
}

function Head({ number, total, about, title }: TrialProps & { title: string }) {
  return (
    <div className="why">
      <h1 className="why-title">{title}</h1>
      <p className="why-reason quiet">{about}</p>
      <div className="why-end quiet">{m.label.practice.number(number, total)}</div>
    </div>
  );
}

function Truth({ outcome, truth, onNext }: { outcome: Outcome; truth: string; onNext: () => void }) {
  return (
    <div className={`verdicts truth truth-${outcome}`} role="status" data-testid="practice-truth" data-outcome={outcome}>
      <p>
        <strong>{m.label.practice.outcomes[outcome]}</strong> {truth}
      </p>
      <Button look="primary" onClick={onNext} data-testid="practice-next">
        {m.label.practice.next} <kbd aria-hidden>↵</kbd>
      </Button>
    </div>
  );
}

/** As on the label page: what comes within 250 ms of being painted was meant for the question before. */
function useGuard() {
  const painted = useRef<number | null>(null);
  return {
    isArmed: () => painted.current !== null && performance.now() - painted.current >= GUARD_MS,
    onPainted: () => {
      painted.current ??= performance.now();
    },
  };
}
