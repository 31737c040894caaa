// An error in the place where it happened: what it was, and the id to tell the operator.
import type { ReactNode } from "react";
import { ProblemError } from "../api/problem";
import { Button } from "./Button";

export function Failure(props: { error: Error | null; onRetry?: () => void }): ReactNode {
  const { error } = props;
  if (error === null) return null;
  const problem = error instanceof ProblemError ? error : undefined;
  return (
    <div className="notice bad" role="alert">
      <p className="notice-title">{problem?.title ?? "Something went wrong in this page"}</p>
      <p>{sentence(error.message)}</p>
      {problem?.requestId === undefined ? null : (
        <p className="hint">
          Request <code>{problem.requestId}</code>
        </p>
      )}
      {props.onRetry === undefined ? null : (
        <Button small onPress={props.onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** The server's details begin in lower case and have no full stop. */
function sentence(text: string): string {
  const whole = /[.!?]$/.test(text) ? text : `${text}.`;
  return whole.charAt(0).toUpperCase() + whole.slice(1);
}
