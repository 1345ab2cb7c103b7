import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { n } from "../../messages";
import { useShownTheme } from "../../components/theme";
import type { Figure } from "./figures";

const HEIGHT = 232;
const DASHES = [[], [6, 4], [2, 3], [10, 3, 2, 3]]; // told apart without colour

/** One uPlot chart that follows its box, the theme and the data. */
export default function Chart({ figure, title }: { figure: Figure; title: string }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const theme = useShownTheme();
  const [at, setAt] = useState<number | null>(null);
  const names = figure.series.map((series) => series.name).join("|");
  const latest = useRef(figure);
  useEffect(() => {
    latest.current = figure;
  });

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const made = new uPlot(optionsOf(latest.current, element.clientWidth, setAt), dataOf(latest.current), element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [names, theme]);
  useEffect(() => plot.current?.setData(dataOf(figure)), [figure]);

  const shown = at ?? figure.x.length - 1;
  return (
    <>
      <div ref={box} className="chart" role="img" aria-label={title} />
      <ul className="chart-legend">
        <li className="quiet">
          {figure.xName} {n(figure.x[shown] ?? 0)}
        </li>
        {figure.series.map((series, index) => (
          <li key={series.name}>
            <svg className={`swatch swatch-${index + 1}`} width="20" height="4" aria-hidden>
              <line x1="0" y1="2" x2="20" y2="2" strokeWidth="2.5" strokeDasharray={DASHES[index]?.join(" ")} />
            </svg>
            {series.name} <strong>{figure.format(series.values[shown] ?? null)}</strong>
          </li>
        ))}
      </ul>
    </>
  );
}

function dataOf(figure: Figure): uPlot.AlignedData {
  return [figure.x, ...figure.series.map((series) => series.values)];
}

function optionsOf(figure: Figure, width: number, onCursor: (index: number | null) => void): uPlot.Options {
  const css = getComputedStyle(document.documentElement);
  const colour = (name: string) => css.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: colour("--text-3"),
    font: `12px ${css.getPropertyValue("--font")}`,
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  const few = figure.x.length < 40;
  return {
    width,
    height: HEIGHT,
    padding: [8, 20, 0, 0], // half of the last label of the x axis
    legend: { show: false },
    cursor: { y: false, points: { size: 8 }, drag: { x: false, y: false } },
    hooks: { setCursor: [(self) => onCursor(self.cursor.idx ?? null)] },
    scales: { x: { time: false }, y: { range: rangeOf(figure.unit) } },
    axes: [
      { ...axis, grid: { show: false }, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000], size: 28 },
      { ...axis, size: 52, values: (_, values) => values.map((value) => labelOf(figure.unit, value)) },
    ],
    series: [
      {},
      ...figure.series.map((series, index) => ({
        label: series.name,
        stroke: colour(`--plot-${index + 1}`),
        width: 2,
        dash: DASHES[index],
        spanGaps: true,
        points: { show: few, size: 5, fill: colour(`--plot-${index + 1}`) },
      })),
    ],
  };
}

function rangeOf(unit: Figure["unit"]): uPlot.Scale.Range {
  if (unit === "share") return [0, 1];
  return (_, low, high) => {
    if (unit === "count") return [0, Math.max(1, high * 1.05)];
    const room = Math.max(1e-6, 0.08 * (high - low));
    return [Math.max(0, low - room), high + room];
  };
}

function labelOf(unit: Figure["unit"], value: number): string {
  if (unit === "share") return `${Math.round(100 * value)} %`;
  return unit === "count" ? n(value) : String(Number(value.toPrecision(3)));
}
