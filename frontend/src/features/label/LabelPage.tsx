import { useQueryClient } from "@tanstack/react-query";
import { CloudOff } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { keys, useRun, useSession } from "../../api/queries";
import type { Run, Verdict } from "../../api/types";
import { useTitle } from "../../components/Page";
import { Empty, Failed, Loading } from "../../components/States";
import { say } from "../../components/Toasts";
import { m } from "../../messages";
import { ChangeDialog } from "./ChangeDialog";
import { KeysDialog } from "./KeysDialog";
import { LabelBar } from "./LabelBar";
import { noticed } from "./noticed";
import { Stage } from "./Stage";
import { Strip } from "./Strip";
import { useCommands } from "./useCommands";
import { useEngine } from "./useEngine";
import type { Swipe } from "./useGestures";
import { changed, forNext, PLAIN, type View } from "./view";
import { ViewTools } from "./ViewTools";
import { BadSides, Verdicts } from "./Verdicts";
import { Waiting } from "./Waiting";
import type { BadSide, Entry, Item, Snapshot } from "./types";
import "./label.css";

export default function LabelPage({ runId }: { runId: string }) {
  useTitle(m.label.title);
  const session = useSession();
  const run = useRun(runId);
  if (run.error && !run.data)
    return (
      <main id="content" className="page">
        <Failed error={run.error} missing={m.runs.missing} onRetry={() => void run.refetch()} />
      </main>
    );
  if (!run.data || !session.data)
    return (
      <main id="content" className="page">
        <Loading rows={4} />
      </main>
    );
  return <Labelling run={run.data} personId={session.data.person.id} key={session.data.person.id} />;
}

function Labelling({ run, personId }: { run: Run; personId: string }) {
  const [engine, view] = useEngine(run.id, personId);
  const questionId = view.current?.lease.question.id ?? null;
  const [badFor, setBadFor] = useState<string | null>(null);
  const [look, setLook] = useState({ at: questionId, exemplar: 0 });
  const [help, setHelp] = useState(false);
  const [magnified, setMagnified] = useState(false);
  const [flash, setFlash] = useFlash();
  // Both belong to one question: the next one starts afresh.
  const choosingBad = questionId !== null && badFor === questionId;
  const exemplar = look.at === questionId ? look.exemplar : 0;

  const [looking, setView] = useState({ at: questionId, view: PLAIN });
  const looked = looking.at === questionId ? looking.view : forNext(looking.view);
  const lookAt = (next: View) => setView({ at: questionId, view: next });
  const [changing, change] = useState<Entry | null>(null);
  const merge = mergeOf(view.current);
  const [confirmed, confirm] = useState<string | null>(null); // the question whose merge was asked for once
  const asking = merge !== null && questionId !== null && confirmed === questionId;

  const give = useCallback(
    (verdict: Verdict, sides: BadSide[] = []): boolean => {
      if (verdict === "same" && merge && !asking) {
        confirm(questionId);
        return false;
      }
      const given = engine.answer(verdict, sides);
      if (given) setFlash(verdict);
      return given;
    },
    [engine, setFlash, merge, asking, questionId],
  );
  const onSwipe = (swipe: Swipe) => {
    const verdict = SWIPES[swipe];
    if (give(verdict)) say(m.label.swiped(m.label.verdicts[verdict]), { name: m.label.undo, run: () => void engine.undo() });
  };
  const onVerdict = useCallback(
    (verdict: Verdict) => (verdict === "bad_image" ? setBadFor(questionId) : give(verdict)),
    [give, questionId],
  );
  const onUndo = () => void engine.undo();
  useCommands(choosingBad, {
    onVerdict,
    onBadSides: (sides) => give("bad_image", sides),
    onBack: () => setBadFor(null),
    onView: (what) => lookAt(changed(looked, what)),
    onUndo,
    onRedo: () => void engine.redo(),
    onSkip: () => void engine.skip(),
    onHelp: () => setHelp((open) => !open),
    onMagnify: setMagnified,
    onExemplar: (index) => setLook({ at: questionId, exemplar: index === exemplar ? 0 : index }),
    active: view.current !== null,
  });
  useNotices(view);
  useFreshRun(run.id, view.empty);

  return (
    <main id="content" className="label" tabIndex={-1}>
      <LabelBar
        runId={run.id}
        runName={run.name || m.project.unnamedRun}
        progress={view.progress}
        onHelp={() => setHelp(true)}
      />
      <Why view={view} choosingBad={choosingBad} merge={asking ? merge : null}>
        {view.current && (
          <ViewTools
            view={looked}
            onView={(what) => lookAt(changed(looked, what))}
            onLight={({ brightness, contrast }) => lookAt({ ...looked, brightness, contrast })}
          />
        )}
      </Why>
      <div className="label-body">
        {view.current ? (
          <Stage
            item={view.current}
            exemplar={exemplar}
            magnified={magnified}
            view={looked}
            onView={lookAt}
            onSwipe={onSwipe}
            onPainted={engine.wasPainted}
          />
        ) : (
          <Nothing run={run} view={view} />
        )}
      </div>
      <Answers
        view={view}
        choosingBad={choosingBad}
        flash={flash}
        onVerdict={onVerdict}
        onSides={(sides) => give("bad_image", sides)}
        onBack={() => setBadFor(null)}
      />
      <Strip
        entries={view.history}
        canUndo={view.canUndo}
        canRedo={view.canRedo}
        canSkip={view.current !== null}
        onUndo={onUndo}
        onChange={change}
        onRedo={() => engine.redo()}
        onSkip={() => engine.skip()}
      />
      <KeysDialog open={help} onClose={() => setHelp(false)} />
      {changing && (
        <ChangeDialog
          entry={changing}
          preview={(id) => engine.reversal(id)}
          onClose={() => change(null)}
          onTakeBack={() => {
            engine.undo(changing.id);
            change(null);
          }}
        />
      )}
      <Said view={view} />
    </main>
  );
}

interface AnswersProps {
  view: Snapshot;
  choosingBad: boolean;
  flash: Verdict | null;
  onVerdict: (verdict: Verdict) => void;
  onSides: (sides: BadSide[]) => void;
  onBack: () => void;
}

function Answers({ view, choosingBad, flash, onVerdict, onSides, onBack }: AnswersProps) {
  if (choosingBad) return <BadSides onSides={onSides} onBack={onBack} />;
  if (!view.current && !view.loading) return null;
  return <Verdicts disabled={!view.current} flash={flash} onVerdict={onVerdict} />;
}

const SWIPES: Record<Swipe, Verdict> = { right: "same", left: "different", down: "unsure" };
const LARGE = 4; // images in each group, from which on a merge is asked for twice

/** The sizes of two large groups that "same" would make one; null where one of them is small. */
function mergeOf(item: Item | null): [number, number] | null {
  if (!item) return null;
  const { left, right } = item.lease.question;
  return left.size >= LARGE && right.size >= LARGE ? [left.size, right.size] : null;
}

interface WhyProps {
  view: Snapshot;
  choosingBad: boolean;
  merge: [number, number] | null; // asked to be confirmed
  children: React.ReactNode;
}

/** The question and why it is asked; at its right how it is looked at, and what still waits to be sent. */
function Why({ view, choosingBad, merge, children }: WhyProps) {
  const reason = view.current?.lease.question.reason;
  const trouble = view.offline || view.waiting >= 3;
  return (
    <div className="why">
      <h1 className={view.current || view.loading ? "why-title" : "hidden-but-read"}>{choosingBad ? m.label.bad.title : m.label.title}</h1>
      {merge ? (
        <p className="why-reason why-merge" role="alert" data-testid="merge-warning">
          {m.label.mergeTwice(...merge)}
        </p>
      ) : (
        <p className="why-reason quiet" data-testid="why-asked">
          {reason ? (m.label.reasons[reason] ?? reason) : ""}
        </p>
      )}
      {view.progress && (
        <p className="why-figures narrow-only quiet">
          {m.label.figures(view.progress.inferred_total, view.progress.answered_by_me)}
        </p>
      )}
      <div className="why-end">
        {trouble && (
          <span className="unsent" role="status" title={m.label.waitingDetail} data-testid="unsent">
            <CloudOff size={14} aria-hidden />
            {view.waiting > 0 ? m.label.waiting(view.waiting) : m.label.unreachable}
          </span>
        )}
        {view.volatile && <span className="unsent">{m.label.volatile}</span>}
        {children}
      </div>
    </div>
  );
}

function Nothing({ run, view }: { run: Run; view: Snapshot }) {
  if (view.fatal) return <Failed error={view.fatal} />;
  if (view.offline) return <Empty icon={<CloudOff size={28} aria-hidden />} title={m.label.unreachable} detail={m.label.unreachableDetail} />;
  if (view.empty) return <Waiting run={run} empty={view.empty} count={view.emptyCount} until={view.emptyUntil} />;
  return (
    <div className="stage stage-loading" role="status">
      <span className="hidden-but-read">{m.label.loading}</span>
      <div className="side">
        <div className="view" />
      </div>
      <div className="side">
        <div className="view" />
      </div>
    </div>
  );
}

/** For those who listen: what became of the last answer. */
function Said({ view }: { view: Snapshot }) {
  const { said } = view;
  let text = "";
  if (said?.verdict) text = m.label.said.saved(m.label.verdicts[said.verdict], said.count);
  else if (said) text = m.label.said.undone;
  return (
    <p className="hidden-but-read" aria-live="polite" data-testid="said">
      {text}
    </p>
  );
}

function useFlash(): [Verdict | null, (verdict: Verdict) => void] {
  const [flash, setFlash] = useState<{ verdict: Verdict } | null>(null);
  useEffect(() => {
    if (!flash) return;
    const timer = setTimeout(() => setFlash(null), 130);
    return () => clearTimeout(timer);
  }, [flash]);
  const start = useCallback((verdict: Verdict) => setFlash({ verdict }), []);
  return [flash?.verdict ?? null, start];
}

/** When the questions end or come back, what is said about the run is fetched anew. */
function useFreshRun(runId: string, empty: Snapshot["empty"]): void {
  const client = useQueryClient();
  useEffect(() => {
    void client.invalidateQueries({ queryKey: keys.run(runId) });
    void client.invalidateQueries({ queryKey: keys.metrics(runId) });
  }, [client, runId, empty]);
}

function useNotices(view: Snapshot): void {
  const { notice } = view;
  useEffect(() => {
    if (!notice) return;
    say(noticed(notice));
  }, [notice]);
}
