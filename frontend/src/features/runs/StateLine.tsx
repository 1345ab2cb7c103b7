import { isOver } from "../../api/queries";
import type { Run } from "../../api/types";
import { endingOf } from "../../components/ending";
import { duration, secondsSince } from "../../components/format";
import { StatePill } from "../../components/StatePill";
import { useNow } from "../../components/useNow";
import { m } from "../../messages";

/** The state in one line: what, since when, who works on it, what it waits for. */
export function StateLine({ run, audited }: { run: Run; audited: boolean }) {
  const now = useNow();
  const over = isOver(run.state);
  const parts: string[] = [];
  if (over) parts.push(m.time.ago(duration(secondsSince(run.finished_at ?? run.state_since, now))));
  else parts.push(m.runs.since(duration(secondsSince(run.state_since, now))));
  if (run.pausing) parts.push(m.runs.pausing);
  if (run.stopping) parts.push(m.runs.stopping);
  const waits = waitsFor(run);
  if (waits && !over) parts.push(m.runs.waitsFor(waits));
  if (!over && run.heartbeat_age !== null) parts.push(m.runs.heartbeat(duration(run.heartbeat_age)));
  else if (!over && !waitsForPeople(run)) parts.push(m.runs.heartbeatNone);
  if (over && run.stopped) parts.push(m.runs.ended(endingOf(run.stopped)));
  return (
    <div className="state-line">
      <StatePill state={run.state} audited={audited} />
      {parts.map((part) => (
        <span key={part}>{part}</span>
      ))}
    </div>
  );
}

/** No worker is on it then, and none has to be. */
function waitsForPeople(run: Run): boolean {
  return run.state === "paused" || (run.state === "asking" && run.open > 0);
}

function waitsFor(run: Run): string | null {
  if (run.waiting_for === null) return null;
  if (run.state === "paused") return m.runs.waits.resume;
  return waitsForPeople(run) ? m.runs.waits.answers(run.open) : m.runs.waits.worker;
}
