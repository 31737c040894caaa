// The end of an account.
import { type ReactNode, useState } from "react";
import { useLocation } from "wouter";
import { useDeleteAccount } from "../../api/accounts";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Confirm";
import { Card } from "../../ui/Page";
import { toast } from "../../ui/toast";
import { ACCOUNTS } from "../paths";

export function DeleteAccount(props: { id: string }): ReactNode {
  const { id } = props;
  const [, navigate] = useLocation();
  const [asking, setAsking] = useState(false);
  const remove = useDeleteAccount(id);
  return (
    <Card title="Delete account">
      <p>Ends everything of this customer here.</p>
      <div className="actions">
        <Button look="danger" onPress={() => setAsking(true)}>
          Delete account…
        </Button>
      </div>
      {asking ? (
        <Confirm
          title={`Delete the account ${id}?`}
          action="Delete account"
          typed={{ label: `Type ${id} to go on`, text: id }}
          isPending={remove.isPending}
          error={remove.error}
          onClose={() => setAsking(false)}
          onConfirm={() =>
            remove.mutate(undefined, {
              onSuccess: () => {
                toast(`The account ${id} is deleted.`);
                navigate(ACCOUNTS);
              },
            })
          }
        >
          <ul>
            <li>All of its webhooks are deleted, and what waits to be sent is canceled.</li>
            <li>Its keys and portal links stop working at once.</li>
            <li>Its id can never be used again.</li>
            <li>
              Its events stay until retention ends. To have personal data erased, use{" "}
              <code>POST /api/accounts/{id}/erase</code>.
            </li>
          </ul>
          <p>This cannot be undone.</p>
        </Confirm>
      ) : null}
    </Card>
  );
}
