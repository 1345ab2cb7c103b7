import { useQuery } from "@tanstack/react-query";
import { api, imageUrl } from "../../api/client";
import type { Quality } from "../../api/types";
import { decimal, duration, percent } from "../../components/format";
import { Panel } from "../../components/Page";
import { Failed, Loading } from "../../components/States";
import { m, n } from "../../messages";

/** For admins: how much each person answered, how often rightly, and where people disagree. */
export function PeoplePanel({ runId, live }: { runId: string; live: boolean }) {
  const quality = useQuery({
    queryKey: ["quality", runId],
    queryFn: ({ signal }) => api.get<Quality>(`/runs/${runId}/quality`, signal),
    refetchInterval: live ? 10_000 : false,
  });
  return (
    <Panel title={m.runs.people.title} note={m.runs.people.note}>
      {quality.isPending && <Loading rows={2} />}
      {quality.error && <Failed error={quality.error} onRetry={() => void quality.refetch()} />}
      {quality.data && <Shown quality={quality.data} />}
    </Panel>
  );
}

function Shown({ quality }: { quality: Quality }) {
  const words = m.runs.people;
  if (quality.people.length === 0) return <p className="quiet people-line">{words.empty}</p>;
  return (
    <>
      <div className="table-scroll" tabIndex={0} role="region" aria-label={words.title}>
        <table className="table" data-testid="run-people">
          <thead>
            <tr>
              <th>{words.name}</th>
              <th className="end">{words.answers}</th>
              <th className="end">{words.seconds}</th>
              <th className="end">{words.right}</th>
              <th className="end">{words.interval}</th>
            </tr>
          </thead>
          <tbody>
            {quality.people.map((person) => (
              <tr key={person.person_id}>
                <td>{person.name}</td>
                <td className="end">{n(person.answers)}</td>
                <td className="end">{person.median_seconds === null ? m.common.none : duration(person.median_seconds)}</td>
                <td className="end">
                  {person.checked === 0 ? m.common.none : `${n(person.right)}/${n(person.checked)}`}
                </td>
                <td className="end">{person.interval ? person.interval.map(percent).join(" – ") : m.common.none}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {quality.judged_twice > 0 && (
        <p className="quiet people-line">
          {words.twice(quality.judged_twice)} · {words.alpha} {decimal(quality.alpha, 2)}
          {quality.kappa !== null && ` · ${words.kappa} ${decimal(quality.kappa, 2)}`}
        </p>
      )}
      {quality.disagreements.length > 0 && <Disagreements quality={quality} />}
    </>
  );
}

function Disagreements({ quality }: { quality: Quality }) {
  return (
    <details className="people-line">
      <summary>{m.runs.people.disagreements(quality.disagreements.length)}</summary>
      <ul className="disagreements">
        {quality.disagreements.map(({ left, right, votes }) => (
          <li key={`${left.id}-${right.id}`}>
            <img src={imageUrl(left.id, 128)} alt={m.label.left} loading="lazy" />
            <img src={imageUrl(right.id, 128)} alt={m.label.right} loading="lazy" />
            <span>{votes.map(({ person, verdict }) => `${person}: ${wordOf(verdict)}`).join(", ")}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

function wordOf(verdict: string): string {
  return (m.label.verdicts as Record<string, string>)[verdict] ?? verdict;
}
