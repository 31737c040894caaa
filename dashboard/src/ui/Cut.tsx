// Texts in a table that are cut off where room ends, and are whole for who points at them.
import type { ReactNode } from "react";
import { Link } from "wouter";

export function Cut(props: {
  text: string;
  hint?: boolean;
  code?: boolean;
  /** Over two lines, for sentences. */
  two?: boolean;
}): ReactNode {
  const { text } = props;
  const names = [
    props.two ? "cut-two" : "cut",
    props.hint ? "hint" : "",
    props.code ? "code" : "",
  ];
  return (
    <div className={names.filter(Boolean).join(" ")} title={text}>
      {text}
    </div>
  );
}

/** What a row is about, and the way to it. */
export function RowLink(props: { to: string; text: string; code?: boolean }): ReactNode {
  return (
    <Link to={props.to} className={props.code ? "row-link code" : "row-link"} title={props.text}>
      {props.text}
    </Link>
  );
}
