// Who changed what, when, and from where.
import { type ReactNode } from "react";
import { type AuditFilter, useAuditLog } from "../../api/audit";
import type { AuditEntry } from "../../api/types";
import { SelectField } from "../../ui/Choice";
import { Cut } from "../../ui/Cut";
import { Empty, Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Pager } from "../../ui/Pager";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { MomentField, TypedField } from "../../ui/FilterFields";
import { useFilter } from "../../ui/useFilter";
import { ACTIONS } from "./actions";
import { Changes } from "./Changes";

const NAMES = ["account_id", "object", "action", "since", "until", "cursor"] as const;
const WORDS = { first: "Newest", before: "Newer", next: "Older" };

const COLUMNS: readonly Column<AuditEntry>[] = [
  { header: "When", cell: (entry) => <Time at={entry.at} /> },
  { header: "Action", grow: true, cell: (entry) => <Action entry={entry} /> },
  { header: "Who", cell: (entry) => <Who entry={entry} /> },
  { header: "Change", grow: true, cell: (entry) => <Changes entry={entry} /> },
];

export default function AuditLog(): ReactNode {
  const [{ cursor, ...filter }, change] = useFilter(NAMES);
  const query = useAuditLog(filter, cursor);
  return (
    <Page title="Audit log">
      <Filters filter={filter} onChange={(changed) => change({ ...changed, cursor: undefined })} />
      <Loaded query={query} lines={10}>
        {(page) => (
          <>
            {page.data.length === 0 ? (
              <Empty title="No change matches." />
            ) : (
              <Table label="Changes" columns={COLUMNS} rows={page.data} rowKey={keyOf} />
            )}
            <Pager
              cursor={cursor}
              next={page.next_cursor}
              words={WORDS}
              onChange={(to) => change({ cursor: to })}
            />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Filters(props: {
  filter: AuditFilter;
  onChange: (change: AuditFilter) => void;
}): ReactNode {
  const { filter, onChange } = props;
  return (
    <div className="filters" role="search" aria-label="Filter changes">
      <SelectField
        label="Action"
        value={filter.action ?? ""}
        options={ACTIONS}
        onChange={(action) => onChange({ action })}
      />
      <TypedField
        label="Account"
        value={filter.account_id ?? ""}
        onChange={(id) => onChange({ account_id: id })}
      />
      <TypedField
        label="Object"
        value={filter.object ?? ""}
        onChange={(object) => onChange({ object })}
      />
      <MomentField label="From" value={filter.since} onChange={(since) => onChange({ since })} />
      <MomentField label="Until" value={filter.until} onChange={(until) => onChange({ until })} />
    </div>
  );
}

function Who(props: { entry: AuditEntry }): ReactNode {
  const { actor, source } = props.entry;
  return (
    <div>
      {actor.role}
      {actor.key_id ? <Cut text={actor.key_id} hint code /> : null}
      {source ? <div className="hint">from {source}</div> : null}
    </div>
  );
}

/** What was done, and to what. */
function Action(props: { entry: AuditEntry }): ReactNode {
  const { action, object, account_id: account } = props.entry;
  return (
    <>
      <strong className="code">{action}</strong>
      <Cut text={object} hint code />
      {account && account !== object ? <div className="hint">of {account}</div> : null}
    </>
  );
}

function keyOf(entry: AuditEntry): string {
  return `${entry.at} ${entry.action} ${entry.object}`;
}
