import { Download } from "lucide-react";
import { address } from "../../api/client";
import { isOver } from "../../api/queries";
import type { Run } from "../../api/types";
import { Panel } from "../../components/Page";
import { m } from "../../messages";

const ALWAYS = ["answers.jsonl", "config.json"];

/** The run's results as files. */
export function Downloads({ run, admin }: { run: Run; admin: boolean }) {
  const names = Object.keys(m.runs.files).filter((name) => run.state === "done" || ALWAYS.includes(name));
  return (
    <Panel title={m.runs.downloads} note={admin ? noteOf(run) : m.runs.downloadsAdmin}>
      {admin && (
        <ul className="downloads" data-testid="downloads">
          <li>
            <a href={address(`/runs/${run.id}/clusters.csv`)} download className="download">
              <Download size={16} aria-hidden />
              <span>{m.runs.clustersNow}</span>
              <span className="quiet small mono">clusters.csv</span>
            </a>
          </li>
          {names.map((name) => (
            <li key={name}>
              <a href={address(`/runs/${run.id}/export/${name}`)} download className="download">
                <Download size={16} aria-hidden />
                <span>{m.runs.files[name]}</span>
                <span className="quiet small mono">{name}</span>
              </a>
            </li>
          ))}
          <li>
            <a href={address(`/runs/${run.id}/snapshot`)} download className="download">
              <Download size={16} aria-hidden />
              <span>{m.runs.snapshot}</span>
              <span className="quiet small mono">snapshot.zip</span>
            </a>
          </li>
        </ul>
      )}
    </Panel>
  );
}

function noteOf(run: Run): string {
  if (run.state === "done") return m.runs.downloadsNote;
  return isOver(run.state) ? m.runs.downloadsEnded : m.runs.downloadsLater;
}
