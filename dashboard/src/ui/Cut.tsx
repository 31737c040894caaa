// Texts that are longer than their room: cut off, and whole for who points at them, or broken well.
import { Fragment, type ReactNode } from "react";
import { Link } from "wouter";

export function Cut(props: {
  text: string;
  hint?: boolean;
  code?: boolean;
  /** Over two lines, for sentences. */
  two?: boolean;
}): ReactNode {
  const { text } = props;
  const names = [props.two ? "cut-two" : "cut", props.hint ? "hint" : "", props.code ? "code" : ""];
  return (
    <div className={names.filter(Boolean).join(" ")} title={text}>
      {text}
    </div>
  );
}

/** A URL that rather breaks after its slashes than within a word. */
export function Breakable(props: { text: string }): ReactNode {
  return props.text.split(/(?<=[^/]\/)/).map((part, at) => (
    <Fragment key={at}>
      {part}
      <wbr />
    </Fragment>
  ));
}

/** What a row is about, and the way to it. */
export function RowLink(props: { to: string; text: string; code?: boolean }): ReactNode {
  return (
    <Link to={props.to} className={props.code ? "row-link code" : "row-link"} title={props.text}>
      {props.text}
    </Link>
  );
}
