// The page for whoever has no key in this tab: paste one, or follow a portal link.
import { type ReactNode, useState } from "react";
import { ProblemError } from "../api/problem";
import { Button } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { Field } from "../ui/Field";
import { useTheme } from "./theme";
import { Brand } from "./Brand";

/** Why nobody is signed in any more; an error when the key could not be looked up. */
export type SignInReason = "signed-out" | "expired" | Error;

export function SignIn(props: {
  reason: SignInReason | undefined;
  onKey: (key: string) => void;
}): ReactNode {
  const [key, setKey] = useState("");
  const theme = useTheme();
  return (
    <main className="sign-in" id="content">
      <div className="card">
        <Brand />
        <h1>Sign in</h1>
        <Why reason={props.reason} />
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (key.trim() !== "") props.onKey(key.trim());
          }}
        >
          <Field
            label="Key"
            value={key}
            onChange={setKey}
            type="password"
            required
            autoFocus
            code
            hint={`An account key or an operator key. It stays in this tab and is sent to ${window.location.host} only.`}
          />
          <Button type="submit" look="primary" isDisabled={key.trim() === ""}>
            Sign in
          </Button>
        </form>
        <p className="hint">
          No key? Open the webhooks page from {theme.name ?? "the product that sends you webhooks"}:
          its link signs you in.
        </p>
      </div>
    </main>
  );
}

function Why(props: { reason: SignInReason | undefined }): ReactNode {
  const { reason } = props;
  if (reason === undefined) return null;
  if (reason === "signed-out") return <p className="notice">You are signed out.</p>;
  if (reason === "expired" || (reason instanceof ProblemError && reason.status === 401)) {
    return (
      <div className="notice warn" role="alert">
        <p className="notice-title">Your key or link is not valid any more</p>
        <p>
          It has expired or was revoked. Open the page from your product again, or sign in with a
          valid key. What you looked at is not lost.
        </p>
      </div>
    );
  }
  return <Failure error={reason} />;
}
