// How everything fares: the service, its traffic, and the webhooks that fail most.
import { type ReactNode, useMemo } from "react";
import { useOverview } from "../../api/metrics";
import type { Overview as Told } from "../../api/types";
import { Chart } from "../../charts/Chart";
import { count, latency, rateTone, successRate, volume } from "../../charts/series";
import { StatusBadge } from "../../ui/Badge";
import { Cut, RowLink } from "../../ui/Cut";
import { Empty, Loaded } from "../../ui/Loaded";
import { Card, Page } from "../../ui/Page";
import { type Column, Table } from "../../ui/Table";
import { Tiles } from "../../ui/Tiles";
import { span } from "../../ui/time";
import { Nodes } from "./Nodes";

type Worst = Told["worst"][number];

export default function Overview(): ReactNode {
  const query = useOverview();
  return (
    <Page title="Overview">
      <Loaded query={query} lines={10}>
        {(overview) => <Shown overview={overview} />}
      </Loaded>
    </Page>
  );
}

function Shown(props: { overview: Told }): ReactNode {
  const { overview } = props;
  const attempts = useMemo(() => volume(overview.data, "of all webhooks"), [overview.data]);
  const times = useMemo(() => latency(overview.data, "of all webhooks"), [overview.data]);
  return (
    <>
      <Numbers overview={overview} />
      <div className="charts">
        <Card title="Attempts, last 24 hours">
          <Chart series={attempts} />
        </Card>
        <Card title="Time to answer, last 24 hours">
          <Chart series={times} />
        </Card>
      </div>
      <Card title="Failing most, last hour">
        {overview.worst.length === 0 ? (
          <Empty title="No webhook has failed in the last hour." />
        ) : (
          <Table
            label="Webhooks that fail most"
            columns={COLUMNS}
            rows={overview.worst}
            rowKey={(row) => row.webhook_id}
          />
        )}
      </Card>
      <Nodes nodes={overview.nodes} />
    </>
  );
}

function Numbers(props: { overview: Told }): ReactNode {
  const { last_hour: hour, waiting, webhooks, accounts } = props.overview;
  return (
    <Tiles
      tiles={[
        {
          label: "Success rate",
          value: successRate(hour) ?? "–",
          tone: rateTone(hour),
          note: `${count(hour.failed)} of ${count(hour.attempts)} failed in the last hour`,
        },
        {
          label: "Events",
          value: count(hour.events),
          note: `in the last hour, ${count(hour.delivered)} delivered`,
        },
        {
          label: "Answer within",
          value: hour.p95_ms == null ? "–" : span(hour.p95_ms),
          note: "95 % of the last hour (p95)",
        },
        {
          label: "Waiting",
          value: count(waiting.pending + waiting.retrying),
          note: `${count(waiting.retrying)} to be retried, ${count(waiting.held)} held besides`,
        },
        {
          label: "Webhooks",
          value: count(webhooks.active + webhooks.inactive + webhooks.disabled),
          note: `${count(webhooks.disabled)} disabled, ${count(webhooks.inactive)} paused`,
        },
        { label: "Accounts", value: count(accounts), note: "customers" },
      ]}
    />
  );
}

const COLUMNS: readonly Column<Worst>[] = [
  {
    header: "Webhook",
    grow: true,
    cell: (worst) => (
      <>
        <RowLink
          to={`/accounts/${worst.account_id}/webhooks/${worst.webhook_id}`}
          text={worst.url}
        />
        <Cut text={worst.account_id} hint />
      </>
    ),
  },
  { header: "Status", cell: (worst) => <StatusBadge status={worst.status} /> },
  {
    header: "Failed",
    align: "end",
    cell: (worst) => `${count(worst.failed)} of ${count(worst.attempts)}`,
  },
  {
    header: "Last error",
    grow: true,
    cell: (worst) => <Cut text={worst.last_error ?? "–"} two />,
  },
];
