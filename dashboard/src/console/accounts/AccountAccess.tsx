// How the people and programs of an account get in: portal links and keys. And its end.
import type { ReactNode } from "react";
import { useAccount } from "../../api/accounts";
import { Page } from "../../ui/Page";
import { Keys } from "../keys/Keys";
import { DeleteAccount } from "./DeleteAccount";
import { PortalLinks } from "./PortalLinks";

const ROLES = [
  { value: "account", label: "account: may read and change everything of the account" },
  { value: "account_read_only", label: "account_read_only: may read" },
];

export default function AccountAccess(props: { id: string }): ReactNode {
  const account = useAccount(props.id);
  return (
    <Page title={`Access: ${account.data?.name ?? props.id}`} heading="Access">
      <PortalLinks account={props.id} />
      <Keys owner={props.id} roles={ROLES} title="Keys" />
      <DeleteAccount id={props.id} />
    </Page>
  );
}
