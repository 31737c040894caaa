// Why the last attempt failed, in plain words, and what to do about it.
import type { ReactNode } from "react";
import type { Delivery } from "../../api/types";
import { explain } from "./explain";

export function Outcome(props: { delivery: Delivery }): ReactNode {
  const { delivery } = props;
  const last = delivery.attempts.at(-1);
  const why = last === undefined ? undefined : explain(last);
  if (why === undefined || last === undefined || delivery.status === "delivered") {
    return <State status={delivery.status} />;
  }
  return (
    <section
      className={`notice ${delivery.status === "failed" ? "bad" : "warn"}`}
      aria-label="What went wrong"
    >
      <h2 className="notice-title">{why.title}</h2>
      <p>{why.meaning}</p>
      <ul>
        {why.advice.map((each) => (
          <li key={each}>{each}</li>
        ))}
      </ul>
      <p className="hint">
        The log says: <span className="break">{last.error}</span>
      </p>
      {AFTER[delivery.status] === undefined ? null : <p>{AFTER[delivery.status]}</p>}
    </section>
  );
}

const AFTER: Record<string, string> = {
  failed: "No further attempt is made by itself. When the cause is repaired, send it again.",
  retrying: "It is tried again by itself. You can also retry now.",
  held: "The webhook is not active. The event is kept, and goes out when it is.",
};

/** What is to be said of a delivery without a failure. */
function State(props: { status: string }): ReactNode {
  if (props.status === "held") return <p className="notice">{AFTER.held}</p>;
  if (props.status === "canceled") {
    return (
      <p className="notice">It was canceled: the webhook was deleted, or the payload erased.</p>
    );
  }
  return null;
}
