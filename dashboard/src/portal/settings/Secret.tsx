// The signing secret: changing it without a gap. While old and new overlap, it is said until when.
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useActing } from "../../api/context";
import type { Webhook } from "../../api/types";
import { useEndGracePeriod, useRotateSecret } from "../../api/webhooks";
import { Button } from "../../ui/Button";
import { CodeBlock } from "../../ui/Code";
import { Confirm } from "../../ui/Confirm";
import { Countdown } from "../../ui/Countdown";
import { Dialog } from "../../ui/Dialog";
import { Card } from "../../ui/Page";
import { Time, useNow } from "../../ui/Time";
import { toast } from "../../ui/toast";
import { RotateDialog } from "./RotateDialog";

export function Secret(props: { webhook: Webhook }): ReactNode {
  const { webhook } = props;
  const { canWrite } = useActing();
  const rotate = useRotateSecret(webhook.id);
  const [asking, setAsking] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const isShown = rotate.data !== undefined;
  // The window before the secret's had the focus last, and is gone.
  useEffect(() => {
    const button = opener.current;
    return isShown ? () => button?.focus() : undefined;
  }, [isShown]);
  return (
    <Card title="Signing secret">
      <p>
        Every request is signed with it. It was shown when it was made and is not shown again.
        Rotate it when it may be known to others, or by habit.
      </p>
      <Overlap webhook={webhook} />
      {canWrite ? (
        <div className="actions">
          <Button ref={opener} onPress={() => setAsking(true)}>
            Rotate secret…
          </Button>
        </div>
      ) : null}
      {asking ? (
        <RotateDialog
          isPending={rotate.isPending}
          error={rotate.error}
          onClose={() => setAsking(false)}
          onRotate={(grace) => rotate.mutate(grace, { onSuccess: () => setAsking(false) })}
        />
      ) : null}
      {rotate.data === undefined ? null : (
        <Dialog title="The new secret" mustAnswer onClose={() => rotate.reset()}>
          <p>
            <strong>Copy it now: it is not shown again.</strong>
          </p>
          <CodeBlock label="New signing secret" text={rotate.data.secret} wrap />
          {rotate.data.previous_expires_at ? (
            <p>
              Give it to your server beside the old one. Both are valid until{" "}
              <Time at={rotate.data.previous_expires_at} />.
            </p>
          ) : (
            <p>The old secret is not valid any more.</p>
          )}
          <div className="actions end">
            <Button look="primary" onPress={() => rotate.reset()}>
              I have kept it
            </Button>
          </div>
        </Dialog>
      )}
    </Card>
  );
}

/** Shown while the secret before is still valid. */
function Overlap(props: { webhook: Webhook }): ReactNode {
  const { id, previous_secret_expires_at: until } = props.webhook;
  const { canWrite } = useActing();
  const now = useNow(1000);
  const [asking, setAsking] = useState(false);
  const end = useEndGracePeriod(id);
  if (!until || new Date(until).getTime() <= now) return null;
  return (
    <section className="notice warn" aria-label="Rotation under way">
      <h3 className="notice-title">Two secrets are valid</h3>
      <p>
        The old one ends <Countdown to={until} over="now" />, on <Time at={until} />. Until then{" "}
        <code>webhook-signature</code> carries a signature of each, and{" "}
        <code>X-Webhook-Signature</code> is made with the old one.
      </p>
      {canWrite ? (
        <div className="actions">
          <Button onPress={() => setAsking(true)}>End the old secret now…</Button>
        </div>
      ) : null}
      {asking ? (
        <Confirm
          title="End the old secret now?"
          action="End the old secret"
          isPending={end.isPending}
          error={end.error}
          onClose={() => setAsking(false)}
          onConfirm={() =>
            end.mutate(undefined, {
              onSuccess: () => {
                setAsking(false);
                toast("The old secret is not valid any more.");
              },
            })
          }
        >
          <p>
            From the next request on only the new secret signs. A server that still has the old one
            alone refuses what it gets.
          </p>
        </Confirm>
      ) : null}
    </section>
  );
}
