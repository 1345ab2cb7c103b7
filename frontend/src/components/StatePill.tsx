import { CircleCheck, CirclePause, CircleSlash, CircleX, Clock, Flag, LoaderCircle, MessageCircleQuestion } from "lucide-react";
import type { ReactNode } from "react";
import type { RunState } from "../api/types";
import { m } from "../messages";

export const WORKING: readonly RunState[] = ["embedding", "clustering", "training", "evaluating"];

function icon(state: RunState, audited: boolean): ReactNode {
  const size = 14;
  if (WORKING.includes(state)) return <LoaderCircle size={size} className="turning" aria-hidden />;
  switch (state) {
    case "asking":
      return <MessageCircleQuestion size={size} aria-hidden />;
    case "done":
      return audited ? <CircleCheck size={size} aria-hidden /> : <Flag size={size} aria-hidden />;
    case "failed":
      return <CircleX size={size} aria-hidden />;
    case "cancelled":
      return <CircleSlash size={size} aria-hidden />;
    case "paused":
      return <CirclePause size={size} aria-hidden />;
    default:
      return <Clock size={size} aria-hidden />;
  }
}

/** The run's state as an icon and a word; colour only underlines it. Only a run whose audit passed is called done. */
export function StatePill({ state, audited = false }: { state: RunState; audited?: boolean }) {
  const dry = state === "done" && !audited;
  return (
    <span className={`pill pill-${WORKING.includes(state) ? "working" : dry ? "dry" : state}`} data-testid="run-state" data-state={state}>
      {icon(state, audited)}
      {state === "done" && audited ? m.runs.audited : m.runs.states[state]}
    </span>
  );
}
