// The end of a webhook.
import { type ReactNode, useState } from "react";
import { useLocation } from "wouter";
import type { Webhook } from "../../api/types";
import { useDeleteWebhook } from "../../api/webhooks";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Confirm";
import { Card } from "../../ui/Page";
import { toast } from "../../ui/toast";

export function DeleteWebhook(props: { webhook: Webhook }): ReactNode {
  const { webhook } = props;
  const [, navigate] = useLocation();
  const [asking, setAsking] = useState(false);
  const remove = useDeleteWebhook(webhook.id);
  const host = new URL(webhook.url).host;
  return (
    <Card title="Delete">
      <p>Nothing more is sent to this URL. To stop for a while only, pause it.</p>
      <div className="actions">
        <Button look="danger" onPress={() => setAsking(true)}>
          Delete webhook…
        </Button>
      </div>
      {asking ? (
        <Confirm
          title="Delete this webhook?"
          action="Delete webhook"
          typed={{ label: `Type ${host} to go on`, text: host }}
          isPending={remove.isPending}
          error={remove.error}
          onClose={() => setAsking(false)}
          onConfirm={() =>
            remove.mutate(undefined, {
              onSuccess: () => {
                toast("The webhook is deleted.");
                navigate("/webhooks");
              },
            })
          }
        >
          <p>
            <code className="break">{webhook.url}</code>
          </p>
          <ul>
            <li>It gets no more events.</li>
            <li>What waits to be sent is canceled, and cannot be sent later.</li>
            <li>Its secret is gone. A new webhook for the same URL gets another one.</li>
          </ul>
          <p>This cannot be undone.</p>
        </Confirm>
      ) : null}
    </Card>
  );
}
