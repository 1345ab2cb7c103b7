import { CircleCheck, CirclePause, CircleX, Coffee, Download, Hourglass, Users, Wallet, type LucideIcon } from "lucide-react";
import { address } from "../../api/client";
import { isOver, useMetrics, useSession } from "../../api/queries";
import type { EmptyReason, Round, Run } from "../../api/types";
import { Bar } from "../../components/Bar";
import { ButtonLink } from "../../components/Button";
import { endingOf } from "../../components/ending";
import { duration, percent } from "../../components/format";
import { StatePill, WORKING } from "../../components/StatePill";
import { Empty } from "../../components/States";
import { useNow } from "../../components/useNow";
import { m, n } from "../../messages";
import { isIdle } from "./idle";
import type { Snapshot } from "./types";

const ICONS: Record<EmptyReason, LucideIcon> = {
  not_started: Coffee,
  waiting_for_model: Hourglass,
  leased_to_others: Users,
  waiting_for_votes: Users,
  paused: CirclePause,
  budget_spent: Wallet,
  all_settled: CircleCheck,
  failed: CircleX,
  cancelled: CircleX,
};

interface WaitingProps {
  run: Run;
  view: Snapshot;
  empty: EmptyReason;
}

/** Nothing to answer: why, what the run does meanwhile, and at the end where its results are. */
export function Waiting({ run, view, empty }: WaitingProps) {
  const Icon = ICONS[empty];
  const [title] = wordsOf(run, empty);
  const over = isOver(run.state);
  const rounds = useMetrics(run.id, !over).data?.rounds ?? [];
  const detail = useDetail(run, view, empty, isIdle(run, rounds));
  return (
    <div className="waiting" data-testid="label-empty" data-reason={empty}>
      <Empty icon={<Icon size={28} aria-hidden />} title={title} detail={detail} role="status">
        <Ways run={run} />
      </Empty>
      <div className="waiting-run">
        <div className="waiting-state">
          <StatePill state={run.state} />
          <span className="quiet">{m.label.round(Math.min(run.round + 1, run.rounds), run.rounds)}</span>
          {run.progress && (
            <span className="quiet waiting-what">
              {m.runs.progress[run.progress.what] ?? run.progress.what} {n(run.progress.done)}/{n(run.progress.total)}
            </span>
          )}
        </div>
        {WORKING.includes(run.state) && (
          <Bar done={run.progress?.done ?? 0} total={run.progress?.total ?? 0} label={m.runs.states[run.state] ?? ""} />
        )}
        <LatestFigures rounds={rounds} run={run} answers={view.progress?.answered_total ?? run.answered} />
        {!over && <p className="small quiet">{m.label.refreshes}</p>}
      </div>
    </div>
  );
}

/** Where one goes from here: to the labels once the run is done (admins), else to the run. */
function Ways({ run }: { run: Run }) {
  const admin = useSession().data?.person.role === "admin";
  const done = run.state === "done";
  return (
    <>
      {done && admin && (
        <ButtonLink href={address(`/runs/${run.id}/clusters.csv`)} look="primary" icon={<Download size={16} aria-hidden />} download>
          {m.runs.downloadLabels}
        </ButtonLink>
      )}
      <ButtonLink href={`/runs/${run.id}`} look={isOver(run.state) && !(done && admin) ? "primary" : "plain"}>
        {isOver(run.state) ? m.label.toResults : m.label.toRun}
      </ButtonLink>
    </>
  );
}

/** What the model does says more than that it is waited for. */
function wordsOf(run: Run, empty: EmptyReason): [string, string] {
  return (empty === "waiting_for_model" ? m.label.doing[run.state] : undefined) ?? m.label.empty[empty]!;
}

/** Why there is nothing, with the count or the time that the server expects. */
function useDetail(run: Run, view: Snapshot, empty: EmptyReason, idle: boolean): string {
  const now = useNow();
  const { emptyCount: count, emptyUntil: until } = view;
  if (empty === "waiting_for_model" && idle) return m.label.idle;
  const [, about] = wordsOf(run, empty);
  const parts = [count === null || empty !== "leased_to_others" ? about : m.label.withOthers(count)];
  if (empty === "all_settled" && run.stopped) parts.unshift(m.label.endedBecause(endingOf(run.stopped)));
  if (run.state === "queued" && run.heartbeat_age === null) parts.push(m.label.noWorker);
  if (until !== null) parts.push(wait(until - now));
  return parts.join(" ");
}

function wait(ms: number): string {
  return ms < 5000 ? m.label.soon : m.label.waitAbout(duration(ms / 1000));
}

/** The newest measured quality, and how it moved: since the round before, at the end since the first. */
function LatestFigures({ rounds, run, answers }: { rounds: Round[]; run: Run; answers: number }) {
  const measured = rounds.filter((round) => round.mAP !== null || round.pairwise !== null);
  const over = isOver(run.state);
  const last = measured.at(-1);
  const since = measured.length < 2 ? undefined : measured.at(over ? 0 : -2);
  const [names, why] = [m.runs.series, m.label.figuresWhy];
  return (
    <>
      <dl className="waiting-figures" data-testid="latest-figures">
        <Figure name={m.runs.tiles.answered} why={why.answers} value={n(answers)} />
        <Figure name={names.inferred} why={why.inferred} value={n(run.inferred)} />
        {last && <Figure name={names.mAP} why={why.mAP} value={percent(last.mAP)} move={move(last.mAP, since?.mAP)} />}
        {last && <Figure name={names.f1} why={why.f1} value={percent(f1Of(last))} move={move(f1Of(last), f1Of(since))} />}
      </dl>
      {since && <p className="small quiet">{over ? m.label.figuresSince.first : m.label.figuresSince.before}</p>}
    </>
  );
}

const f1Of = (round: Round | undefined): number | null | undefined => round?.pairwise?.["f1"];

function move(now: number | null | undefined, before: number | null | undefined): number | undefined {
  return now == null || before == null ? undefined : 100 * (now - before);
}

function Figure({ name, why, value, move }: { name: string; why: string; value: string; move?: number | undefined }) {
  return (
    <div title={why}>
      <dt>{name}</dt>
      <dd>
        {value}
        {move !== undefined && (
          <span className={move >= 0 ? "move move-up" : "move"}>
            {move >= 0 ? "+" : "−"}
            {Math.abs(move).toFixed(1)}
          </span>
        )}
      </dd>
    </div>
  );
}
