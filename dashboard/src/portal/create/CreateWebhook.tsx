// A new webhook: where to, what of, and then its secret, this once.
import { type ReactNode, useState } from "react";
import { useLocation } from "wouter";
import { ProblemError } from "../../api/problem";
import { useCreateWebhook } from "../../api/webhooks";
import { Button } from "../../ui/Button";
import { Failure } from "../../ui/Failure";
import { Field } from "../../ui/Field";
import { Card, Page } from "../../ui/Page";
import { EventPicker } from "./EventPicker";
import { NewSecret } from "./NewSecret";

const CRUMBS = [{ to: "/webhooks", label: "Webhooks" }];

export default function CreateWebhook(): ReactNode {
  const [, navigate] = useLocation();
  const create = useCreateWebhook();
  const [url, setUrl] = useState("https://");
  const [description, setDescription] = useState("");
  const [patterns, setPatterns] = useState<string[]>([]);
  if (create.data?.secret) {
    const { id, secret } = create.data;
    return (
      <Page title="Webhook created" crumbs={CRUMBS}>
        <NewSecret secret={secret} onDone={() => navigate(`/webhooks/${id}`)} />
      </Page>
    );
  }
  const problem = create.error instanceof ProblemError ? create.error : undefined;
  const eventsError = fieldOf(problem, "/events");
  return (
    <Page title="Create webhook" crumbs={CRUMBS}>
      <Card>
        <form
          className="stack form"
          onSubmit={(event) => {
            event.preventDefault();
            create.mutate({
              url: url.trim(),
              events: patterns,
              description: description || undefined,
            });
          }}
        >
          <Field
            label="URL"
            hint="Where your server takes events: a public https:// address."
            value={url}
            onChange={setUrl}
            error={problem?.field("/url")}
            required
            autoFocus
            code
          />
          <Field
            label="Description"
            value={description}
            onChange={setDescription}
            error={problem?.field("/description")}
            maxLength={1024}
          />
          <EventPicker patterns={patterns} onChange={setPatterns} error={eventsError} />
          <Failure error={create.error} />
          <div className="actions">
            <Button
              type="submit"
              look="primary"
              isDisabled={patterns.length === 0}
              isPending={create.isPending}
            >
              Create webhook
            </Button>
            {patterns.length === 0 ? (
              <span className="hint">Choose at least one event.</span>
            ) : null}
          </div>
        </form>
      </Card>
    </Page>
  );
}

/** What is wrong with a member or with one of its items. */
function fieldOf(problem: ProblemError | undefined, pointer: string): string | undefined {
  return problem?.fields.find((field) => field.pointer.startsWith(pointer))?.detail;
}
