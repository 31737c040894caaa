// Sends a test event and shows on the spot what the server answered.
import type { ReactNode } from "react";
import { Link } from "wouter";
import { useActing } from "../../api/context";
import { useDelivery, useSendTest } from "../../api/deliveries";
import type { Delivery } from "../../api/types";
import { Button } from "../../ui/Button";
import { CodeBlock } from "../../ui/Code";
import { Dialog } from "../../ui/Dialog";
import { Failure } from "../../ui/Failure";
import { Loading } from "../../ui/Loaded";
import { span } from "../../ui/time";
import { explain } from "../delivery/explain";

export function TestEvent(props: { webhookId: string; isActive: boolean }): ReactNode {
  const { canWrite } = useActing();
  const send = useSendTest(props.webhookId);
  if (!canWrite) return null;
  return (
    <>
      <Button isPending={send.isPending} onPress={() => send.mutate()}>
        Send test event
      </Button>
      {send.isIdle || send.isPending ? null : (
        <Dialog title="Test event" onClose={() => send.reset()}>
          <Failure error={send.error} />
          {send.data === undefined ? null : (
            <Answer webhookId={props.webhookId} eventId={send.data} isActive={props.isActive} />
          )}
          <div className="actions end">
            <Button onPress={() => send.mutate()}>Send another</Button>
            <Button look="primary" onPress={() => send.reset()}>
              Close
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function Answer(props: { webhookId: string; eventId: string; isActive: boolean }): ReactNode {
  const delivery = useDelivery(props.webhookId, props.eventId, props.isActive);
  const answered = (delivery.data?.attempts.length ?? 0) > 0;
  return (
    <div className="stack" aria-live="polite">
      {delivery.data === undefined || (!answered && props.isActive) ? (
        <>
          <p>Sent. Waiting for the answer of your server…</p>
          <Loading lines={2} label="Waiting for the answer" />
        </>
      ) : (
        <Result delivery={delivery.data} />
      )}
      <Failure error={delivery.error} />
      <p>
        <Link to={`/webhooks/${props.webhookId}/events/${props.eventId}`}>
          Show the whole delivery
        </Link>
      </p>
    </div>
  );
}

function Result(props: { delivery: Delivery }): ReactNode {
  const attempt = props.delivery.attempts.at(-1);
  if (attempt === undefined) {
    return <p className="notice">The webhook is not active: the event is kept until it is.</p>;
  }
  const why = explain(attempt);
  return (
    <>
      {why === undefined ? (
        <div className="notice good">
          <p className="notice-title">It works</p>
          <p>
            Your server answered {attempt.status_code} in {span(attempt.duration_ms)}.
          </p>
        </div>
      ) : (
        <div className="notice bad">
          <p className="notice-title">{why.title}</p>
          <p>{why.meaning}</p>
          <ul>
            {why.advice.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
          <p className="hint break">
            {attempt.error} · {span(attempt.duration_ms)}
          </p>
        </div>
      )}
      {attempt.response_body ? (
        <CodeBlock label="Answer of your server" text={attempt.response_body} wrap />
      ) : null}
    </>
  );
}
