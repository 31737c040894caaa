// Asks before something that cannot be taken back, and says what it does.
import { type ReactNode, useState } from "react";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { Failure } from "./Failure";
import { Field } from "./Field";

export function Confirm(props: {
  title: string;
  /** What happens, in full sentences. */
  children: ReactNode;
  /** On the button: the verb, such as "Delete webhook". */
  action: string;
  /** A text that must be typed first, for what destroys most. */
  typed?: { label: string; text: string };
  harmless?: boolean;
  isPending: boolean;
  error: Error | null;
  onConfirm: () => void;
  onClose: () => void;
}): ReactNode {
  const [typed, setTyped] = useState("");
  const ready = props.typed === undefined || typed.trim() === props.typed.text;
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) props.onConfirm();
        }}
      >
        <div className="prose">{props.children}</div>
        {props.typed === undefined ? null : (
          <Field
            label={props.typed.label}
            value={typed}
            onChange={setTyped}
            code
            required
            autoFocus
          />
        )}
        <Failure error={props.error} />
        <div className="actions end">
          <Button onPress={props.onClose}>Cancel</Button>
          <Button
            type="submit"
            look={props.harmless ? "primary" : "danger"}
            isDisabled={!ready}
            isPending={props.isPending}
          >
            {props.action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
