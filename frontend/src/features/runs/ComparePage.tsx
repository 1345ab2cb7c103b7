import { useQueries, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import { isOver, keys, useProject } from "../../api/queries";
import type { Run, RunMetrics } from "../../api/types";
import { SelectField } from "../../components/Field";
import { smallPercent } from "../../components/format";
import { Page, Panel } from "../../components/Page";
import { go, Link, useLocation } from "../../components/router";
import { StatePill } from "../../components/StatePill";
import { Empty, Failed, Loading } from "../../components/States";
import { m, n } from "../../messages";
import { ChartPanel } from "./Charts";
import { againstOf, differencesOf, MEASURES, valueOf, type Compared, type Measure } from "./compared";
import "./runs.css";

const MOST = 4;
const NOTHING: RunMetrics = { rounds: [], losses: [] };

/** Two or more runs of a project: quality against pairs judged, and what differs in their settings. */
export default function ComparePage({ id }: { id: string }) {
  const project = useProject(id);
  const runs = useQuery({
    queryKey: keys.runs(id),
    queryFn: ({ signal }) => api.get<Run[]>(`/projects/${id}/runs`, signal),
    refetchInterval: 10_000,
  });
  const asked = new URLSearchParams(useLocation().split("?")[1]).get("runs");
  const chosen = asked === null ? (runs.data ?? []).slice(0, 2).map((run) => run.id) : asked.split(",").filter(Boolean);
  const shown = (runs.data ?? []).filter((run) => chosen.includes(run.id)).slice(0, MOST);
  const choose = (next: string[]) => go(`/projects/${id}/compare?runs=${next.join(",")}`, { replace: true });
  return (
    <Page
      title={m.compare.title}
      about={m.compare.about}
      crumbs={[
        { text: m.projects.title, href: "/" },
        { text: project.data?.name ?? m.common.loading, href: `/projects/${id}` },
      ]}
    >
      {runs.isPending && <Loading rows={4} />}
      {runs.error && !runs.data && (
        <Failed error={runs.error} missing={m.project.missing} onRetry={() => void runs.refetch()} />
      )}
      {runs.data && runs.data.length < 2 && <Empty title={m.compare.few} detail={m.compare.fewDetail} />}
      {runs.data && runs.data.length >= 2 && (
        <div className="stack">
          <Chooser runs={runs.data} chosen={shown.map((run) => run.id)} onChoose={choose} />
          {shown.length < 2 ? <Empty title={m.compare.chooseTwo} /> : <Comparison runs={shown} />}
        </div>
      )}
    </Page>
  );
}

interface ChooserProps {
  runs: Run[];
  chosen: string[];
  onChoose: (ids: string[]) => void;
}

function Chooser({ runs, chosen, onChoose }: ChooserProps) {
  const toggle = (id: string) => onChoose(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id]);
  return (
    <fieldset className="compare-chooser">
      <legend className="legend">{m.compare.choose(MOST)}</legend>
      {runs.map((run) => (
        <label key={run.id} className="compare-choice">
          <input
            type="checkbox"
            checked={chosen.includes(run.id)}
            disabled={!chosen.includes(run.id) && chosen.length >= MOST}
            onChange={() => toggle(run.id)}
          />
          {run.name || m.project.unnamedRun}
          <StatePill state={run.state} />
        </label>
      ))}
    </fieldset>
  );
}

function Comparison({ runs }: { runs: Run[] }) {
  const [measure, setMeasure] = useState<Measure>("f1");
  const metrics = useQueries({
    queries: runs.map((run) => ({
      queryKey: keys.metrics(run.id),
      queryFn: ({ signal }: { signal: AbortSignal }) => api.get<RunMetrics>(`/runs/${run.id}/metrics`, signal),
      refetchInterval: isOver(run.state) ? (false as const) : 10_000,
    })),
  });
  const compared = runs.map((run, index) => ({ run, rounds: (metrics[index]?.data ?? NOTHING).rounds }));
  return (
    <>
      <div className="compare-measure">
        <SelectField
          label={m.compare.measure}
          value={measure}
          onChange={(event) => setMeasure(MEASURES.find((one) => one === event.target.value) ?? "f1")}
        >
          {MEASURES.map((one) => (
            <option key={one} value={one}>
              {m.runs.series[one]}
            </option>
          ))}
        </SelectField>
      </div>
      <ChartPanel
        id="compare"
        title={m.compare.chart(m.runs.series[measure])}
        note={m.compare.chartNote}
        figure={againstOf(compared, measure)}
        empty={m.compare.nothing}
      />
      <Outcomes compared={compared} />
      <Differences runs={runs} />
    </>
  );
}

function Outcomes({ compared }: { compared: Compared[] }) {
  const words = m.compare.outcome;
  return (
    <Panel title={words.title} note={words.note}>
      <div className="table-scroll" tabIndex={0} role="region" aria-label={words.title}>
        <table className="table versions" data-testid="compare-outcomes">
          <thead>
            <tr>
              <th>{words.run}</th>
              <th className="figure">{words.rounds}</th>
              <th className="figure">{words.judged}</th>
              <th className="figure">{words.actions}</th>
              <th className="figure">{words.eq7}</th>
              <th className="figure">{words.clusters}</th>
              {MEASURES.map((measure) => (
                <th key={measure} className="figure">
                  {m.runs.series[measure]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {compared.map(({ run, rounds }) => (
              <Outcome key={run.id} run={run} rounds={rounds} />
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function Outcome({ run, rounds }: Compared) {
  const last = rounds.at(-1);
  return (
    <tr>
      <td>
        <Link href={`/runs/${run.id}`}>{run.name || m.project.unnamedRun}</Link>
      </td>
      <td className="figure">{n(rounds.length)}</td>
      <td className="figure">{last ? n(last.answers) : m.common.none}</td>
      <td className="figure">{last ? n(last.actions) : m.common.none}</td>
      <td className="figure">{smallPercent(last?.cost_percent)}</td>
      <td className="figure">{last ? n(last.clusters) : m.common.none}</td>
      {MEASURES.map((measure) => (
        <td key={measure} className="figure">
          {valueOf(last, measure)}
        </td>
      ))}
    </tr>
  );
}

function Differences({ runs }: { runs: Run[] }) {
  const words = m.compare.settings;
  const found = differencesOf(runs);
  return (
    <Panel title={words.title} note={words.note(found.length)}>
      {found.length === 0 ? (
        <p className="quiet">{words.none}</p>
      ) : (
        <div className="table-scroll" tabIndex={0} role="region" aria-label={words.title}>
          <table className="table" data-testid="compare-settings">
            <thead>
              <tr>
                <th>{words.setting}</th>
                {runs.map((run) => (
                  <th key={run.id}>{run.name || m.project.unnamedRun}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {found.map(({ setting, values }) => (
                <tr key={setting}>
                  <td className="mono">{setting}</td>
                  {values.map((value, index) => (
                    <td key={runs[index]?.id}>{value}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
