// What an entry of the audit log changed: the members that differ, before and after.
import type { ReactNode } from "react";
import type { AuditEntry } from "../../api/types";

/** Longer values are shown when they are asked for. */
const SHORT = 160;

type Members = Record<string, unknown>;

export function Changes(props: { entry: AuditEntry }): ReactNode {
  const before = (props.entry.before ?? {}) as Members;
  const after = (props.entry.after ?? {}) as Members;
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = names.filter((name) => text(before[name]) !== text(after[name]));
  if (changed.length === 0) return <span className="muted">–</span>;
  return (
    <ul className="changes">
      {changed.map((name) => (
        <li key={name}>
          <Change
            name={name}
            before={name in before ? text(before[name]) : undefined}
            after={name in after ? text(after[name]) : undefined}
          />
        </li>
      ))}
    </ul>
  );
}

function Change(props: {
  name: string;
  before: string | undefined;
  after: string | undefined;
}): ReactNode {
  const { name, before, after } = props;
  const values = (
    <>
      {before === undefined ? null : <del>{before}</del>}{" "}
      {after === undefined ? null : <ins>{after}</ins>}
    </>
  );
  if ((before ?? "").length + (after ?? "").length <= SHORT) {
    return (
      <>
        <span className="muted">{name}:</span> {values}
      </>
    );
  }
  return (
    <details>
      <summary>{name}</summary>
      {values}
    </details>
  );
}

function text(value: unknown): string {
  if (value === undefined || value === null) return "none";
  return typeof value === "string" ? value : JSON.stringify(value);
}
