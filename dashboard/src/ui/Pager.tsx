// Pages of a list that is read by cursor: back to the first, on to the next. A page is as quick
// after millions of rows as at the start, and no more than one is kept in the window.
import { type ReactNode, useState } from "react";
import { Button } from "./Button";

export function Pager(props: {
  cursor: string | undefined;
  next: string | null | undefined;
  onChange: (cursor: string | undefined) => void;
  words?: { first: string; before: string; next: string };
}): ReactNode {
  const words = props.words ?? { first: "First page", before: "Previous", next: "Next" };
  // The cursors of the pages before this one; the first page has none.
  const [before, setBefore] = useState<(string | undefined)[]>([]);
  if (props.cursor === undefined && !props.next) return null;
  return (
    <nav className="pager" aria-label="Pages">
      <Button
        small
        isDisabled={props.cursor === undefined}
        onPress={() => {
          setBefore([]);
          props.onChange(undefined);
        }}
      >
        {words.first}
      </Button>
      <Button
        small
        isDisabled={before.length === 0 || props.cursor === undefined}
        onPress={() => {
          setBefore(before.slice(0, -1));
          props.onChange(before.at(-1));
        }}
      >
        {words.before}
      </Button>
      <Button
        small
        isDisabled={!props.next}
        onPress={() => {
          setBefore([...before, props.cursor]);
          props.onChange(props.next ?? undefined);
        }}
      >
        {words.next}
      </Button>
    </nav>
  );
}
