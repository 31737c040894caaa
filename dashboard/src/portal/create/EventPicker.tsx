// What a webhook subscribes to: everything, whole families of types, or single ones.
import { type ReactNode, useState } from "react";
import { useCatalog } from "../../api/catalog";
import { CheckField } from "../../ui/Choice";
import { Field } from "../../ui/Field";
import { Loaded } from "../../ui/Loaded";
import { EventGroup } from "./EventGroup";
import { byFamily, unlisted, withoutCovered } from "./patterns";

export function EventPicker(props: {
  patterns: readonly string[];
  onChange: (patterns: string[]) => void;
  error?: string | undefined;
}): ReactNode {
  const { patterns, onChange } = props;
  const catalog = useCatalog();
  const [search, setSearch] = useState("");
  const all = patterns.includes("*");
  return (
    <fieldset className="picker" aria-describedby={props.error ? "picker-error" : undefined}>
      <legend>Events</legend>
      {props.error === undefined ? null : (
        <p className="error" id="picker-error" role="alert">
          {props.error}
        </p>
      )}
      <CheckField
        label="All events"
        hint="Everything that happens, and types that are added later."
        checked={all}
        onChange={(checked) => onChange(checked ? ["*"] : [])}
      />
      {all ? null : (
        <Loaded query={catalog}>
          {(types) => (
            <>
              {types.length > 8 ? (
                <Field
                  label="Find a type"
                  value={search}
                  onChange={setSearch}
                  type="search"
                  plain
                />
              ) : null}
              {byFamily(types, search).map(([family, members]) => (
                <EventGroup
                  key={family}
                  family={family}
                  types={members}
                  patterns={patterns}
                  isSought={search.trim() !== ""}
                  onChange={(changed) => onChange(withoutCovered(changed))}
                />
              ))}
              <OtherPatterns
                key={types.length}
                patterns={patterns}
                listed={types.map((type) => type.type)}
                onChange={onChange}
              />
            </>
          )}
        </Loaded>
      )}
    </fieldset>
  );
}

/** Prefixes that no family has, and types that the catalog does not know. */
function OtherPatterns(props: {
  patterns: readonly string[];
  listed: readonly string[];
  onChange: (patterns: string[]) => void;
}): ReactNode {
  const others = unlisted(props.patterns, props.listed);
  const [text, setText] = useState(others.join(" "));
  return (
    <Field
      label={props.listed.length === 0 ? "Types" : "Others"}
      hint="Types or prefixes such as deposit.*, with a space between them."
      value={text}
      code
      onChange={(changed) => {
        setText(changed);
        const kept = props.patterns.filter((pattern) => !others.includes(pattern));
        const typed = changed.split(/[\s,]+/).filter(Boolean);
        props.onChange([...kept, ...typed.filter((pattern) => !kept.includes(pattern))]);
      }}
    />
  );
}
