// Copies a text, and says so.
import { type ReactNode, useEffect, useState } from "react";
import { Button } from "./Button";

export function CopyButton(props: {
  text: string;
  label?: string;
  look?: "primary" | "plain";
}): ReactNode {
  const [state, setState] = useState<"ready" | "copied" | "refused">("ready");
  useEffect(() => {
    if (state === "ready") return;
    const timer = window.setTimeout(() => setState("ready"), 2000);
    return () => window.clearTimeout(timer);
  }, [state]);
  const copy = (): void => {
    navigator.clipboard.writeText(props.text).then(
      () => setState("copied"),
      () => setState("refused"),
    );
  };
  const label = props.label ?? "Copy";
  return (
    <>
      <Button small look={props.look ?? "plain"} onPress={copy}>
        {state === "copied" ? "Copied" : state === "refused" ? "Select and copy it" : label}
      </Button>
      <span className="visually-hidden" role="status">
        {state === "copied" ? "Copied" : ""}
      </span>
    </>
  );
}
