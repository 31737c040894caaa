// What can be changed about a webhook.
import type { ReactNode } from "react";
import { useActing } from "../../api/context";
import { useWebhook } from "../../api/webhooks";
import { Loaded } from "../../ui/Loaded";
import { WebhookPage } from "../webhook/WebhookPage";
import { DeleteWebhook } from "./DeleteWebhook";
import { EditWebhook } from "./EditWebhook";
import { Pause } from "./Pause";
import { Secret } from "./Secret";

export default function WebhookSettings(props: { id: string }): ReactNode {
  const webhook = useWebhook(props.id);
  const { canWrite } = useActing();
  return (
    <WebhookPage id={props.id} title="Settings">
      <Loaded query={webhook} lines={8}>
        {(data) => (
          <>
            <EditWebhook key={data.updated_at} webhook={data} />
            <Secret webhook={data} />
            {canWrite ? (
              <>
                <Pause webhook={data} />
                <DeleteWebhook webhook={data} />
              </>
            ) : null}
          </>
        )}
      </Loaded>
    </WebhookPage>
  );
}
