// The catalog of event types, as its operator keeps it.
import { type ReactNode, useState } from "react";
import { type EventType, useCatalog, useDeleteEventType } from "../../api/catalog";
import { Examples } from "../../portal/EventTypes";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Confirm";
import { Field } from "../../ui/Field";
import { Empty, Loaded } from "../../ui/Loaded";
import { Card, Page } from "../../ui/Page";
import { toast } from "../../ui/toast";
import { EditEventType } from "./EditEventType";

export default function Catalog(): ReactNode {
  const catalog = useCatalog();
  const [search, setSearch] = useState("");
  // An event type that is edited; null for a new one.
  const [editing, setEditing] = useState<EventType | null>();
  const [deleting, setDeleting] = useState<string>();
  return (
    <Page
      title="Event types"
      actions={
        <Button look="primary" onPress={() => setEditing(null)}>
          Add event type
        </Button>
      }
    >
      <Loaded query={catalog} lines={8}>
        {(types) =>
          types.length === 0 ? (
            <Empty title="The catalog is empty.">
              <p>
                While it is, webhooks can subscribe to any type. Describe your types here, and
                customers choose from them.
              </p>
            </Empty>
          ) : (
            <>
              <div className="filters">
                <Field label="Find" value={search} onChange={setSearch} type="search" plain />
              </div>
              <Card>
                <ul className="catalog">
                  {types
                    .filter((type) => matches(type, search))
                    .map((type) => (
                      <li key={type.type}>
                        <Entry
                          type={type}
                          onEdit={() => setEditing(type)}
                          onDelete={() => setDeleting(type.type)}
                        />
                      </li>
                    ))}
                </ul>
              </Card>
            </>
          )
        }
      </Loaded>
      {editing === undefined ? null : (
        <EditEventType edited={editing} onClose={() => setEditing(undefined)} />
      )}
      {deleting === undefined ? null : (
        <Delete type={deleting} onClose={() => setDeleting(undefined)} />
      )}
    </Page>
  );
}

function Entry(props: { type: EventType; onEdit: () => void; onDelete: () => void }): ReactNode {
  const { type } = props;
  return (
    <>
      <div className="card-head">
        <h2 className="code">{type.type}</h2>
        <div className="actions">
          <Button small aria-label={`Edit ${type.type}`} onPress={props.onEdit}>
            Edit
          </Button>
          <Button small aria-label={`Delete ${type.type}`} onPress={props.onDelete}>
            Delete…
          </Button>
        </div>
      </div>
      <p>{type.description ?? <span className="muted">No description.</span>}</p>
      <Examples type={type} />
    </>
  );
}

function Delete(props: { type: string; onClose: () => void }): ReactNode {
  const remove = useDeleteEventType();
  return (
    <Confirm
      title={`Delete ${props.type}?`}
      action="Delete event type"
      isPending={remove.isPending}
      error={remove.error}
      onClose={props.onClose}
      onConfirm={() =>
        remove.mutate(props.type, {
          onSuccess: () => {
            toast(`${props.type} is deleted.`);
            props.onClose();
          },
        })
      }
    >
      <p>
        It is not offered any more, and its schema is not checked any more. Webhooks that subscribe
        to it keep doing so, and events of it can still be published.
      </p>
    </Confirm>
  );
}

function matches(type: EventType, search: string): boolean {
  const sought = search.trim().toLowerCase();
  return `${type.type} ${type.description ?? ""}`.toLowerCase().includes(sought);
}
