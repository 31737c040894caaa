// A series over time, drawn by uPlot on a canvas, with a table of the same for whoever cannot
// see it. Colours are the page's own, and drawn anew when the scheme changes.
import { type ReactNode, useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { local } from "../ui/time";
import { optionsOf } from "./options";
import { useScheme } from "./scheme";

export interface Line {
  label: string;
  values: readonly (number | null)[];
  /** A custom property of styles/tokens.css. */
  color: `--${string}`;
}

export interface Series {
  /** What it shows, in one sentence. */
  label: string;
  kind: "bars" | "lines";
  /** Unix seconds, ascending. */
  times: readonly number[];
  /** Bars stand one upon the other, the first one lowest. */
  lines: readonly Line[];
  format: (value: number) => string;
}

const HEIGHT = 200;

export function Chart(props: { series: Series }): ReactNode {
  const { series } = props;
  const frame = useRef<HTMLDivElement>(null);
  const scheme = useScheme();
  const [hovered, setHovered] = useState<number | null>(null);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const size = { width: element.clientWidth, height: HEIGHT };
    const plot = new uPlot(optionsOf(series, size, setHovered), dataOf(series), element);
    const observer = new ResizeObserver(() => {
      plot.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [series, scheme]);
  return (
    <figure className="chart">
      <figcaption className="chart-head">
        <Legend series={series} at={hovered} />
      </figcaption>
      <div ref={frame} className="chart-frame" role="img" aria-label={series.label} />
      <details>
        <summary>Show as a table</summary>
        <DataTable series={series} />
      </details>
    </figure>
  );
}

/** Names and colours; under the pointer also time and values. */
function Legend(props: { series: Series; at: number | null }): ReactNode {
  const { series, at } = props;
  const time = at === null ? undefined : series.times[at];
  return (
    <>
      {series.lines.map((line) => {
        const value = at === null ? undefined : line.values[at];
        return (
          <span key={line.label} className="chart-key" data-color={line.color.slice(2)}>
            {line.label}
            {value == null ? null : <strong>{series.format(value)}</strong>}
          </span>
        );
      })}
      {time === undefined ? null : <span className="muted">{local(time * 1000)}</span>}
    </>
  );
}

function DataTable(props: { series: Series }): ReactNode {
  const { series } = props;
  const used = series.times
    .map((time, at) => ({ time, at }))
    .filter(({ at }) => series.lines.some((line) => line.values[at]));
  if (used.length === 0) return <p className="hint">Nothing in this time.</p>;
  return (
    <div className="chart-table" tabIndex={0} role="region" aria-label={`${series.label}: table`}>
      <table>
        <thead>
          <tr>
            <th scope="col">From</th>
            {series.lines.map((line) => (
              <th key={line.label} scope="col">
                {line.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {used.map(({ time, at }) => (
            <tr key={time}>
              <th scope="row">{local(time * 1000)}</th>
              {series.lines.map((line) => {
                const value = line.values[at];
                return <td key={line.label}>{value == null ? "–" : series.format(value)}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What uPlot draws: for bars the sums from below, the highest one first so that it is behind. */
function dataOf(series: Series): uPlot.AlignedData {
  const times = [...series.times];
  const own = series.lines.map((line) => [...line.values]);
  if (series.kind === "lines") return [times, ...own];
  const sums = own.map((_, upTo) =>
    times.map((_, at) => own.slice(0, upTo + 1).reduce((sum, line) => sum + (line[at] ?? 0), 0)),
  );
  return [times, ...sums.toReversed()];
}
