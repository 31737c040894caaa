// The attempts of a delivery, the last one first, and what comes next.
import type { ReactNode } from "react";
import { isWaiting } from "../../api/deliveries";
import type { Attempt, Delivery } from "../../api/types";
import { Badge } from "../../ui/Badge";
import { CodeBlock, JsonBlock } from "../../ui/Code";
import { Countdown } from "../../ui/Countdown";
import { Time } from "../../ui/Time";
import { span } from "../../ui/time";
import { explain } from "./explain";

export function Timeline(props: { delivery: Delivery }): ReactNode {
  const { delivery } = props;
  return (
    <ol className="timeline" reversed>
      {isWaiting(delivery.status) ? (
        <li className="next">
          {delivery.next_attempt_at ? (
            <>
              Next attempt <Countdown to={delivery.next_attempt_at} over="now" />
            </>
          ) : (
            "The next attempt is under way."
          )}
        </li>
      ) : null}
      {delivery.attempts.toReversed().map((attempt) => (
        <li key={attempt.number} className={attempt.reason ? "bad" : "good"}>
          <One attempt={attempt} />
        </li>
      ))}
      <li className="start">
        Published <Time at={delivery.created_at} />
      </li>
    </ol>
  );
}

function One(props: { attempt: Attempt }): ReactNode {
  const { attempt } = props;
  const why = explain(attempt);
  return (
    <div className="attempt">
      <h3>
        Attempt {attempt.number}
        <Badge tone={why === undefined ? "good" : "bad"}>
          {attempt.status_code ?? (attempt.reason ?? "failed").replace("_", " ")}
        </Badge>
      </h3>
      <p className="hint">
        <Time at={attempt.started_at} /> · {span(attempt.duration_ms)}
      </p>
      {why === undefined ? null : (
        <p>
          {why.title}: <span className="break">{attempt.error}</span>
        </p>
      )}
      <Answer attempt={attempt} />
    </div>
  );
}

function Answer(props: { attempt: Attempt }): ReactNode {
  const { response_body: body, number, status_code: status } = props.attempt;
  if (!body) {
    return status == null ? null : <p className="hint">The answer had no body.</p>;
  }
  return (
    <details>
      <summary>Answer of the server</summary>
      {isJson(body) ? (
        <JsonBlock label={`Answer to attempt ${number}`} text={body} />
      ) : (
        <CodeBlock label={`Answer to attempt ${number}`} text={body} wrap />
      )}
    </details>
  );
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === "object";
  } catch {
    return false;
  }
}
