// Short-lived links into the portal: for one person, without a key. A backend makes them by the
// API; here one is made by hand, to try it or to help a customer.
import { type ReactNode, useState } from "react";
import { useCreatePortalToken, useDeleteKey, usePortalTokens } from "../../api/accounts";
import type { PortalToken } from "../../api/types";
import { Button } from "../../ui/Button";
import { CheckField, SelectField } from "../../ui/Choice";
import { CodeBlock } from "../../ui/Code";
import { Confirm } from "../../ui/Confirm";
import { Dialog } from "../../ui/Dialog";
import { Failure } from "../../ui/Failure";
import { Empty, Loaded } from "../../ui/Loaded";
import { Card } from "../../ui/Page";
import { type Column, Table } from "../../ui/Table";
import { MaybeTime } from "../../ui/Time";
import { toast } from "../../ui/toast";

const LIFETIMES = [
  { value: "900", label: "15 minutes" },
  { value: "3600", label: "1 hour" },
  { value: "28800", label: "8 hours" },
  { value: "86400", label: "1 day" },
];

export function PortalLinks(props: { account: string }): ReactNode {
  const tokens = usePortalTokens(props.account);
  const [isMaking, setMaking] = useState(false);
  const [ending, setEnding] = useState<string>();
  const columns: Column<PortalToken>[] = [
    { header: "Id", grow: true, cell: (token) => <code className="break">{token.id}</code> },
    { header: "May", cell: (token) => (token.role === "account" ? "read and change" : "read") },
    { header: "Ends", cell: (token) => <MaybeTime at={token.expires_at} none="never" ago /> },
    {
      header: "Last used",
      cell: (token) => <MaybeTime at={token.last_used_at} none="never" ago />,
    },
    {
      header: "Actions",
      align: "end",
      cell: (token) => (
        <Button small aria-label={`End the link ${token.id}`} onPress={() => setEnding(token.id)}>
          End now…
        </Button>
      ),
    },
  ];
  return (
    <Card
      title="Portal links"
      actions={
        <Button small onPress={() => setMaking(true)}>
          Make a link
        </Button>
      }
    >
      <Loaded query={tokens} lines={2}>
        {(data) =>
          data.length === 0 ? (
            <Empty title="No link is valid now." />
          ) : (
            <Table label="Portal links" columns={columns} rows={data} rowKey={(row) => row.id} />
          )
        }
      </Loaded>
      {isMaking ? <MakeLink account={props.account} onClose={() => setMaking(false)} /> : null}
      {ending === undefined ? null : (
        <EndLink account={props.account} link={ending} onClose={() => setEnding(undefined)} />
      )}
    </Card>
  );
}

function EndLink(props: { account: string; link: string; onClose: () => void }): ReactNode {
  const { link } = props;
  const revoke = useDeleteKey(props.account);
  return (
    <Confirm
      title="End this link?"
      action="End link"
      isPending={revoke.isPending}
      error={revoke.error}
      onClose={props.onClose}
      onConfirm={() =>
        revoke.mutate(link, {
          onSuccess: () => {
            toast("The link is ended.");
            props.onClose();
          },
        })
      }
    >
      <p>
        Whoever has the link <code className="break">{link}</code> is refused from the next request
        on, also in a page that is open. Another link can be made at any time.
      </p>
    </Confirm>
  );
}

function MakeLink(props: { account: string; onClose: () => void }): ReactNode {
  const create = useCreatePortalToken(props.account);
  const [lifetime, setLifetime] = useState("3600");
  const [isReadOnly, setReadOnly] = useState(false);
  if (create.data?.token) {
    return (
      <Dialog title="Portal link" mustAnswer onClose={props.onClose}>
        <p>
          Whoever has this link sees the account. It is shown this once, and ends{" "}
          <MaybeTime at={create.data.expires_at} none="never" ago />.
        </p>
        <CodeBlock label="Portal link" text={linkOf(create.data)} wrap />
        <div className="actions end">
          <Button look="primary" onPress={props.onClose}>
            Done
          </Button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="Make a portal link" onClose={props.onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate({ expires_in_seconds: Number(lifetime), read_only: isReadOnly });
        }}
      >
        <SelectField
          label="Valid for"
          value={lifetime}
          onChange={setLifetime}
          options={LIFETIMES}
        />
        <CheckField label="May look only" checked={isReadOnly} onChange={setReadOnly} />
        <Failure error={create.error} />
        <div className="actions end">
          <Button onPress={props.onClose}>Cancel</Button>
          <Button type="submit" look="primary" isPending={create.isPending}>
            Make link
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function linkOf(token: PortalToken): string {
  return `${window.location.origin}/dashboard/#token=${token.token ?? ""}`;
}
