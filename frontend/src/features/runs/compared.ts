/** Runs side by side: one curve each over the pairs judged, and the settings in which they differ. */
import type { Round, Run } from "../../api/types";
import { percent } from "../../components/format";
import { m } from "../../messages";
import type { Figure } from "./figures";

export const MEASURES = ["f1", "ari", "mAP", "rank1"] as const;
export type Measure = (typeof MEASURES)[number];

export interface Compared {
  run: Run;
  rounds: Round[];
}

const measured = (round: Round, measure: Measure): number | null =>
  measure === "f1" ? (round.pairwise?.["f1"] ?? null) : round[measure];

export const valueOf = (round: Round | undefined, measure: Measure): string =>
  round ? percent(measured(round, measure)) : m.common.none;

/** Quality against pairs judged: x is every number of them that some run had at a round's end. */
export function againstOf(compared: Compared[], measure: Measure): Figure {
  const x = [...new Set(compared.flatMap(({ rounds }) => rounds.map((round) => round.answers)))].sort((a, b) => a - b);
  const series = compared.map(({ run, rounds }) => {
    const at = new Map(rounds.map((round) => [round.answers, measured(round, measure)])); // of equal ones the last round
    return { name: run.name || m.project.unnamedRun, values: x.map((answers) => at.get(answers) ?? null) };
  });
  const known = series.filter((one) => one.values.some((value) => value !== null));
  return { xName: m.compare.judged, x, series: known, format: percent, unit: "share" };
}

export interface Difference {
  setting: string;
  values: string[];
}

/** The settings that are not alike in all runs, in the order of the settings. */
export function differencesOf(runs: Run[]): Difference[] {
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.config)))];
  return names
    .map((setting) => ({ setting, values: runs.map((run) => said(run.config[setting])) }))
    .filter(({ values }) => new Set(values).size > 1);
}

const said = (value: unknown): string => (value === null || value === undefined ? m.common.none : String(value));
