// Code, JSON and other texts that are read letter by letter, with a button that copies them.
import type { ReactNode } from "react";
import { CopyButton } from "./Copy";
import { indented, pretty } from "./json";

export function CodeBlock(props: {
  label: string;
  text: string;
  children?: ReactNode;
  wrap?: boolean;
}): ReactNode {
  return (
    <div className="code-block">
      <div className="code-copy">
        <CopyButton text={props.text} />
      </div>
      <pre
        className={props.wrap ? "wrap" : undefined}
        tabIndex={0}
        role="region"
        aria-label={props.label}
      >
        <code>{props.children ?? props.text}</code>
      </pre>
    </div>
  );
}

/** JSON as it came, indented. */
export function JsonBlock(props: { label: string; text: string }): ReactNode {
  return (
    <CodeBlock label={props.label} text={pretty(props.text)}>
      {indented(props.text).map((token, at) =>
        token.kind === "mark" ? (
          token.text
        ) : (
          <span key={at} className={`json-${token.kind}`}>
            {token.text}
          </span>
        ),
      )}
    </CodeBlock>
  );
}
