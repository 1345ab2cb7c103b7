/** From the API's rounds and losses to columns that a chart or a table can show. */
import type { LossPoint, Round } from "../../api/types";
import { decimal, percent } from "../../components/format";
import { m, n } from "../../messages";

export interface Series {
  name: string;
  values: (number | null)[];
}

export interface Figure {
  xName: string;
  x: number[];
  series: Series[]; // those without any value are left out
  format: (value: number | null) => string;
  unit: "share" | "count" | "plain";
}

const known = (series: Series[]) => series.filter((one) => one.values.some((value) => value !== null));

export function qualityOf(rounds: Round[]): Figure {
  return {
    xName: m.runs.charts.round,
    x: rounds.map((round) => round.round + 1),
    series: known([
      { name: m.runs.series.mAP, values: rounds.map((round) => round.mAP) },
      { name: m.runs.series.rank1, values: rounds.map((round) => round.rank1) },
      { name: m.runs.series.f1, values: rounds.map((round) => round.pairwise?.["f1"] ?? null) },
      { name: m.runs.series.ari, values: rounds.map((round) => round.ari) },
    ]),
    format: percent,
    unit: "share",
  };
}

export function answersOf(rounds: Round[]): Figure {
  return {
    xName: m.runs.charts.round,
    x: rounds.map((round) => round.round + 1),
    series: known([{ name: m.runs.series.judged, values: rounds.map((round) => round.answers) }]),
    format: (value) => (value === null ? m.common.none : n(value)),
    unit: "count",
  };
}

export function lossOf(losses: LossPoint[]): Figure {
  return {
    xName: m.runs.charts.step,
    x: losses.map((point) => point.step),
    series: known([{ name: m.runs.series.loss, values: losses.map((point) => point.loss) }]),
    format: (value) => decimal(value),
    unit: "plain",
  };
}
