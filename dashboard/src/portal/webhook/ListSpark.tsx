// How a webhook has fared for a day, in a cell of the list.
import type { ReactNode } from "react";
import { useMetrics } from "../../api/metrics";
import { successRate } from "../../charts/series";
import { Spark } from "../../charts/Spark";

export function ListSpark(props: { id: string }): ReactNode {
  const { data } = useMetrics(props.id, "day", "hour");
  if (data === undefined) return <span className="muted">…</span>;
  const rate = successRate(data.totals);
  if (rate === undefined) return <span className="muted">nothing sent</span>;
  return (
    <span className="inline nowrap">
      <Spark
        points={data.data.map((point) => ({ good: point.succeeded, bad: point.failed }))}
        label={`${data.totals.succeeded} attempts succeeded and ${data.totals.failed} failed`}
      />
      <span className="rate">{rate}</span>
    </span>
  );
}
