// URL, description and events of a webhook.
import { type ReactNode, useState } from "react";
import { useActing } from "../../api/context";
import { ProblemError } from "../../api/problem";
import type { Webhook } from "../../api/types";
import { useUpdateWebhook } from "../../api/webhooks";
import { Button } from "../../ui/Button";
import { Facts } from "../../ui/Facts";
import { Failure } from "../../ui/Failure";
import { Field } from "../../ui/Field";
import { Card } from "../../ui/Page";
import { Time } from "../../ui/Time";
import { toast } from "../../ui/toast";
import { EventPicker } from "../create/EventPicker";

export function EditWebhook(props: { webhook: Webhook }): ReactNode {
  const { canWrite } = useActing();
  return canWrite ? <Form webhook={props.webhook} /> : <Shown webhook={props.webhook} />;
}

function Form(props: { webhook: Webhook }): ReactNode {
  const { webhook } = props;
  const update = useUpdateWebhook(webhook.id);
  const [url, setUrl] = useState(webhook.url);
  const [description, setDescription] = useState(webhook.description ?? "");
  const [events, setEvents] = useState(webhook.events);
  const problem = update.error instanceof ProblemError ? update.error : undefined;
  const isChanged =
    url !== webhook.url ||
    description !== (webhook.description ?? "") ||
    !sameSet(events, webhook.events);
  return (
    <Card title="Where to and what">
      <form
        className="stack form"
        onSubmit={(event) => {
          event.preventDefault();
          update.mutate(
            { url: url.trim(), description: description || null, events },
            { onSuccess: () => toast("Saved.") },
          );
        }}
      >
        <Field
          label="URL"
          hint="A new URL is used from the next attempt on, also for what waits."
          value={url}
          onChange={setUrl}
          error={problem?.field("/url")}
          required
          code
        />
        <Field
          label="Description"
          value={description}
          onChange={setDescription}
          error={problem?.field("/description")}
          maxLength={1024}
        />
        <EventPicker
          patterns={events}
          onChange={setEvents}
          error={problem?.fields.find((field) => field.pointer.startsWith("/events"))?.detail}
        />
        <SentBesides webhook={webhook} />
        <Failure error={update.error} />
        <div className="actions">
          <Button
            type="submit"
            look="primary"
            isDisabled={!isChanged || events.length === 0}
            isPending={update.isPending}
          >
            Save
          </Button>
        </div>
      </form>
    </Card>
  );
}

function Shown(props: { webhook: Webhook }): ReactNode {
  const { webhook } = props;
  return (
    <Card title="Where to and what">
      <Facts
        facts={[
          [
            "URL",
            <span key="url" className="break">
              {webhook.url}
            </span>,
          ],
          [
            "Description",
            webhook.description ?? (
              <span key="none" className="muted">
                none
              </span>
            ),
          ],
          ["Events", <code key="events">{webhook.events.join(", ")}</code>],
          ["Changed", <Time key="at" at={webhook.updated_at} />],
        ]}
      />
      <SentBesides webhook={webhook} />
    </Card>
  );
}

/** Credentials that are set by the API. Their values are never shown. */
function SentBesides(props: { webhook: Webhook }): ReactNode {
  const { header_names: names, authorization, client_certificate: certificate } = props.webhook;
  const parts = [
    names.length === 0 ? "" : `the headers ${names.join(", ")}`,
    authorization ? `${authorization.type} authorization` : "",
    certificate ? "a client certificate" : "",
  ].filter(Boolean);
  if (parts.length === 0) return null;
  return <p className="hint">Sent with every request: {parts.join("; ")}. Set by the API.</p>;
}

function sameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((each) => other.includes(each));
}
