// Fields of a filter.
import { type ReactNode, useEffect, useState } from "react";
import { Field } from "./Field";
import { toInput, toUtc } from "./time";

const TYPING_MS = 300;

/** A text that counts once the typing has paused. */
export function TypedField(props: {
  label: string;
  value: string;
  list?: string | undefined;
  onChange: (value: string) => void;
}): ReactNode {
  const { value, onChange } = props;
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  // Back, or "Show all", changes the address and with it the text.
  if (known !== value) {
    setKnown(value);
    setText(value);
  }
  useEffect(() => {
    const trimmed = text.trim();
    if (trimmed === value) return;
    const timer = window.setTimeout(() => onChange(trimmed), TYPING_MS);
    return () => window.clearTimeout(timer);
  }, [text, value, onChange]);
  return <Field label={props.label} value={text} onChange={setText} code list={props.list} plain />;
}

/** A moment in the viewer's zone. */
export function MomentField(props: {
  label: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}): ReactNode {
  return (
    <Field
      label={props.label}
      type="datetime-local"
      value={toInput(props.value)}
      onChange={(value) => props.onChange(toUtc(value))}
      plain
    />
  );
}
