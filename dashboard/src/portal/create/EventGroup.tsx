// A family of event types: all of it with one tick, or some of its members.
import { type ReactNode, useState } from "react";
import type { EventType } from "../../api/catalog";
import { Button } from "../../ui/Button";
import { CheckField } from "../../ui/Choice";
import { Examples } from "../EventTypes";

export function EventGroup(props: {
  family: string;
  types: readonly EventType[];
  patterns: readonly string[];
  /** Its members are shown without being asked for, because somebody looks for one. */
  isSought: boolean;
  onChange: (patterns: string[]) => void;
}): ReactNode {
  const { family, types, patterns, onChange } = props;
  const whole = `${family}.*`;
  const all = patterns.includes(whole);
  const chosen = types.filter((type) => patterns.includes(type.type)).length;
  const [isOpened, setOpened] = useState(chosen > 0);
  const isOpen = isOpened || props.isSought;
  const toggle = (pattern: string, checked: boolean): void => {
    const others = patterns.filter((other) => other !== pattern);
    onChange(checked ? [...others, pattern] : others);
  };
  return (
    <div className="picker-group" role="group" aria-label={family}>
      <div className="picker-head">
        <CheckField
          label={
            <>
              All of <code>{whole}</code>
            </>
          }
          checked={all}
          onChange={(checked) => toggle(whole, checked)}
        />
        <Button small look="quiet" aria-expanded={isOpen} onPress={() => setOpened(!isOpened)}>
          {chosen > 0
            ? `${chosen} of ${types.length} chosen`
            : types.length === 1
              ? "1 type"
              : `${types.length} types`}
        </Button>
      </div>
      {isOpen ? (
        <ul className="picker-types">
          {types.map((type) => (
            <li key={type.type}>
              {all ? (
                <Included type={type} />
              ) : (
                <CheckField
                  label={<code>{type.type}</code>}
                  hint={type.description}
                  checked={patterns.includes(type.type)}
                  onChange={(checked) => toggle(type.type, checked)}
                />
              )}
              <Examples type={type} />
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}

/** A type that the family's tick takes along. */
function Included(props: { type: EventType }): ReactNode {
  return (
    <div className="picked">
      <code>{props.type.type}</code>
      <div className="hint">{props.type.description}</div>
    </div>
  );
}
