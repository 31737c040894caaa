// The actions of the audit log, as docs/reference/api.md lists them.
import type { Option } from "../../ui/Choice";

const WORDS = [
  "account.create",
  "account.delete",
  "account.erase",
  "account.erased",
  "data_key.create",
  "data_key.delete",
  "data_key.update",
  "event.erase",
  "event.erased",
  "event_type.create",
  "event_type.delete",
  "event_type.update",
  "key.create",
  "key.delete",
  "replay.create",
  "replay.stop",
  "secret.end_grace_period",
  "secret.rotate",
  "signing_key.delete",
  "signing_key.end_grace_period",
  "signing_key.rotate",
  "webhook.create",
  "webhook.delete",
  "webhook.disable",
  "webhook.update",
];

export const ACTIONS: readonly Option[] = [
  { value: "", label: "Any" },
  ...WORDS.map((action) => ({ value: action, label: action })),
];
