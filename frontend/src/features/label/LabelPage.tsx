import { useQueryClient } from "@tanstack/react-query";
import { CloudOff } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { keys, useRun, useSession } from "../../api/queries";
import type { Run, Verdict } from "../../api/types";
import { useTitle } from "../../components/Page";
import { Empty, Failed, Loading } from "../../components/States";
import { say } from "../../components/Toasts";
import { m } from "../../messages";
import { KeysDialog } from "./KeysDialog";
import { LabelBar } from "./LabelBar";
import { Stage } from "./Stage";
import { Strip } from "./Strip";
import { useCommands } from "./useCommands";
import { useEngine } from "./useEngine";
import { BadSides, Verdicts } from "./Verdicts";
import { Waiting } from "./Waiting";
import type { BadSide, Snapshot } from "./types";
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

  const give = useCallback(
    (verdict: Verdict, sides: BadSide[] = []) => {
      if (engine.answer(verdict, sides)) setFlash(verdict);
    },
    [engine, setFlash],
  );
  const onVerdict = useCallback(
    (verdict: Verdict) => (verdict === "bad_image" ? setBadFor(questionId) : give(verdict)),
    [give, questionId],
  );
  const onUndo = useCallback((id?: string) => void engine.undo(id), [engine]);
  useCommands(choosingBad, {
    onVerdict,
    onBadSides: (sides) => give("bad_image", sides),
    onBack: () => setBadFor(null),
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
      <Why view={view} choosingBad={choosingBad} />
      <div className="label-body">
        {view.current ? (
          <Stage item={view.current} exemplar={exemplar} magnified={magnified} onPainted={engine.wasPainted} />
        ) : (
          <Nothing run={run} view={view} />
        )}
      </div>
      {choosingBad ? (
        <BadSides onSides={(sides) => give("bad_image", sides)} onBack={() => setBadFor(null)} />
      ) : (
        (view.current || view.loading) && <Verdicts disabled={!view.current} flash={flash} onVerdict={onVerdict} />
      )}
      <Strip
        entries={view.history}
        canRedo={view.canRedo}
        canSkip={view.current !== null}
        onUndo={onUndo}
        onRedo={() => engine.redo()}
        onSkip={() => engine.skip()}
      />
      <KeysDialog open={help} onClose={() => setHelp(false)} />
      <Said view={view} />
    </main>
  );
}

/** The question and why it is asked; at its right what still waits to be sent. Its height never changes. */
function Why({ view, choosingBad }: { view: Snapshot; choosingBad: boolean }) {
  const reason = view.current?.lease.question.reason;
  const trouble = view.offline || view.waiting >= 3;
  return (
    <div className="why">
      <h1 className={view.current || view.loading ? "why-title" : "hidden-but-read"}>{choosingBad ? m.label.bad.title : m.label.title}</h1>
      <p className="why-reason quiet" data-testid="why-asked">
        {reason ? (m.label.reasons[reason] ?? reason) : ""}
      </p>
      {view.progress && (
        <p className="why-figures narrow-only quiet">
          {m.label.figures(view.progress.inferred_total, view.progress.answered_by_me)}
        </p>
      )}
      {trouble && (
        <span className="unsent" role="status" title={m.label.waitingDetail} data-testid="unsent">
          <CloudOff size={14} aria-hidden />
          {view.waiting > 0 ? m.label.waiting(view.waiting) : m.label.unreachable}
        </span>
      )}
      {view.volatile && <span className="unsent">{m.label.volatile}</span>}
    </div>
  );
}

function Nothing({ run, view }: { run: Run; view: Snapshot }) {
  if (view.fatal) return <Failed error={view.fatal} />;
  if (view.offline) return <Empty icon={<CloudOff size={28} aria-hidden />} title={m.label.unreachable} detail={m.label.unreachableDetail} />;
  if (view.empty) return <Waiting run={run} empty={view.empty} detail={view.emptyDetail} />;
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
    if (notice.kind === "refused") say(m.label.refused(notice.detail));
    else if (notice.kind === "undo-refused") say(m.label.undoRefused(notice.detail));
    else say(notice.kind === "undo-closed" ? m.label.undoClosed : m.label.skippedBroken);
  }, [notice]);
}
