// All webhooks of the account: which of them need care is to be seen at once.
import { type ReactNode, useState } from "react";
import { useActing } from "../api/context";
import type { Webhook } from "../api/types";
import { useWebhooks } from "../api/webhooks";
import { StatusBadge } from "../ui/Badge";
import { ButtonLink } from "../ui/Button";
import { Cut, RowLink } from "../ui/Cut";
import { Empty, Loaded } from "../ui/Loaded";
import { Page } from "../ui/Page";
import { Pager } from "../ui/Pager";
import { Segments } from "../ui/Segments";
import { type Column, Table } from "../ui/Table";
import { MaybeTime } from "../ui/Time";
import { ListSpark } from "./webhook/ListSpark";

const PAGE = 25;

const FILTERS = [
  { value: "all", label: "All" },
  { value: "active", label: "Active" },
  { value: "inactive", label: "Paused" },
  { value: "disabled", label: "Disabled" },
] as const;

type Filter = (typeof FILTERS)[number]["value"];

const COLUMNS: readonly Column<Webhook>[] = [
  {
    header: "Webhook",
    grow: true,
    cell: (webhook) => (
      <>
        <RowLink to={`/webhooks/${webhook.id}`} text={webhook.url} />
        {webhook.description ? <Cut text={webhook.description} hint /> : null}
      </>
    ),
  },
  { header: "Status", cell: (webhook) => <Status webhook={webhook} /> },
  { header: "Last 24 hours", cell: (webhook) => <ListSpark id={webhook.id} /> },
  {
    header: "Last failure",
    cell: (webhook) => <MaybeTime at={webhook.last_failure_at} none="none" ago />,
  },
];

export function WebhookList(): ReactNode {
  const { canWrite } = useActing();
  const [filter, setFilter] = useState<Filter>("all");
  const [cursor, setCursor] = useState<string>();
  const query = useWebhooks({
    limit: PAGE,
    cursor,
    status: filter === "all" ? undefined : filter,
  });
  return (
    <Page
      title="Webhooks"
      actions={
        canWrite ? (
          <ButtonLink to="/webhooks/new" look="primary">
            Create webhook
          </ButtonLink>
        ) : null
      }
    >
      <div className="bar">
        <Segments
          label="Which webhooks"
          value={filter}
          options={FILTERS}
          onChange={(chosen) => {
            setFilter(chosen);
            setCursor(undefined);
          }}
        />
      </div>
      <Loaded query={query} lines={6}>
        {(page) =>
          page.data.length === 0 ? (
            <None filter={filter} canWrite={canWrite} />
          ) : (
            <>
              <Table label="Webhooks" columns={COLUMNS} rows={page.data} rowKey={(row) => row.id} />
              <Pager cursor={cursor} next={page.next_cursor} onChange={setCursor} />
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

function Status(props: { webhook: Webhook }): ReactNode {
  const { webhook } = props;
  return (
    <span className="inline">
      <StatusBadge status={webhook.status} />
      {webhook.status === "active" && webhook.consecutive_failures > 0 ? (
        <span className="text-bad">
          {webhook.consecutive_failures === 1
            ? "last attempt failed"
            : `${webhook.consecutive_failures} failures in a row`}
        </span>
      ) : null}
    </span>
  );
}

function None(props: { filter: Filter; canWrite: boolean }): ReactNode {
  if (props.filter !== "all") {
    return <Empty title="No webhook has this status." />;
  }
  return (
    <Empty title="There are no webhooks yet.">
      <p>
        A webhook is a URL of yours. When something happens, it is sent there, signed, and sent
        again if your server does not take it.
      </p>
      {props.canWrite ? (
        <ButtonLink to="/webhooks/new" look="primary">
          Create the first one
        </ButtonLink>
      ) : null}
    </Empty>
  );
}
