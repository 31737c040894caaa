// A new key, shown once.
import { type ReactNode, useState } from "react";
import { type Owner, useCreateKey } from "../../api/accounts";
import type { NewKey } from "../../api/accounts";
import { Button } from "../../ui/Button";
import { type Option, SelectField } from "../../ui/Choice";
import { CodeBlock } from "../../ui/Code";
import { Dialog } from "../../ui/Dialog";
import { Failure } from "../../ui/Failure";
import { Field } from "../../ui/Field";

const DAY = 86_400;

const LIFETIMES = [
  { value: "", label: "without end" },
  { value: String(30 * DAY), label: "30 days" },
  { value: String(90 * DAY), label: "90 days" },
  { value: String(365 * DAY), label: "a year" },
];

export function CreateKey(props: {
  owner: Owner;
  roles: readonly Option[];
  onClose: () => void;
}): ReactNode {
  const create = useCreateKey(props.owner);
  const [name, setName] = useState("");
  const [role, setRole] = useState(props.roles[0]?.value ?? "");
  const [lifetime, setLifetime] = useState("");
  if (create.data?.key) {
    return (
      <Dialog title="The new key" mustAnswer onClose={props.onClose}>
        <p>
          <strong>Copy it now: it is not shown again.</strong>
        </p>
        <CodeBlock label="New key" text={create.data.key} wrap />
        <div className="actions end">
          <Button look="primary" onPress={props.onClose}>
            I have kept it
          </Button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="Create key" onClose={props.onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate({
            name: name.trim() || undefined,
            // The options are those roles alone.
            role: role as NewKey["role"],
            expires_in_seconds: lifetime === "" ? undefined : Number(lifetime),
          });
        }}
      >
        <Field
          label="Name"
          hint="What it is for, such as the program that uses it."
          value={name}
          onChange={setName}
          autoFocus
          maxLength={256}
        />
        <SelectField label="Role" value={role} onChange={setRole} options={props.roles} />
        <SelectField label="Valid" value={lifetime} onChange={setLifetime} options={LIFETIMES} />
        <Failure error={create.error} />
        <div className="actions end">
          <Button onPress={props.onClose}>Cancel</Button>
          <Button type="submit" look="primary" isPending={create.isPending}>
            Create key
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
