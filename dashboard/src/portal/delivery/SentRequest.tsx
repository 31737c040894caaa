// The request as the receiver gets it: headers, body, and a command that sends the same.
import type { ReactNode } from "react";
import type { Delivery } from "../../api/types";
import { CodeBlock, JsonBlock } from "../../ui/Code";
import { CopyButton } from "../../ui/Copy";
import { Empty } from "../../ui/Loaded";
import { Card } from "../../ui/Page";
import { Tabs } from "../../ui/Tabs";
import { Time } from "../../ui/Time";
import { asCurl } from "./curl";

type Request = NonNullable<Delivery["request"]>;

export function SentRequest(props: { delivery: Delivery }): ReactNode {
  const { request, payload_erased_at: erased } = props.delivery;
  if (!request) {
    return (
      <Card title="Request">
        {erased ? (
          <Empty title="The payload was erased.">
            <p>
              It is gone since <Time at={erased} />, and cannot be sent again.
            </p>
          </Empty>
        ) : (
          <Empty title="The webhook is deleted, so that there is no request to show." />
        )}
      </Card>
    );
  }
  return (
    <Card title="Request" actions={<CopyButton text={asCurl(request)} label="Copy as curl" />}>
      <p className="request-line">
        <strong>{request.method}</strong> <code className="break">{request.url}</code>
      </p>
      <Tabs
        label="Request"
        tabs={[
          {
            id: "body",
            title: "Body",
            content: <JsonBlock label="Body, indented" text={request.body} />,
          },
          {
            id: "raw",
            title: "Raw body",
            content: <CodeBlock label="Body, byte for byte" text={request.body} wrap />,
          },
          {
            id: "headers",
            title: `Headers (${request.headers.length})`,
            content: <Headers headers={request.headers} />,
          },
        ]}
      />
      <p className="hint">
        Made anew with the webhook's present URL and secret, and the time of the last attempt. A
        receiver refuses its signature after five minutes: that protects it from repetition.
      </p>
    </Card>
  );
}

function Headers(props: { headers: Request["headers"] }): ReactNode {
  return (
    <dl className="headers">
      {props.headers.map((header) => (
        <div key={header.name}>
          <dt>{header.name}</dt>
          <dd>{header.value ?? <span className="muted">sent, and never shown</span>}</dd>
        </div>
      ))}
    </dl>
  );
}
