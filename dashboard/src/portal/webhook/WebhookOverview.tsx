// The page of a webhook: how it stands, how it has fared, what fails and what is tried next.
import { lazy, type ReactNode, Suspense, useState } from "react";
import { Link } from "wouter";
import { useActing } from "../../api/context";
import { useLog } from "../../api/deliveries";
import { useWebhook } from "../../api/webhooks";
import type { Webhook } from "../../api/types";
import { Button } from "../../ui/Button";
import { CopyButton } from "../../ui/Copy";
import { Facts } from "../../ui/Facts";
import { Empty, Loaded, Loading } from "../../ui/Loaded";
import { Card } from "../../ui/Page";
import { MaybeTime, Time } from "../../ui/Time";
import { LogTable } from "../log/LogTable";
import { ReplayDialog } from "../replay/ReplayDialog";
import { Condition } from "./Condition";
import { TestEvent } from "./TestEvent";
import { WebhookPage } from "./WebhookPage";

// With uPlot, which is a fifth of the whole page and is needed here alone.
const Metrics = lazy(() => import("../../charts/Metrics"));

const SHOWN = 5;

export default function WebhookOverview(props: { id: string }): ReactNode {
  const { id } = props;
  const webhook = useWebhook(id);
  return (
    <WebhookPage
      id={id}
      title="Overview"
      actions={<TestEvent webhookId={id} isActive={webhook.data?.status === "active"} />}
    >
      {webhook.data === undefined ? null : <Condition webhook={webhook.data} />}
      <Suspense fallback={<Loading lines={8} />}>
        <Metrics webhookId={id} />
      </Suspense>
      <Entries
        id={id}
        status="retrying"
        title="Tried again soon"
        none="Nothing waits to be tried again."
      />
      <Failed id={id} isActive={webhook.data?.status === "active"} />
      <Loaded query={webhook}>{(data) => <About webhook={data} />}</Loaded>
    </WebhookPage>
  );
}

/** The failed deliveries, and the way to send them all again. */
function Failed(props: { id: string; isActive: boolean }): ReactNode {
  const { canWrite } = useActing();
  const [replaying, setReplaying] = useState(false);
  return (
    <>
      <Entries
        id={props.id}
        status="failed"
        title="Given up"
        none="Nothing was given up."
        actions={
          canWrite ? (
            <Button small onPress={() => setReplaying(true)}>
              Send all again
            </Button>
          ) : null
        }
      />
      {replaying ? (
        <ReplayDialog
          webhookId={props.id}
          filter={{ status: "failed" }}
          isActive={props.isActive}
          onClose={() => setReplaying(false)}
        />
      ) : null}
    </>
  );
}

function Entries(props: {
  id: string;
  status: string;
  title: string;
  none: string;
  actions?: ReactNode;
}): ReactNode {
  const query = useLog(props.id, { status: props.status }, undefined, SHOWN);
  const isEmpty = query.data?.data.length === 0;
  return (
    <Card title={props.title} actions={isEmpty ? null : props.actions}>
      <Loaded query={query} lines={3}>
        {(page) =>
          page.data.length === 0 ? (
            <Empty title={props.none} />
          ) : (
            <>
              <LogTable webhookId={props.id} entries={page.data} label={props.title} />
              {page.next_cursor ? (
                <Link to={`/webhooks/${props.id}/events?status=${props.status}`}>Show all</Link>
              ) : null}
            </>
          )
        }
      </Loaded>
    </Card>
  );
}

function About(props: { webhook: Webhook }): ReactNode {
  const { webhook } = props;
  return (
    <Card title="About">
      <Facts
        facts={[
          [
            "Id",
            <span key="id" className="inline">
              <code className="break">{webhook.id}</code>
              <CopyButton text={webhook.id} />
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
          [
            "Events",
            <code key="events" className="break">
              {webhook.events.join(", ")}
            </code>,
          ],
          [
            "Last success",
            <MaybeTime key="good" at={webhook.last_success_at} none="none yet" ago />,
          ],
          ["Last failure", <MaybeTime key="bad" at={webhook.last_failure_at} none="none" ago />],
          ["Created", <Time key="at" at={webhook.created_at} />],
        ]}
      />
    </Card>
  );
}
