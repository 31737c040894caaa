// Pausing before maintenance, and going on.
import type { ReactNode } from "react";
import type { Webhook } from "../../api/types";
import { useUpdateWebhook } from "../../api/webhooks";
import { Button } from "../../ui/Button";
import { Failure } from "../../ui/Failure";
import { Card } from "../../ui/Page";
import { toast } from "../../ui/toast";

export function Pause(props: { webhook: Webhook }): ReactNode {
  const { webhook } = props;
  const update = useUpdateWebhook(webhook.id);
  const isActive = webhook.status === "active";
  return (
    <Card title={isActive ? "Pause" : "Activate"}>
      <p>
        {isActive
          ? "While a webhook is paused nothing is sent. Events are kept and use up no attempts; they go out in their order once it is active again."
          : "What was kept goes out in its order, each event with all of its attempts."}
      </p>
      <Failure error={update.error} />
      <div className="actions">
        <Button
          look={isActive ? "plain" : "primary"}
          isPending={update.isPending}
          onPress={() =>
            update.mutate(
              { status: isActive ? "inactive" : "active" },
              { onSuccess: () => toast(isActive ? "Paused." : "Active.") },
            )
          }
        >
          {isActive ? "Pause webhook" : "Activate webhook"}
        </Button>
      </div>
    </Card>
  );
}
