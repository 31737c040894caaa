// All customers.
import { type ReactNode, useState } from "react";
import { useLocation } from "wouter";
import { useAccounts, useCreateAccount } from "../../api/accounts";
import { ProblemError } from "../../api/problem";
import type { Account } from "../../api/types";
import { Button } from "../../ui/Button";
import { RowLink } from "../../ui/Cut";
import { Dialog } from "../../ui/Dialog";
import { Failure } from "../../ui/Failure";
import { Field } from "../../ui/Field";
import { Empty, Loaded } from "../../ui/Loaded";
import { Page } from "../../ui/Page";
import { Pager } from "../../ui/Pager";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";

const COLUMNS: readonly Column<Account>[] = [
  {
    header: "Account",
    grow: true,
    cell: (account) => <RowLink to={`/accounts/${account.id}`} text={account.name ?? account.id} />,
  },
  { header: "Id", cell: (account) => <code className="break">{account.id}</code> },
  { header: "Created", cell: (account) => <Time at={account.created_at} /> },
];

export default function AccountList(): ReactNode {
  const [cursor, setCursor] = useState<string>();
  const [isCreating, setCreating] = useState(false);
  const query = useAccounts(cursor);
  return (
    <Page
      title="Accounts"
      actions={
        <Button look="primary" onPress={() => setCreating(true)}>
          Create account
        </Button>
      }
    >
      <OpenById />
      <Loaded query={query} lines={8}>
        {(page) =>
          page.data.length === 0 ? (
            <Empty title="There are no accounts yet.">
              <p>
                An account is one customer of yours. It owns webhooks, and sees nothing of others.
              </p>
            </Empty>
          ) : (
            <>
              <Table label="Accounts" columns={COLUMNS} rows={page.data} rowKey={(row) => row.id} />
              <Pager cursor={cursor} next={page.next_cursor} onChange={setCursor} />
            </>
          )
        }
      </Loaded>
      {isCreating ? <CreateAccount onClose={() => setCreating(false)} /> : null}
    </Page>
  );
}

/** Among a hundred thousand accounts nobody pages. */
function OpenById(): ReactNode {
  const [, navigate] = useLocation();
  const [id, setId] = useState("");
  return (
    <form
      className="filters"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        if (id.trim() !== "") navigate(`/accounts/${encodeURIComponent(id.trim())}`);
      }}
    >
      <Field label="Account id" value={id} onChange={setId} code plain />
      <Button type="submit" isDisabled={id.trim() === ""}>
        Open
      </Button>
    </form>
  );
}

function CreateAccount(props: { onClose: () => void }): ReactNode {
  const [, navigate] = useLocation();
  const create = useCreateAccount();
  const [name, setName] = useState("");
  const [id, setId] = useState("");
  const problem = create.error instanceof ProblemError ? create.error : undefined;
  return (
    <Dialog title="Create account" onClose={props.onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate(
            { id: id.trim() || undefined, name: name.trim() || undefined },
            { onSuccess: (account) => navigate(`/accounts/${account.id}`) },
          );
        }}
      >
        <Field
          label="Name"
          value={name}
          onChange={setName}
          error={problem?.field("/name")}
          autoFocus
          maxLength={256}
        />
        <Field
          label="Id"
          hint="Your own id of this customer: up to 64 of A-Z, a-z, 0-9, _ and -. Made by the server if left empty. It cannot be changed, nor used again."
          value={id}
          onChange={setId}
          error={problem?.field("/id")}
          maxLength={64}
          code
        />
        <Failure error={create.error} />
        <div className="actions end">
          <Button onPress={props.onClose}>Cancel</Button>
          <Button type="submit" look="primary" isPending={create.isPending}>
            Create account
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
