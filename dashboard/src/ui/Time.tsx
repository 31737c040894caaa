// A moment: in the viewer's zone, with UTC at hand; or how far away it is.
import { type ReactNode, useEffect, useState } from "react";
import { local, relative, utc } from "./time";

/** The clock, read again every so often; once a second for countdowns. */
export function useNow(everyMs = 10_000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), everyMs);
    return () => window.clearInterval(timer);
  }, [everyMs]);
  return now;
}

export function Time(props: { at: string; ago?: boolean }): ReactNode {
  return props.ago ? <Ago at={props.at} /> : <Moment at={props.at}>{local(props.at)}</Moment>;
}

/** A moment with UTC beside it, for where there is room: a title is not seen on a phone. */
export function TimeWithUtc(props: { at: string }): ReactNode {
  return (
    <>
      <Time at={props.at} /> <span className="muted">({utc(props.at)})</span>
    </>
  );
}

/** A time, or a dash with the reason for it. */
export function MaybeTime(props: {
  at: string | null | undefined;
  none: string;
  ago?: boolean;
}): ReactNode {
  if (!props.at) return <span className="muted">{props.none}</span>;
  return <Time at={props.at} ago={props.ago ?? false} />;
}

function Ago(props: { at: string }): ReactNode {
  const now = useNow();
  return <Moment at={props.at}>{relative(props.at, now)}</Moment>;
}

function Moment(props: { at: string; children: ReactNode }): ReactNode {
  return (
    <time dateTime={props.at} title={`${local(props.at)} here · ${utc(props.at)}`}>
      {props.children}
    </time>
  );
}
