// The frame of all pages about one webhook: its URL, status, and the way to the other pages.
import type { ReactNode } from "react";
import { NavLink } from "../../app/MainNav";
import type { Webhook } from "../../api/types";
import { useWebhook } from "../../api/webhooks";
import { StatusBadge } from "../../ui/Badge";
import { Failure } from "../../ui/Failure";
import { Breakable } from "../../ui/Cut";
import { Page } from "../../ui/Page";
import { ReplayUnderWay } from "../replay/ReplayUnderWay";

export function WebhookPage(props: {
  id: string;
  title: string;
  actions?: ReactNode;
  children: ReactNode;
}): ReactNode {
  const { id } = props;
  const webhook = useWebhook(id);
  const path = `/webhooks/${id}`;
  return (
    <Page
      title={`${props.title}: ${webhook.data?.url ?? "webhook"}`}
      heading={<Heading id={id} webhook={webhook.data} />}
      crumbs={[{ to: "/webhooks", label: "Webhooks" }]}
      actions={webhook.data === undefined ? null : props.actions}
    >
      <nav className="sub-nav" aria-label="Webhook">
        <NavLink to={path} label="Overview" exact />
        <NavLink to={`${path}/events`} label="Events" />
        <NavLink to={`${path}/settings`} label="Settings" />
      </nav>
      {webhook.isError && webhook.data === undefined ? (
        <Failure error={webhook.error} onRetry={() => void webhook.refetch()} />
      ) : (
        <>
          <ReplayUnderWay webhookId={id} />
          {props.children}
        </>
      )}
    </Page>
  );
}

function Heading(props: { id: string; webhook: Webhook | undefined }): ReactNode {
  if (props.webhook === undefined) return <code className="break">{props.id}</code>;
  return (
    <span className="inline">
      <span className="break">
        <Breakable text={props.webhook.url} />
      </span>
      <StatusBadge status={props.webhook.status} />
    </span>
  );
}
