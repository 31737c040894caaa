// One line or several of text, with a label, a hint, and what the server says is wrong with it.
import { type HTMLInputTypeAttribute, type ReactNode, useEffect, useRef } from "react";
import { FieldError, Input, Label, Text, TextArea, TextField } from "react-aria-components";

interface FieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  hint?: ReactNode;
  error?: string | undefined;
  type?: HTMLInputTypeAttribute;
  /** Several lines: how many are seen at once. */
  rows?: number;
  placeholder?: string;
  required?: boolean;
  autoFocus?: boolean;
  /** For keys, URLs and JSON. */
  code?: boolean;
  list?: string | undefined;
  /** Part of a filter, where every field may be empty without saying so. */
  plain?: boolean;
  maxLength?: number;
}

export function Field(props: FieldProps): ReactNode {
  const { label, hint, error, rows, code, list, placeholder, maxLength } = props;
  const className = code ? "input code" : "input";
  const input = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  // What is wrong is where one goes on; of several, the first.
  useEffect(() => {
    const element = input.current;
    if (error === undefined || element === null) return;
    if (element.form?.querySelector('[aria-invalid="true"]') === element) element.focus();
  }, [error]);
  return (
    <TextField
      className="field"
      value={props.value}
      onChange={props.onChange}
      isInvalid={error !== undefined}
      isRequired={props.required ?? false}
      autoFocus={props.autoFocus ?? false}
      maxLength={maxLength}
      type={props.type ?? "text"}
      validationBehavior="aria"
    >
      <Label>
        {label}
        {props.required || props.plain ? null : <span className="optional"> (optional)</span>}
      </Label>
      {hint === undefined ? null : (
        <Text slot="description" className="hint">
          {hint}
        </Text>
      )}
      {rows === undefined ? (
        <Input
          ref={input}
          className={className}
          placeholder={placeholder}
          list={list}
          autoComplete="off"
          spellCheck={!code}
          step={props.type === "datetime-local" ? 1 : undefined}
        />
      ) : (
        <TextArea
          ref={input}
          className={className}
          rows={rows}
          placeholder={placeholder}
          spellCheck={!code}
        />
      )}
      <FieldError className="error">{error}</FieldError>
    </TextField>
  );
}
