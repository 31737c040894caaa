// Short names for what the OpenAPI document describes. schema.d.ts is generated from it.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Account = Schemas["AccountAnswer"];
export type Attempt = Schemas["AttemptAnswer"];
export type AuditEntry = Schemas["AuditAnswer"];
export type Delivery = Schemas["LogDetailAnswer"];
export type Key = Schemas["KeyAnswer"];
export type LogEntry = Schemas["LogAnswer"];
export type Metrics = Schemas["MetricsAnswer"];
export type Overview = Schemas["OverviewAnswer"];
export type Point = Schemas["PointAnswer"];
export type PortalToken = Schemas["PortalTokenAnswer"];
export type Problem = Schemas["Problem"];
export type Counts = Schemas["CountsAnswer"];
export type Webhook = Schemas["WebhookAnswer"];

/** The states of a delivery, in the order in which they are offered. */
export const STATES = ["pending", "retrying", "held", "delivered", "failed", "canceled"] as const;

/** A page of a list, as every list of the API is one. */
export interface Page<Item> {
  data: Item[];
  next_cursor?: string | null;
}
