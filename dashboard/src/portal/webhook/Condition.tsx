// How a webhook stands when it needs care: paused, disabled and why, or failing.
import type { ReactNode } from "react";
import type { Webhook } from "../../api/types";
import { Time } from "../../ui/Time";
import { Activate } from "./Activate";

/** From how many failures in a row on it is worth a word. */
const MANY_FAILURES = 3;

export function Condition(props: { webhook: Webhook }): ReactNode {
  const { webhook } = props;
  if (webhook.status === "disabled") return <Disabled webhook={webhook} />;
  if (webhook.status === "inactive") {
    return (
      <section className="notice" aria-label="Paused">
        <h2 className="notice-title">Paused</h2>
        <p>Events are kept, and go out in their order once the webhook is activated.</p>
        <Activate webhook={webhook} />
      </section>
    );
  }
  if (webhook.consecutive_failures < MANY_FAILURES) return null;
  return (
    <section className="notice warn" aria-label="Failing">
      <h2 className="notice-title">The last {webhook.consecutive_failures} attempts failed</h2>
      <p>
        {webhook.last_success_at ? (
          <>
            The last success was <Time at={webhook.last_success_at} ago />.
          </>
        ) : (
          "None has succeeded yet."
        )}{" "}
        Each event is tried again, longer and longer apart. Look at the failures below for the
        cause. If nothing gets through for days, the webhook is disabled.
      </p>
    </section>
  );
}

function Disabled(props: { webhook: Webhook }): ReactNode {
  const { webhook } = props;
  const gone = webhook.disabled_reason === "gone";
  return (
    <section className="notice bad" aria-label="Disabled">
      <h2 className="notice-title">
        {gone
          ? "Disabled: your server said that this URL is gone"
          : "Disabled: every attempt failed for too long"}
      </h2>
      <p>
        {gone
          ? "It answered 410 Gone, which means: do not send anything here again. If that was a mistake, repair the server or set another URL, then activate the webhook."
          : "Nothing got through for so long that sending was stopped. Look at the failures below, repair the cause, then activate the webhook."}{" "}
        {webhook.last_success_at ? (
          <>
            The last success was <Time at={webhook.last_success_at} ago />.
          </>
        ) : (
          "No attempt has ever succeeded."
        )}
      </p>
      <p>New events are kept meanwhile, and go out in their order once it is active.</p>
      <Activate webhook={webhook} />
    </section>
  );
}
