import { useQueryClient } from "@tanstack/react-query";
import { CloudOff } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { isOver, keys, useRun, useSession } from "../../api/queries";
import type { Run, Verdict } from "../../api/types";
import { useTitle } from "../../components/Page";
import { Empty, Failed, Loading } from "../../components/States";
import { say } from "../../components/Toasts";
import { m } from "../../messages";
import { ChangeDialog } from "./ChangeDialog";
import { ConflictScreen } from "./ConflictScreen";
import { KeysDialog } from "./KeysDialog";
import { LabelBar } from "./LabelBar";
import { noticed } from "./noticed";
import { PageScreen } from "./PageScreen";
import { PairScreen } from "./PairScreen";
import { countsOf, verdictOf } from "./replies";
import type { ScreenProps } from "./screens";
import { Strip } from "./Strip";
import { Tour } from "./Tour";
import { useEngine } from "./useEngine";
import { useLooking } from "./useLooking";
import { usePatience } from "./usePatience";
import { Waiting } from "./Waiting";
import type { Entry, Snapshot } from "./types";
import "./label.css";
import "./pages.css";

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
  const [engine, present] = useEngine(run.id, personId);
  const view = usePatience(present);
  const [help, setHelp] = useState(false);
  const [flash, setFlash] = useFlash();
  const [changing, change] = useState<Entry | null>(null);
  const look = useLooking(view.current?.lease.question.id ?? null);
  const screen: ScreenProps = {
    engine,
    view,
    look,
    flash,
    onGiven: setFlash,
    onHelp: () => setHelp((open) => !open),
  };
  useNotices(view);
  useFreshRun(run.id, present.empty);

  return (
    <main id="content" className="label" tabIndex={-1}>
      <LabelBar
        runId={run.id}
        runName={run.name || m.project.unnamedRun}
        progress={view.progress}
        stepwise={run.config["policy"] === "efficient"}
        round={Math.min(run.round, run.rounds - 1)}
        over={isOver(run.state)}
        onHelp={() => setHelp(true)}
      />
      <Screen {...screen}>
        <Nothing run={run} view={view} />
      </Screen>
      <Strip
        entries={view.history}
        canUndo={view.canUndo}
        canRedo={view.canRedo}
        canSkip={view.current !== null}
        onUndo={() => void engine.undo()}
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
      <Tour kind={view.current?.lease.question.kind ?? null} />
      <Said view={view} />
    </main>
  );
}

/** Each kind of question has its screen; what stands in place of a question is the pairs'. */
function Screen({ children, ...props }: ScreenProps & { children: React.ReactNode }) {
  const item = props.view.current;
  const question = item?.lease.question;
  if (item && question?.kind === "page") return <PageScreen key={question.id} item={item} {...props} />;
  if (item && question?.kind === "conflict") return <ConflictScreen key={question.id} item={item} {...props} />;
  return <PairScreen {...props}>{children}</PairScreen>;
}

function Nothing({ run, view }: { run: Run; view: Snapshot }) {
  if (view.fatal) return <Failed error={view.fatal} />;
  if (view.offline) return <Empty icon={<CloudOff size={28} aria-hidden />} title={m.label.unreachable} detail={m.label.unreachableDetail} />;
  // The run may be known to be done before the questions' next poll says so.
  if (view.empty) return <Waiting run={run} view={view} empty={run.state === "done" ? "all_settled" : view.empty} />;
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
  return (
    <p className="hidden-but-read" aria-live="polite" data-testid="said">
      {said ? spoken(said) : ""}
    </p>
  );
}

function spoken({ kind, reply, count }: NonNullable<Snapshot["said"]>): string {
  if (!reply) return m.label.said.undone;
  const verdict = verdictOf(kind, reply);
  if (verdict) return m.label.said.saved(m.label.verdicts[verdict], count);
  if (kind === "conflict") return m.label.said.saved(m.label.conflict.chosen, count);
  const { same, different, skipped } = countsOf(reply);
  return m.label.said.saved(m.label.page.counts(same, different, skipped), count);
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
