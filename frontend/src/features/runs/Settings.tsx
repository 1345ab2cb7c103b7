import type { Run } from "../../api/types";
import { moment } from "../../components/format";
import { Panel } from "../../components/Page";
import { m, n } from "../../messages";

const FIRST = ["base", "policy", "annotator", "epochs", "query_from", "budget_per_round", "backbone", "seed"];

const said = (value: unknown): string => (value === null || value === undefined ? m.common.none : String(value));

/** The settings the run was started with: the chief ones, and all of them on demand. */
export function Settings({ run }: { run: Run }) {
  const { config, changes } = run;
  const first = FIRST.filter((key) => key in config);
  const rest = Object.keys(config).filter((key) => !FIRST.includes(key));
  return (
    <Panel title={m.runs.config}>
      <List names={first} config={config} />
      <p className="small" data-testid="run-votes">
        {m.runs.votes}: {n(run.votes)}
        {run.votes > 1 && <> · {m.project.votes.kinds[run.second_votes]}</>}{" "}
        <span className="quiet">({run.own_votes ? m.runs.ofRun : m.runs.ofProject})</span>
      </p>
      <details className="settings">
        <summary>{m.runs.configAll}</summary>
        <List names={rest} config={config} />
      </details>
      {changes.length > 0 && (
        <ul className="small setting-changes" data-testid="setting-changes" aria-label={m.runs.changes}>
          {changes.map((change) => (
            <li key={`${change.at} ${change.setting}`}>
              {m.runs.changed(change.setting, said(change.before), said(change.after))}
              <span className="quiet">
                {" "}
                {change.person} · {moment(change.at)} · {m.clusters.inRound(change.round + 1)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function List({ names, config }: { names: string[]; config: Record<string, unknown> }) {
  return (
    <dl className="config-list">
      {names.map((name) => (
        <div key={name}>
          <dt className="mono">{name}</dt>
          <dd>{said(config[name])}</dd>
        </div>
      ))}
    </dl>
  );
}
