import type { Round, Run } from "../../api/types";
import { m, n } from "../../messages";

interface Tile {
  name: string;
  value: string;
  note: string;
  id: string;
}

const perAnswer = (ratio: number): string => (ratio < 100 ? ratio.toFixed(1) : n(Math.round(ratio)));

/** The run in numbers. */
export function Tiles({ run, rounds }: { run: Run; rounds: Round[] }) {
  return (
    <dl className="run-tiles">
      {tilesOf(run, rounds).map((tile) => (
        <div key={tile.name} className="run-tile">
          <dt>{tile.name}</dt>
          <dd data-testid={`tile-${tile.id}`}>{tile.value}</dd>
          <dd className="run-tile-note quiet small">{tile.note}</dd>
        </div>
      ))}
    </dl>
  );
}

function tilesOf(run: Run, rounds: Round[]): Tile[] {
  const { tiles, notes } = m.runs;
  const last = rounds.at(-1);
  const dash = m.common.none;
  const ratio = run.answered > 0 ? perAnswer(run.inferred / run.answered) : null;
  return [
    { id: "round", name: tiles.round, value: n(Math.min(run.round + 1, run.rounds)), note: notes.round(run.rounds) },
    { id: "asked", name: tiles.asked, value: n(run.asked), note: notes.open(run.open, run.leased) },
    { id: "answered", name: tiles.answered, value: n(run.answered), note: notes.answered },
    {
      id: "inferred",
      name: tiles.inferred,
      value: n(run.inferred),
      note: ratio ? notes.perAnswer(ratio) : notes.noInference,
    },
    ...(run.config["imported_links"] === true
      ? [{ id: "known", name: tiles.known, value: n(run.known), note: notes.known }]
      : []),
    { id: "conflicts", name: tiles.conflicts, value: n(run.conflicts), note: notes.conflicts },
    { id: "clusters", name: tiles.clusters, value: last ? n(last.clusters) : dash, note: notes.clusters },
    { id: "outliers", name: tiles.outliers, value: last ? n(last.outliers) : dash, note: notes.outliers },
  ];
}
