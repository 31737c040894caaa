// The operator's own keys.
import type { ReactNode } from "react";
import { Page } from "../../ui/Page";
import { Keys } from "./Keys";

const ROLES = [
  { value: "publisher", label: "publisher: may publish events, and nothing else" },
  { value: "operator", label: "operator: may do everything" },
];

export default function OperatorKeys(): ReactNode {
  return (
    <Page title="Keys">
      <Keys owner={undefined} roles={ROLES} title="The operator's keys" />
    </Page>
  );
}
