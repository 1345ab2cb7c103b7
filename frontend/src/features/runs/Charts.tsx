import { ChartLine, Table2 } from "lucide-react";
import { lazy, Suspense, useMemo, useState } from "react";
import type { LossPoint, Round } from "../../api/types";
import { Button } from "../../components/Button";
import { Panel } from "../../components/Page";
import { m, n } from "../../messages";
import { answersOf, lossOf, qualityOf, type Figure } from "./figures";

const Chart = lazy(() => import("./Chart"));

interface ChartsProps {
  rounds: Round[];
  losses: LossPoint[];
  /** What quality was measured on: queries of the held-out part, and training images. */
  measured?: { queries: number; images: number } | undefined;
}

export function Charts({ rounds, losses, measured }: ChartsProps) {
  const quality = useMemo(() => qualityOf(rounds), [rounds]);
  const answers = useMemo(() => answersOf(rounds), [rounds]);
  const loss = useMemo(() => lossOf(losses), [losses]);
  const { charts } = m.runs;
  const noTruth = rounds.length > 0 ? charts.noTruth : charts.empty;
  return (
    <div className="charts">
      <ChartPanel id="quality" title={charts.quality} note={measured ? charts.qualityOn(measured.queries, measured.images) : charts.qualityNote} figure={quality} empty={noTruth} wide />
      <ChartPanel id="answers" title={charts.answers} note={charts.answersNote} figure={answers} empty={charts.empty} />
      <ChartPanel id="loss" title={charts.loss} note={charts.lossNote} figure={loss} empty={charts.lossEmpty} />
    </div>
  );
}

interface PanelProps {
  id: string;
  title: string;
  note: string;
  figure: Figure;
  empty: string;
  wide?: boolean;
}

/** One chart; the same figures as a table at the press of a button. */
export function ChartPanel({ id, title, note, figure, empty, wide = false }: PanelProps) {
  const [table, setTable] = useState(false);
  const nothing = figure.series.length === 0 || figure.x.length === 0;
  return (
    <Panel
      title={title}
      note={note}
      className={wide ? "chart-panel chart-wide" : "chart-panel"}
      actions={
        !nothing && (
          <Button
            look="quiet"
            aria-label={`${title}: ${table ? m.common.chart : m.common.table}`}
            icon={table ? <ChartLine size={16} aria-hidden /> : <Table2 size={16} aria-hidden />}
            onClick={() => setTable((now) => !now)}
          >
            {table ? m.common.chart : m.common.table}
          </Button>
        )
      }
    >
      <div className="chart-body" data-testid={`chart-${id}`} data-points={nothing ? 0 : figure.x.length}>
        {nothing && <p className="chart-empty quiet">{empty}</p>}
        {!nothing && table && <FigureTable figure={figure} />}
        {!nothing && !table && (
          <Suspense fallback={<p className="chart-empty quiet">{m.common.loading}</p>}>
            <Chart figure={figure} title={title} />
          </Suspense>
        )}
      </div>
    </Panel>
  );
}

function FigureTable({ figure }: { figure: Figure }) {
  return (
    <div className="table-scroll chart-table" tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            <th>{figure.xName}</th>
            {figure.series.map((series) => (
              <th key={series.name} className="figure">
                {series.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {figure.x.map((x, index) => (
            <tr key={x}>
              <td>{n(x)}</td>
              {figure.series.map((series) => (
                <td key={series.name} className="figure">
                  {figure.format(series.values[index] ?? null)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
