// One event on its way to one webhook: what came of it, why, and what was sent.
import type { ReactNode } from "react";
import { isWaiting, useDelivery, useRetry } from "../../api/deliveries";
import { useActing } from "../../api/context";
import type { Delivery } from "../../api/types";
import { useWebhook } from "../../api/webhooks";
import { StatusBadge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { CopyButton } from "../../ui/Copy";
import { Facts } from "../../ui/Facts";
import { Failure } from "../../ui/Failure";
import { Loaded } from "../../ui/Loaded";
import { Card, Page } from "../../ui/Page";
import { MaybeTime, Time, TimeWithUtc } from "../../ui/Time";
import { toast } from "../../ui/toast";
import { Countdown } from "../../ui/Countdown";
import { Outcome } from "./Outcome";
import { SentRequest } from "./SentRequest";
import { Timeline } from "./Timeline";

export default function DeliveryPage(props: { webhookId: string; eventId: string }): ReactNode {
  const { webhookId, eventId } = props;
  const webhook = useWebhook(webhookId);
  const delivery = useDelivery(webhookId, eventId);
  const crumbs = [
    { to: "/webhooks", label: "Webhooks" },
    { to: `/webhooks/${webhookId}`, label: webhook.data?.url ?? webhookId },
    { to: `/webhooks/${webhookId}/events`, label: "Events" },
  ];
  return (
    <Page
      title={delivery.data?.type ?? "Event"}
      heading={<span className="code">{delivery.data?.type ?? "Event"}</span>}
      crumbs={crumbs}
      actions={
        delivery.data === undefined ? null : (
          <RetryNow
            webhookId={webhookId}
            delivery={delivery.data}
            isActive={webhook.data?.status === "active"}
          />
        )
      }
    >
      <Loaded query={delivery} lines={8}>
        {(data) => (
          <>
            <Summary delivery={data} />
            <Outcome delivery={data} />
            <Card title="Attempts">
              <Timeline delivery={data} />
            </Card>
            <SentRequest delivery={data} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Summary(props: { delivery: Delivery }): ReactNode {
  const { delivery } = props;
  return (
    <Card>
      <Facts
        facts={[
          ["Status", <StatusBadge key="status" status={delivery.status} />],
          [
            "Event",
            <span key="id" className="inline">
              <code className="break">{delivery.event_id}</code>
              <CopyButton text={delivery.event_id} />
            </span>,
          ],
          ["Published", <TimeWithUtc key="at" at={delivery.created_at} />],
          ["Last attempt", <MaybeTime key="last" at={delivery.last_attempt_at} none="none yet" />],
          ["Next attempt", <Next key="next" delivery={delivery} />],
        ]}
      />
    </Card>
  );
}

function Next(props: { delivery: Delivery }): ReactNode {
  const { status, next_attempt_at: at } = props.delivery;
  if (status === "held") return "when the webhook is active again";
  if (!isWaiting(status)) return <span className="muted">none</span>;
  if (!at) return "now";
  return (
    <span>
      <Countdown to={at} over="now" /> (<Time at={at} />)
    </span>
  );
}

function RetryNow(props: { webhookId: string; delivery: Delivery; isActive: boolean }): ReactNode {
  const { delivery } = props;
  const { canWrite } = useActing();
  const retry = useRetry(props.webhookId, delivery.event_id);
  const erased = delivery.payload_erased_at != null;
  if (!canWrite || delivery.status === "canceled" || erased) return null;
  const label = delivery.status === "delivered" ? "Send again" : "Retry now";
  return (
    <>
      <Failure error={retry.error} />
      <Button
        look="primary"
        isDisabled={!props.isActive}
        isPending={retry.isPending}
        onPress={() =>
          retry.mutate(undefined, { onSuccess: () => toast("It is being sent again.") })
        }
      >
        {label}
      </Button>
      {props.isActive ? null : <span className="hint">The webhook is not active.</span>}
    </>
  );
}
