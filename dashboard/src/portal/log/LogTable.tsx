// The rows of the event log.
import type { ReactNode } from "react";
import type { LogEntry } from "../../api/types";
import { StatusBadge } from "../../ui/Badge";
import { Countdown } from "../../ui/Countdown";
import { Cut, RowLink } from "../../ui/Cut";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";

export function LogTable(props: {
  webhookId: string;
  entries: readonly LogEntry[];
  label?: string;
  isNew?: (entry: LogEntry) => boolean;
}): ReactNode {
  return (
    <Table
      label={props.label ?? "Events"}
      columns={columns(props.webhookId)}
      rows={props.entries}
      rowKey={(entry) => entry.event_id}
      isNew={props.isNew}
    />
  );
}

function columns(webhookId: string): Column<LogEntry>[] {
  return [
    { header: "Status", cell: (entry) => <StatusBadge status={entry.status} /> },
    {
      header: "Event",
      grow: true,
      cell: (entry) => (
        <>
          <RowLink to={`/webhooks/${webhookId}/events/${entry.event_id}`} text={entry.type} code />
          <Cut text={entry.event_id} hint code />
        </>
      ),
    },
    { header: "Outcome", grow: true, cell: (entry) => <Outcome entry={entry} /> },
    { header: "Attempts", align: "end", cell: (entry) => entry.attempt_count },
    { header: "Published", cell: (entry) => <Time at={entry.created_at} /> },
  ];
}

function Outcome(props: { entry: LogEntry }): ReactNode {
  const { entry } = props;
  const next =
    entry.status === "retrying" && entry.next_attempt_at ? (
      <div className="hint">
        tried again <Countdown to={entry.next_attempt_at} over="now" />
      </div>
    ) : null;
  if (entry.last_error) {
    return (
      <>
        <Cut text={entry.last_error} two />
        {next}
      </>
    );
  }
  if (entry.last_status_code != null) return <span>answered {entry.last_status_code}</span>;
  return next ?? <span className="muted">not attempted yet</span>;
}
