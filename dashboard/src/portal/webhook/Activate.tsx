// Sends to a webhook again that was paused or disabled. It asks first: much may have been kept.
import { type ReactNode, useState } from "react";
import { useActing } from "../../api/context";
import type { Webhook } from "../../api/types";
import { useUpdateWebhook } from "../../api/webhooks";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Confirm";
import { toast } from "../../ui/toast";

export function Activate(props: { webhook: Webhook }): ReactNode {
  const { webhook } = props;
  const { canWrite } = useActing();
  const [asking, setAsking] = useState(false);
  const update = useUpdateWebhook(webhook.id);
  if (!canWrite) return null;
  return (
    <div className="actions">
      <Button look="primary" onPress={() => setAsking(true)}>
        Activate…
      </Button>
      {asking ? (
        <Confirm
          title="Activate this webhook?"
          action="Activate webhook"
          harmless
          isPending={update.isPending}
          error={update.error}
          onClose={() => setAsking(false)}
          onConfirm={() =>
            update.mutate(
              { status: "active" },
              {
                onSuccess: () => {
                  setAsking(false);
                  toast("The webhook is active. What was kept goes out now.");
                },
              },
            )
          }
        >
          <p>
            <code className="break">{webhook.url}</code>
          </p>
          <p>
            What was kept goes out at once, in its order, each event with all of its attempts. Your
            server should be ready for it.
          </p>
        </Confirm>
      ) : null}
    </div>
  );
}
