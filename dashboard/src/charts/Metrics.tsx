// The numbers of one webhook over time: success, latency, volume.
import { type ReactNode, useMemo, useState } from "react";
import { type Range, useMetrics } from "../api/metrics";
import type { Metrics as Told } from "../api/types";
import { Loaded } from "../ui/Loaded";
import { Card } from "../ui/Page";
import { Segments } from "../ui/Segments";
import { Tiles } from "../ui/Tiles";
import { span } from "../ui/time";
import { Chart } from "./Chart";
import { count, latency, rateTone, successRate, volume } from "./series";

const RANGES: readonly { value: Range; label: string }[] = [
  { value: "hour", label: "Hour" },
  { value: "day", label: "24 hours" },
  { value: "week", label: "7 days" },
  { value: "month", label: "30 days" },
];

const STEPS = { hour: "minute", day: "hour", week: "hour", month: "day" } as const;

export default function Metrics(props: { webhookId: string }): ReactNode {
  const [range, setRange] = useState<Range>("day");
  const query = useMetrics(props.webhookId, range, STEPS[range]);
  return (
    <>
      <Segments label="Time shown" value={range} onChange={setRange} options={RANGES} />
      <Loaded query={query} lines={8}>
        {(metrics) => <Shown metrics={metrics} />}
      </Loaded>
    </>
  );
}

function Shown(props: { metrics: Told }): ReactNode {
  const { totals, data, step } = props.metrics;
  const attempts = useMemo(() => volume(data, `by ${step}`), [data, step]);
  const times = useMemo(() => latency(data, `by ${step}`), [data, step]);
  const time = (value: number | null | undefined): string => (value == null ? "–" : span(value));
  return (
    <>
      <Tiles
        tiles={[
          {
            label: "Success rate",
            value: successRate(totals) ?? "–",
            tone: rateTone(totals),
            note: `${count(totals.failed)} of ${count(totals.attempts)} attempts failed`,
          },
          {
            label: "Events",
            value: count(totals.events),
            note: `${count(totals.delivered)} delivered, ${count(totals.exhausted)} given up`,
          },
          { label: "Half answered within", value: time(totals.p50_ms), note: "p50" },
          { label: "95 % answered within", value: time(totals.p95_ms), note: "p95" },
          { label: "99 % answered within", value: time(totals.p99_ms), note: "p99" },
        ]}
      />
      <div className="charts">
        <Card title="Attempts">
          <Chart series={attempts} />
        </Card>
        <Card title="Time to answer">
          <Chart series={times} />
        </Card>
      </div>
    </>
  );
}
