import { Check } from "lucide-react";
import { isOver } from "../../api/queries";
import type { Round, Run, RunState } from "../../api/types";
import { Bar } from "../../components/Bar";
import { m, n } from "../../messages";

const ORDER = ["embed", "cluster", "ask", "train", "evaluate"] as const;
type Step = (typeof ORDER)[number];

const STEP_OF: Partial<Record<RunState, Step>> = {
  embedding: "embed",
  clustering: "cluster",
  asking: "ask",
  training: "train",
  evaluating: "evaluate",
};

/** The round's five steps; the present one with its progress. */
export function Steps({ run, rounds }: { run: Run; rounds: Round[] }) {
  const now = STEP_OF[run.state] ?? progressStep(run);
  const at = now ? ORDER.indexOf(now) : -1;
  const all = run.state === "done";
  return (
    <ol className="steps" data-testid="steps">
      {ORDER.map((step, index) => (
        <li
          key={step}
          className={all || index < at ? "step step-done" : index === at ? "step step-now" : "step"}
          aria-current={index === at ? "step" : undefined}
        >
          <span className="step-name">
            {(all || index < at) && <Check size={14} aria-hidden />}
            {m.runs.steps[step]}
          </span>
          <StepBar run={run} before={rounds.at(-1)?.answers ?? 0} step={step} active={index === at} done={all || index < at} />
        </li>
      ))}
    </ol>
  );
}

/** A paused run still knows where it stopped. */
function progressStep(run: Run): Step | undefined {
  return ORDER.find((step) => step === run.progress?.what);
}

interface StepBarProps {
  run: Run;
  before: number; // answers when the last round ended
  step: Step;
  active: boolean;
  done: boolean;
}

function StepBar({ run, before, step, active, done }: StepBarProps) {
  const label = m.runs.steps[step];
  if (!active || isOver(run.state)) return <Bar done={done ? 1 : 0} total={1} label={label} />;
  if (run.progress?.what === step)
    return (
      <>
        <Bar done={run.progress.done} total={run.progress.total} label={label} />
        <span className="small quiet step-count">
          {n(run.progress.done)} / {n(run.progress.total)}
        </span>
      </>
    );
  if (step === "ask") {
    const answered = Math.max(0, run.answered - before);
    const total = answered + run.open;
    return (
      <>
        <Bar done={answered} total={total} label={label} />
        <span className="small quiet step-count">{m.runs.notes.inRound(answered, total)}</span>
      </>
    );
  }
  return <Bar done={0} total={0} label={label} />;
}
