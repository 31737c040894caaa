// The servers that share the database.
import type { ReactNode } from "react";
import type { Overview } from "../../api/types";
import { Badge } from "../../ui/Badge";
import { Card } from "../../ui/Page";
import { type Column, Table } from "../../ui/Table";
import { MaybeTime } from "../../ui/Time";

type Node = Overview["nodes"][number];

const COLUMNS: readonly Column<Node>[] = [
  { header: "Server", grow: true, cell: (node) => <code className="break">{node.name}</code> },
  {
    header: "State",
    cell: (node) =>
      node.running ? <Badge tone="good">running</Badge> : <Badge tone="none">not there</Badge>,
  },
  { header: "Lease until", cell: (node) => <MaybeTime at={node.lease_until} none="none" /> },
];

export function Nodes(props: { nodes: readonly Node[] }): ReactNode {
  return (
    <Card title="Servers">
      <Table label="Servers" columns={COLUMNS} rows={props.nodes} rowKey={(node) => node.name} />
    </Card>
  );
}
