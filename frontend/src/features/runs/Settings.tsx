import { Panel } from "../../components/Page";
import { m } from "../../messages";

const FIRST = ["base", "policy", "annotator", "epochs", "query_from", "budget_per_round", "backbone", "seed"];

const said = (value: unknown): string => (value === null || value === undefined ? m.common.none : String(value));

/** The settings the run was started with: the chief ones, and all of them on demand. */
export function Settings({ config }: { config: Record<string, unknown> }) {
  const first = FIRST.filter((key) => key in config);
  const rest = Object.keys(config).filter((key) => !FIRST.includes(key));
  return (
    <Panel title={m.runs.config}>
      <List names={first} config={config} />
      <details className="settings">
        <summary>{m.runs.configAll}</summary>
        <List names={rest} config={config} />
      </details>
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
