import { useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { PersonQuality, Quality } from "../../api/types";
import { decimal, duration, percent } from "../../components/format";
import { Panel } from "../../components/Page";
import { Link } from "../../components/router";
import { Failed, Loading } from "../../components/States";
import { m, n } from "../../messages";

/** For admins: how much each person answered, how often rightly, and how far people agree. */
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
      {quality.data && <Shown quality={quality.data} runId={runId} />}
    </Panel>
  );
}

function Shown({ quality, runId }: { quality: Quality; runId: string }) {
  const words = m.runs.people;
  if (quality.people.length === 0) return <p className="quiet people-line">{words.empty}</p>;
  return (
    <>
      <div className="table-scroll" tabIndex={0} role="region" aria-label={words.title}>
        <table className="table people-table" data-testid="run-people">
          <thead>
            <tr>
              <th>{words.name}</th>
              <th className="end">{words.answers}</th>
              <th className="end">{words.gold}</th>
              <th className="end">{words.interval}</th>
              <th className="end">{words.weight}</th>
              <th className="end">{words.seconds}</th>
              <th className="end">{words.right}</th>
            </tr>
          </thead>
          <tbody>
            {quality.people.map((person) => (
              <Row key={person.person_id} person={person} />
            ))}
          </tbody>
        </table>
      </div>
      {quality.judged_twice > 0 && (
        <p className="quiet people-line">
          {words.twice(quality.judged_twice)} · {words.alpha} {decimal(quality.alpha, 2)}
          {quality.kappa !== null && ` · ${words.kappa} ${decimal(quality.kappa, 2)}`}
          {quality.disagreements > 0 && (
            <>
              {" · "}
              <Link href={`/runs/${runId}/disagreements`}>{words.disagreements(quality.disagreements)}</Link>
            </>
          )}
        </p>
      )}
    </>
  );
}

function Row({ person }: { person: PersonQuality }) {
  const words = m.runs.people;
  return (
    <tr data-careless={person.careless || undefined}>
      <td>
        {person.name}
        {person.careless && (
          <span className="people-careless" title={words.carelessWhy}>
            {words.careless}
          </span>
        )}
      </td>
      <td className="end">{n(person.answers)}</td>
      <td className="end">{share(person.gold_right, person.gold)}</td>
      <td className="end">{person.gold_interval ? person.gold_interval.map(percent).join(" – ") : m.common.none}</td>
      <td className="end">{decimal(person.weight, 2)}</td>
      <td className="end">{person.median_seconds === null ? m.common.none : duration(person.median_seconds)}</td>
      <td className="end">{share(person.right, person.checked)}</td>
    </tr>
  );
}

function share(right: number, all: number): string {
  return all === 0 ? m.common.none : `${n(right)}/${n(all)}`;
}
