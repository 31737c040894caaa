// Asks how long the old secret stays valid.
import { type ReactNode, useState } from "react";
import { SelectField } from "../../ui/Choice";
import { Confirm } from "../../ui/Confirm";

const HOUR = 3600;

const GRACES = [
  { value: "default", label: "As the sender has set it (a day, as a rule)" },
  { value: String(HOUR), label: "1 hour" },
  { value: String(24 * HOUR), label: "1 day" },
  { value: String(7 * 24 * HOUR), label: "1 week" },
  { value: "0", label: "Not at all: it has leaked" },
];

export function RotateDialog(props: {
  isPending: boolean;
  error: Error | null;
  onRotate: (graceSeconds: number | undefined) => void;
  onClose: () => void;
}): ReactNode {
  const [grace, setGrace] = useState("default");
  return (
    <Confirm
      title="Rotate the secret?"
      action="Make a new secret"
      harmless={grace !== "0"}
      isPending={props.isPending}
      error={props.error}
      onClose={props.onClose}
      onConfirm={() => props.onRotate(grace === "default" ? undefined : Number(grace))}
    >
      <p>A new secret is made, and shown once.</p>
      <SelectField
        label="How long the old one stays valid"
        value={grace}
        onChange={setGrace}
        options={GRACES}
      />
      {grace === "0" ? (
        <p>
          <strong>Your server refuses everything until it has the new secret.</strong> What it
          refuses is tried again.
        </p>
      ) : (
        <p>
          Meanwhile requests are signed with both, so that your server can change without a gap.
        </p>
      )}
    </Confirm>
  );
}
