// What was counted, as the charts draw it, and in words.
import type { Counts, Point } from "../api/types";
import { span } from "../ui/time";
import type { Series } from "./Chart";

const COUNT = new Intl.NumberFormat("en-GB", { notation: "compact", maximumFractionDigits: 1 });
const EXACT = new Intl.NumberFormat("en-GB");

export function count(value: number): string {
  return value < 10_000 ? EXACT.format(value) : COUNT.format(value);
}

export function volume(points: readonly Point[], of: string): Series {
  return {
    label: `Attempts over time, ${of}`,
    kind: "bars",
    times: timesOf(points),
    lines: [
      { label: "Succeeded", color: "--good", values: points.map((point) => point.succeeded) },
      { label: "Failed", color: "--bad", values: points.map((point) => point.failed) },
    ],
    format: count,
  };
}

export function latency(points: readonly Point[], of: string): Series {
  const values = (of: (point: Point) => number | null | undefined): (number | null)[] =>
    points.map((point) => of(point) ?? null);
  return {
    label: `How long answers took over time, ${of}`,
    kind: "lines",
    times: timesOf(points),
    lines: [
      { label: "Half (p50)", color: "--good", values: values((point) => point.p50_ms) },
      { label: "95 % (p95)", color: "--info", values: values((point) => point.p95_ms) },
      { label: "99 % (p99)", color: "--warn", values: values((point) => point.p99_ms) },
    ],
    format: span,
  };
}

/** "99.2 %"; never 100 when something failed. Undefined when nothing was attempted. */
export function successRate(counts: Counts): string | undefined {
  if (counts.attempts === 0) return undefined;
  const percent = (counts.succeeded / counts.attempts) * 100;
  const shown = Math.floor(percent * 10) / 10;
  return `${shown} %`;
}

export function rateTone(counts: Counts): "good" | "warn" | "bad" | undefined {
  if (counts.attempts === 0) return undefined;
  const rate = counts.succeeded / counts.attempts;
  if (rate >= 0.99) return "good";
  return rate >= 0.9 ? "warn" : "bad";
}

function timesOf(points: readonly Point[]): number[] {
  return points.map((point) => new Date(point.at).getTime() / 1000);
}
