// How uPlot draws a series: axes, grid, bars or lines, in the colours of the page.
import uPlot from "uplot";
import type { Series } from "./Chart";
import { colorOf } from "./scheme";

const FONT = "12px system-ui, sans-serif";

export function optionsOf(
  series: Series,
  size: { width: number; height: number },
  onHover: (at: number | null) => void,
): uPlot.Options {
  const axis = { stroke: colorOf("--muted"), font: FONT };
  const grid = { stroke: colorOf("--line"), width: 1 };
  const [from, until] = edges(series.times);
  const lines = series.kind === "bars" ? series.lines.toReversed() : series.lines;
  return {
    ...size,
    padding: [10, 6, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: series.kind === "lines" } },
    // A week's days are named, as Intl has them for the viewer's zone.
    scales: {
      x: { time: true, range: [from, until] },
      y: { range: (_, __, most) => [0, most > 0 ? most * 1.1 : 1] },
    },
    axes: [
      { ...axis, grid: { show: false }, ticks: { ...grid, size: 4 }, size: 30, values: timeTicks },
      {
        ...axis,
        grid,
        ticks: { show: false },
        size: widthOf,
        values: (_, ticks) => ticks.map((tick) => series.format(tick)),
        incrs: series.kind === "bars" ? WHOLE : undefined,
      },
    ],
    series: [
      {},
      ...lines.map((line) =>
        series.kind === "bars" ? bar(colorOf(line.color)) : stroke(colorOf(line.color)),
      ),
    ],
    hooks: {
      setCursor: [(plot) => onHover(plot.cursor.idx ?? null)],
    },
  };
}

/** Half a step beyond the first and the last, so that their bars are whole. */
function edges(times: readonly number[]): [number, number] {
  const [first = 0, second = first + 3600] = times;
  const half = (second - first) / 2;
  return [first - half, (times.at(-1) ?? first) + half];
}

/** Room for the longest of an axis' texts, in CSS pixels. */
function widthOf(plot: uPlot, texts: string[] | null): number {
  plot.ctx.save();
  plot.ctx.font = FONT;
  const widths = (texts ?? []).map((text) => plot.ctx.measureText(text).width);
  plot.ctx.restore();
  return Math.ceil(Math.max(0, ...widths)) + 14;
}

/** Steps of an axis that counts things. */
const WHOLE = [1, 2, 5, 10].flatMap((step) =>
  [0, 1, 2, 3, 4, 5, 6].map((power) => step * 10 ** power),
);
WHOLE.sort((a, b) => a - b);

function bar(color: string): uPlot.Series {
  const paths = uPlot.paths.bars?.({ size: [0.7, 40], radius: 0.1 });
  return { stroke: color, fill: color, width: 0, paths, points: { show: false } };
}

function stroke(color: string): uPlot.Series {
  return { stroke: color, width: 2, spanGaps: true, points: { size: 4, fill: color } };
}

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const MINUTE = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

/** Midnights as days, other times as hours. */
function timeTicks(_: uPlot, ticks: number[]): string[] {
  return ticks.map((tick) => {
    const time = new Date(tick * 1000);
    const midnight = time.getHours() === 0 && time.getMinutes() === 0;
    return (midnight ? DAY : MINUTE).format(time);
  });
}
