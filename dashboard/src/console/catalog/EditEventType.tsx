// A new event type, or a change of one.
import { type ReactNode, useState } from "react";
import { type EventType, usePutEventType } from "../../api/catalog";
import { ProblemError } from "../../api/problem";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Failure } from "../../ui/Failure";
import { Field } from "../../ui/Field";
import { pretty } from "../../ui/json";
import { toast } from "../../ui/toast";

export function EditEventType(props: { edited: EventType | null; onClose: () => void }): ReactNode {
  const { edited } = props;
  const put = usePutEventType();
  const [type, setType] = useState(edited?.type ?? "");
  const [description, setDescription] = useState(edited?.description ?? "");
  const [example, setExample] = useState(pretty(edited?.example ?? ""));
  const [schema, setSchema] = useState(pretty(edited?.schema ?? ""));
  const problem = put.error instanceof ProblemError ? put.error : undefined;
  const wrongExample = misread(example);
  const wrongSchema = misread(schema);
  return (
    <Dialog
      title={edited === null ? "Add event type" : `Edit ${edited.type}`}
      onClose={props.onClose}
      wide
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          put.mutate(
            {
              type: type.trim(),
              description: description.trim() || undefined,
              example: example.trim() || undefined,
              schema: schema.trim() || undefined,
            },
            {
              onSuccess: () => {
                toast(`${type.trim()} is saved.`);
                props.onClose();
              },
            },
          );
        }}
      >
        {edited === null ? (
          <Field
            label="Type"
            hint="Words of A-Z, a-z, 0-9, _ and - with dots between them, such as deposit.completed."
            value={type}
            onChange={setType}
            required
            autoFocus
            code
            maxLength={128}
          />
        ) : null}
        <Field
          label="Description"
          hint="When it happens, for the customer who looks for it."
          value={description}
          onChange={setDescription}
          rows={2}
          error={problem?.field("/description")}
          maxLength={2048}
        />
        <Field
          label="Example of data"
          hint="JSON."
          value={example}
          onChange={setExample}
          rows={6}
          error={wrongExample ?? problem?.field("/example")}
          code
        />
        <Field
          label="JSON Schema of data"
          hint="Events that do not satisfy it are refused when they are published."
          value={schema}
          onChange={setSchema}
          rows={6}
          error={wrongSchema ?? problem?.field("/schema")}
          code
        />
        <Failure error={put.error} />
        <div className="actions end">
          <Button onPress={props.onClose}>Cancel</Button>
          <Button
            type="submit"
            look="primary"
            isDisabled={
              type.trim() === "" || wrongExample !== undefined || wrongSchema !== undefined
            }
            isPending={put.isPending}
          >
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Why a text is no JSON. */
function misread(text: string): string | undefined {
  try {
    if (text.trim() !== "") JSON.parse(text);
    return undefined;
  } catch (error) {
    return `This is no JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}
