// Pausing before maintenance, and going on.
import { type ReactNode, useState } from "react";
import type { Webhook } from "../../api/types";
import { useUpdateWebhook } from "../../api/webhooks";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Confirm";
import { Card } from "../../ui/Page";
import { toast } from "../../ui/toast";
import { Activate } from "../webhook/Activate";

export function Pause(props: { webhook: Webhook }): ReactNode {
  const { webhook } = props;
  if (webhook.status === "active") return <PauseActive webhook={webhook} />;
  return (
    <Card title="Activate">
      <p>
        What was kept goes out in its order, each event with all of its attempts. New events are
        sent as they happen.
      </p>
      <Activate webhook={webhook} />
    </Card>
  );
}

function PauseActive(props: { webhook: Webhook }): ReactNode {
  const { webhook } = props;
  const [asking, setAsking] = useState(false);
  const update = useUpdateWebhook(webhook.id);
  return (
    <Card title="Pause">
      <p>Nothing is sent for a while, for example during maintenance of your server.</p>
      <div className="actions">
        <Button onPress={() => setAsking(true)}>Pause webhook…</Button>
      </div>
      {asking ? (
        <Confirm
          title="Pause this webhook?"
          action="Pause webhook"
          harmless
          isPending={update.isPending}
          error={update.error}
          onClose={() => setAsking(false)}
          onConfirm={() =>
            update.mutate({ status: "inactive" }, { onSuccess: () => toast("Paused.") })
          }
        >
          <p>
            <code className="break">{webhook.url}</code>
          </p>
          <ul>
            <li>Nothing is sent to it until you activate it again.</li>
            <li>Events are kept meanwhile, and use up no attempts.</li>
            <li>They go out in their order once it is active.</li>
          </ul>
        </Confirm>
      ) : null}
    </Card>
  );
}
