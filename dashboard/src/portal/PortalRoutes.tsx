// The views of an account, for itself and for an operator who looks at it.
import { lazy, type ReactNode, Suspense } from "react";
import { Redirect, Route, Switch } from "wouter";
import { NotFound } from "../app/NotFound";
import { Loading } from "../ui/Loaded";
import { WebhookList } from "./WebhookList";

const CreateWebhook = lazy(() => import("./create/CreateWebhook"));
const WebhookOverview = lazy(() => import("./webhook/WebhookOverview"));
const WebhookSettings = lazy(() => import("./settings/WebhookSettings"));
const EventLog = lazy(() => import("./log/EventLog"));
const DeliveryPage = lazy(() => import("./delivery/DeliveryPage"));
const EventTypes = lazy(() => import("./EventTypes"));

export function PortalRoutes(): ReactNode {
  return (
    <Suspense fallback={<Waiting />}>
      <Switch>
        <Route path="/">
          <Redirect to="/webhooks" replace />
        </Route>
        <Route path="/webhooks" component={WebhookList} />
        <Route path="/webhooks/new" component={CreateWebhook} />
        <Route path="/webhooks/:id">{({ id }) => <WebhookOverview key={id} id={id} />}</Route>
        <Route path="/webhooks/:id/settings">
          {({ id }) => <WebhookSettings key={id} id={id} />}
        </Route>
        <Route path="/webhooks/:id/events">{({ id }) => <EventLog key={id} id={id} />}</Route>
        <Route path="/webhooks/:id/events/:event">
          {({ id, event }) => <DeliveryPage key={event} webhookId={id} eventId={event} />}
        </Route>
        <Route path="/event-types" component={EventTypes} />
        <Route component={NotFound} />
      </Switch>
    </Suspense>
  );
}

function Waiting(): ReactNode {
  return (
    <main className="page">
      <Loading lines={6} />
    </main>
  );
}
