import { ChevronLeft, Keyboard } from "lucide-react";
import { useSyncExternalStore } from "react";
import { createPortal } from "react-dom";
import type { QueueProgress } from "../../api/types";
import { Bar } from "../../components/Bar";
import { IconButton } from "../../components/Button";
import { Link } from "../../components/router";
import { m, n } from "../../messages";
import { useToCome } from "./useToCome";

interface LabelBarProps {
  runId: string;
  runName: string;
  progress: QueueProgress | null;
  stepwise: boolean; // questions are chosen a few at a time: those of a round cannot be counted beforehand
  round: number; // where the run is; what came with the last question may be a round behind
  over: boolean;
  onHelp: () => void;
}

const never = () => () => undefined; // the slot is there, or will be once the frame is mounted

/** Where the round and the person stand, in the top bar. */
export function LabelBar(props: LabelBarProps) {
  const slot = useSyncExternalStore(never, () => document.getElementById("topbar-slot"));
  return slot && createPortal(<BarContent {...props} />, slot);
}

function BarContent({ runId, runName, progress, onHelp, ...rest }: LabelBarProps) {
  return (
    <div className="label-bar">
      <Link href={`/runs/${runId}`} className="label-bar-run" aria-label={`${m.runs.overview}: ${runName}`}>
        <ChevronLeft size={16} aria-hidden />
        <span>{runName}</span>
      </Link>
      {progress && <RoundProgress runId={runId} progress={progress} {...rest} />}
      <IconButton name={m.label.help} className="label-help" onClick={onHelp}>
        <Keyboard size={18} aria-hidden />
      </IconButton>
    </div>
  );
}

interface RoundProgressProps {
  runId: string;
  progress: QueueProgress;
  stepwise: boolean;
  round: number;
  over: boolean;
}

function RoundProgress({ runId, progress, stepwise, round: now, over }: RoundProgressProps) {
  const { answered_round, open_round, settled_round, answered_total } = progress;
  const round = Math.max(progress.round, now);
  const expected = useToCome(runId, round);
  const toCome = over ? 0 : expected;
  const done = answered_round + settled_round;
  const total = done + open_round;
  const words = stepwise ? m.label.given(answered_total) : m.label.answered(done, total);
  const ahead = toCome === undefined ? "" : toCome === null ? m.label.toComeUnknown : (stepwise ? m.label.toComeAtMost : m.label.toCome)(toCome);
  return (
    <div className="label-progress" data-testid="round-progress">
      <span className="label-round">
        <span className="wide-only">{m.label.round(round + 1, progress.rounds)}</span>
        <span className="narrow-only">{m.label.roundShort(round + 1, progress.rounds)}</span>
      </span>
      {(!stepwise || typeof toCome === "number") && (
        <div className="label-progress-bar">
          {stepwise ? (
            <Bar done={answered_total} total={answered_total + (toCome ?? 0)} label={`${words}, ${ahead}`} />
          ) : (
            <Bar done={answered_round} extra={settled_round} total={total} label={words} />
          )}
        </div>
      )}
      <span className="label-count" data-testid="round-count">
        <span className="wide-only">{words}</span>
        <span className="narrow-only">{stepwise ? n(answered_total) : `${n(done)}/${n(total)}`}</span>
      </span>
      <span className="label-figure wide-only" title={m.label.toComeWhy} data-testid="to-come">
        {ahead}
      </span>
      <span className="label-figure very-wide-only" title={m.label.settledWhy}>
        {m.label.settled(progress.inferred_total)}
      </span>
      {!(stepwise && progress.answered_by_me === answered_total) && (
        <span className="label-figure very-wide-only" data-testid="my-answers" data-count={progress.answered_by_me}>
          {m.label.mine(progress.answered_by_me)}
        </span>
      )}
    </div>
  );
}
