// Whether the log follows what happens.
import type { ReactNode } from "react";
import type { LiveState } from "../../api/live";

const WORDS: Record<LiveState, string> = {
  connecting: "Connecting…",
  live: "Live: new events appear by themselves",
  broken: "Not live: it is tried again in a moment",
};

export function LiveMark(props: { state: LiveState }): ReactNode {
  return (
    <p className="live" data-state={props.state} role="status">
      {WORDS[props.state]}
    </p>
  );
}
