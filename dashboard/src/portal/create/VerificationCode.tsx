// Code to copy, in three languages: with our library, or with nothing but the language.
import { type ReactNode, useState } from "react";
import languages from "virtual:verification-code";
import { CodeBlock } from "../../ui/Code";
import { Segments } from "../../ui/Segments";
import { Tabs } from "../../ui/Tabs";

const WAYS = [
  { value: "library", label: "With the library" },
  { value: "byHand", label: "Without it" },
] as const;

export function VerificationCode(props: { secret: string }): ReactNode {
  const [way, setWay] = useState<(typeof WAYS)[number]["value"]>("library");
  return (
    <div className="stack">
      <Segments label="How to verify" value={way} onChange={setWay} options={WAYS} />
      <Tabs
        label="Language"
        tabs={languages.map((language) => ({
          id: language.id,
          title: language.title,
          content: (
            <div className="stack">
              <Environment code={language[way]} secret={props.secret} />
              <CodeBlock label={`${language.title} code`} text={language[way]} />
            </div>
          ),
        }))}
      />
    </div>
  );
}

/** The variable that the code reads the secret from, if it reads one. */
function Environment(props: { code: string; secret: string }): ReactNode {
  const variable = /WEBHOOK_SECRETS?/.exec(props.code)?.[0];
  if (variable === undefined) return null;
  return <CodeBlock label="Environment" text={`export ${variable}='${props.secret}'`} wrap />;
}
