import { moment, percent, decimal } from "../../components/format";
import type { Round } from "../../api/types";
import { Panel } from "../../components/Page";
import { m, n } from "../../messages";

/** One row a round: the model that came out of it and what it came to. The newest is the one in use. */
export function Versions({ rounds }: { rounds: Round[] }) {
  const words = m.runs.versions;
  if (rounds.length === 0) return null;
  return (
    <Panel title={words.title} note={words.note}>
      <div className="table-scroll" tabIndex={0} role="region" aria-label={words.title}>
        <table className="table versions" data-testid="versions">
          <thead>
            <tr>
              <th>{words.version}</th>
              <th>{words.ended}</th>
              <th className="figure">{words.judged}</th>
              <th className="figure">{words.clusters}</th>
              <th className="figure">{m.runs.series.loss}</th>
              <th className="figure">{m.runs.series.f1}</th>
              <th className="figure">{m.runs.series.mAP}</th>
              <th>{words.hash}</th>
            </tr>
          </thead>
          <tbody>
            {[...rounds].reverse().map((round, index) => (
              <tr key={round.round}>
                <td>
                  {n(round.round + 1)} {index === 0 && <span className="badge">{words.newest}</span>}
                </td>
                <td>{round.at ? moment(round.at) : m.common.none}</td>
                <td className="figure">{n(round.answers)}</td>
                <td className="figure">{n(round.clusters)}</td>
                <td className="figure">{decimal(round.loss)}</td>
                <td className="figure">{percent(round.pairwise?.["f1"])}</td>
                <td className="figure">{percent(round.mAP)}</td>
                <td className="mono quiet">{round.cluster_hash.slice(0, 10)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
