// Keys of an account or of the operator: list, make, revoke.
import { type ReactNode, useState } from "react";
import { type Owner, useDeleteKey, useKeys } from "../../api/accounts";
import type { Key } from "../../api/types";
import { Button } from "../../ui/Button";
import type { Option } from "../../ui/Choice";
import { Confirm } from "../../ui/Confirm";
import { Cut } from "../../ui/Cut";
import { Empty, Loaded } from "../../ui/Loaded";
import { Card } from "../../ui/Page";
import { type Column, Table } from "../../ui/Table";
import { MaybeTime, Time } from "../../ui/Time";
import { toast } from "../../ui/toast";
import { CreateKey } from "./CreateKey";

export function Keys(props: { owner: Owner; roles: readonly Option[]; title: string }): ReactNode {
  const keys = useKeys(props.owner);
  const [isMaking, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<Key>();
  const columns: Column<Key>[] = [
    {
      header: "Name",
      grow: true,
      cell: (key) => (
        <>
          {key.name ?? <span className="muted">no name</span>}
          <Cut text={key.id} hint code />
        </>
      ),
    },
    { header: "Role", cell: (key) => <code>{key.role}</code> },
    { header: "Created", cell: (key) => <Time at={key.created_at} /> },
    {
      header: "Last used",
      cell: (key) => <MaybeTime at={key.last_used_at} none="never" ago />,
    },
    { header: "Ends", cell: (key) => <MaybeTime at={key.expires_at} none="never" ago /> },
    {
      header: "Actions",
      align: "end",
      cell: (key) => (
        <Button small aria-label={`Revoke ${key.name ?? key.id}`} onPress={() => setRevoking(key)}>
          Revoke…
        </Button>
      ),
    },
  ];
  return (
    <Card
      title={props.title}
      actions={
        <Button small onPress={() => setMaking(true)}>
          Create key
        </Button>
      }
    >
      <Loaded query={keys} lines={3}>
        {(data) =>
          data.length === 0 ? (
            <Empty title="There are no keys." />
          ) : (
            <Table label={props.title} columns={columns} rows={data} rowKey={(row) => row.id} />
          )
        }
      </Loaded>
      {isMaking ? (
        <CreateKey owner={props.owner} roles={props.roles} onClose={() => setMaking(false)} />
      ) : null}
      {revoking === undefined ? null : (
        <Revoke owner={props.owner} revoked={revoking} onClose={() => setRevoking(undefined)} />
      )}
    </Card>
  );
}

function Revoke(props: { owner: Owner; revoked: Key; onClose: () => void }): ReactNode {
  const { revoked } = props;
  const remove = useDeleteKey(props.owner);
  return (
    <Confirm
      title={`Revoke ${revoked.name ?? revoked.id}?`}
      action="Revoke key"
      isPending={remove.isPending}
      error={remove.error}
      onClose={props.onClose}
      onConfirm={() =>
        remove.mutate(revoked.id, {
          onSuccess: () => {
            toast("The key is revoked.");
            props.onClose();
          },
        })
      }
    >
      <p>
        Programs that use this key are refused from their next request on. It was last used:{" "}
        <MaybeTime at={revoked.last_used_at} none="never" ago />.
      </p>
      <p>This cannot be undone. Another key can be made at any time.</p>
    </Confirm>
  );
}
