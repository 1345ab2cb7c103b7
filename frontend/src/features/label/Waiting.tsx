import { CircleCheck, CirclePause, CircleX, Coffee, Hourglass, Users, Wallet, type LucideIcon } from "lucide-react";
import { isOver, useMetrics } from "../../api/queries";
import type { EmptyReason, Round, Run } from "../../api/types";
import { Bar } from "../../components/Bar";
import { ButtonLink } from "../../components/Button";
import { duration, percent } from "../../components/format";
import { StatePill, WORKING } from "../../components/StatePill";
import { Empty } from "../../components/States";
import { useNow } from "../../components/useNow";
import { m, n } from "../../messages";

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
  empty: EmptyReason;
  count: number | null;
  until: number | null;
}

/** Nothing to answer: why, and what the run does meanwhile. */
export function Waiting({ run, empty, count, until }: WaitingProps) {
  const Icon = ICONS[empty];
  const [title] = m.label.empty[empty]!;
  const detail = useDetail(empty, count, until);
  const over = isOver(run.state);
  const metrics = useMetrics(run.id, !over);
  return (
    <div className="waiting" data-testid="label-empty" data-reason={empty}>
      <Empty icon={<Icon size={28} aria-hidden />} title={title} detail={detail} role="status">
        <ButtonLink href={`/runs/${run.id}`} look={over ? "primary" : "plain"}>
          {over ? m.label.toResults : m.label.toRun}
        </ButtonLink>
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
        <LatestFigures rounds={metrics.data?.rounds ?? []} run={run} />
        {!over && <p className="small quiet">{m.label.refreshes}</p>}
      </div>
    </div>
  );
}

/** Why there is nothing, with the count or the time that the server expects. */
function useDetail(empty: EmptyReason, count: number | null, until: number | null): string {
  const now = useNow();
  const about = count === null || empty !== "leased_to_others" ? m.label.empty[empty]![1] : m.label.withOthers(count);
  return until === null ? about : `${about} ${wait(until - now)}`;
}

function wait(ms: number): string {
  return ms < 5000 ? m.label.soon : m.label.waitAbout(duration(ms / 1000));
}

/** The newest measured quality, and how it moved since the round before. */
function LatestFigures({ rounds, run }: { rounds: Round[]; run: Run }) {
  const measured = rounds.filter((round) => round.mAP !== null || round.pairwise !== null);
  const [before, last] = [measured.at(-2), measured.at(-1)];
  return (
    <dl className="waiting-figures" data-testid="latest-figures">
      <Figure name={m.runs.series.answers} value={n(run.answered)} />
      <Figure name={m.runs.series.inferred} value={n(run.inferred)} />
      {last && <Figure name={m.runs.series.mAP} value={percent(last.mAP)} move={move(last.mAP, before?.mAP)} />}
      {last && (
        <Figure
          name={m.runs.series.f1}
          value={percent(last.pairwise?.["f1"])}
          move={move(last.pairwise?.["f1"], before?.pairwise?.["f1"])}
        />
      )}
    </dl>
  );
}

function move(now: number | null | undefined, before: number | null | undefined): number | undefined {
  return now == null || before == null ? undefined : 100 * (now - before);
}

function Figure({ name, value, move }: { name: string; value: string; move?: number | undefined }) {
  return (
    <div>
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
