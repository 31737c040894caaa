// A secret, shown this once, with the code that checks what is signed with it.
import type { ReactNode } from "react";
import { Button } from "../../ui/Button";
import { CodeBlock } from "../../ui/Code";
import { Card } from "../../ui/Page";
import { VerificationCode } from "./VerificationCode";

export function NewSecret(props: { secret: string; onDone: () => void }): ReactNode {
  return (
    <>
      <Card title="Signing secret">
        <p>
          <strong>Copy it now: it is not shown again.</strong> Keep it where your server keeps its
          other secrets. If it is lost, rotate it in the settings of the webhook.
        </p>
        <CodeBlock label="Signing secret" text={props.secret} wrap />
        <div className="actions">
          <Button look="primary" onPress={props.onDone}>
            I have kept it
          </Button>
        </div>
      </Card>
      <Card title="Verify what comes">
        <p>
          Anybody can send a request to your URL. Check the signature before anything else, over the
          bytes that came.
        </p>
        <VerificationCode secret={props.secret} />
      </Card>
    </>
  );
}
