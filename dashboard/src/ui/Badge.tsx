// The states of deliveries and webhooks: a colour, and always the word.
import type { ReactNode } from "react";

export type Tone = "good" | "bad" | "warn" | "info" | "none";

const TONES: Record<string, Tone> = {
  active: "good",
  inactive: "none",
  disabled: "bad",
  delivered: "good",
  failed: "bad",
  retrying: "warn",
  pending: "info",
  held: "none",
  canceled: "none",
};

const LABELS: Record<string, string> = { inactive: "paused" };

export function StatusBadge(props: { status: string }): ReactNode {
  return <Badge tone={TONES[props.status] ?? "none"}>{LABELS[props.status] ?? props.status}</Badge>;
}

export function Badge(props: { tone: Tone; children: ReactNode }): ReactNode {
  return <span className={`badge ${props.tone}`}>{props.children}</span>;
}
