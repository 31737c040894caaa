// How long until a moment, counted down.
import type { ReactNode } from "react";
import { useNow } from "./Time";
import { span, utc } from "./time";

export function Countdown(props: { to: string; over: string }): ReactNode {
  const left = new Date(props.to).getTime() - useNow(1000);
  return (
    <time dateTime={props.to} title={utc(props.to)}>
      {left <= 0 ? props.over : `in ${span(Math.ceil(left / 1000) * 1000)}`}
    </time>
  );
}
