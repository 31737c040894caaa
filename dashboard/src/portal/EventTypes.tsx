// The catalog as a customer reads it: what there is to subscribe to, and what it looks like.
import type { ReactNode } from "react";
import { type EventType, useCatalog } from "../api/catalog";
import { JsonBlock } from "../ui/Code";
import { Empty, Loaded } from "../ui/Loaded";
import { Card, Page } from "../ui/Page";

export default function EventTypes(): ReactNode {
  const catalog = useCatalog();
  return (
    <Page title="Event types">
      <Loaded query={catalog}>
        {(types) =>
          types.length === 0 ? (
            <Empty title="The catalog is empty.">
              <p>A webhook can subscribe to any type by its name, or to all with *.</p>
            </Empty>
          ) : (
            <Card>
              <ul className="catalog">
                {types.map((type) => (
                  <li key={type.type}>
                    <Described type={type} />
                  </li>
                ))}
              </ul>
            </Card>
          )
        }
      </Loaded>
    </Page>
  );
}

function Described(props: { type: EventType }): ReactNode {
  const { type } = props;
  return (
    <>
      <h2 className="code">{type.type}</h2>
      <p>{type.description ?? <span className="muted">No description.</span>}</p>
      <Examples type={type} />
    </>
  );
}

/** Example and schema, out of the way until somebody asks. */
export function Examples(props: { type: EventType }): ReactNode {
  const { type, example, schema } = props.type;
  return (
    <>
      {example === undefined ? null : (
        <details>
          <summary>Example of data</summary>
          <JsonBlock label={`Example of ${type}`} text={example} />
        </details>
      )}
      {schema === undefined ? null : (
        <details>
          <summary>JSON Schema of data</summary>
          <JsonBlock label={`JSON Schema of ${type}`} text={schema} />
        </details>
      )}
    </>
  );
}
