import { useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { components } from "../../api/generated";
import { duration, secondsSince, smallPercent } from "../../components/format";
import { Panel } from "../../components/Page";
import { Failed, Loading } from "../../components/States";
import { useNow } from "../../components/useNow";
import { m, n } from "../../messages";

type Health = components["schemas"]["RunHealth"];

/** The queue, people's pace, what is still to come and what the answers cost so far. */
export function HealthPanel({ runId, live }: { runId: string; live: boolean }) {
  const health = useQuery({
    queryKey: ["health", runId],
    queryFn: ({ signal }) => api.get<Health>(`/runs/${runId}/health`, signal),
    refetchInterval: live ? 4000 : false,
  });
  return (
    <Panel title={m.runs.health.title} note={live ? m.runs.health.note : undefined}>
      {health.isPending && <Loading rows={2} />}
      {health.error && !health.data && <Failed error={health.error} onRetry={() => void health.refetch()} />}
      {health.data && <Shown health={health.data} live={live} />}
    </Panel>
  );
}

function Shown({ health, live }: { health: Health; live: boolean }) {
  const now = useNow(10_000);
  const words = m.runs.health;
  const { queue, pace, expected, cost } = health;
  const newest = pace.newest === null ? null : duration(secondsSince(pace.newest, now));
  const facts: [string, string, string, boolean][] = [
    [words.expected, rangeOf(expected), expectedNote(expected), live],
    [words.ready, n(queue.ready), words.leased(queue.leased), live],
    [words.oldest, queue.oldest === null ? m.common.none : duration(queue.oldest), words.oldestNote, live],
    [words.hour, n(pace.last_hour), words.people(pace.people), live],
    [
      words.speed,
      pace.median_seconds === null ? m.common.none : duration(pace.median_seconds),
      newest === null ? words.nobody : words.newest(newest),
      true,
    ],
    [words.judged, n(cost.judged), words.eq7(smallPercent(cost.percent)), true],
    [words.actions, n(cost.actions), words.edits(cost.edits), true],
    [words.hours, cost.seconds > 0 ? duration(cost.seconds) : m.common.none, words.measured, true],
  ];
  return (
    <dl className="health" data-testid="run-health">
      {facts
        .filter(([, , , shown]) => shown)
        .map(([name, value, note]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
            <dd className="quiet small">{note}</dd>
          </div>
        ))}
    </dl>
  );
}

function rangeOf({ low, expected, high }: Health["expected"]): string {
  if (expected === null || high === null) return m.runs.health.atLeast(low);
  return low === high ? n(expected) : m.runs.health.about(expected);
}

function expectedNote({ low, expected, high, rounds, basis, seconds }: Health["expected"]): string {
  const words = m.runs.health;
  if (rounds === 0) return words.noMore;
  if (expected === null || high === null) return words.untold;
  const range = low === high ? words.rounds(rounds) : words.range(low, high, basis);
  return seconds === null || expected === 0 ? range : `${range} · ${words.takes(duration(seconds))}`;
}
