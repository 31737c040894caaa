// JSON whose numbers keep all of their digits, which JSON.parse would take from long ones:
// 250.00 stays 250.00.

export interface Token {
  kind: "name" | "text" | "number" | "word" | "mark";
  text: string;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}[\]:,]/g;

/** The tokens of a JSON text, with line breaks and indents among the marks. */
export function indented(text: string): Token[] {
  const raw = text.match(TOKEN) ?? [];
  const tokens: Token[] = [];
  let depth = 0;
  const lineBreak = (): string => `\n${"  ".repeat(depth)}`;
  raw.forEach((token, at) => {
    const next = raw[at + 1];
    if (token === "{" || token === "[") {
      const empty = next === "}" || next === "]";
      if (!empty) depth += 1;
      tokens.push(mark(empty ? token : token + lineBreak()));
    } else if (token === "}" || token === "]") {
      const before = raw[at - 1];
      const empty = before === "{" || before === "[";
      if (!empty) depth = Math.max(0, depth - 1);
      tokens.push(mark(empty ? token : lineBreak() + token));
    } else if (token === ",") tokens.push(mark(token + lineBreak()));
    else if (token === ":") tokens.push(mark(": "));
    else tokens.push({ kind: kindOf(token, next), text: token });
  });
  return tokens;
}

/** The same as one text. */
export function pretty(text: string): string {
  return indented(text)
    .map((token) => token.text)
    .join("");
}

function mark(text: string): Token {
  return { kind: "mark", text };
}

function kindOf(token: string, next: string | undefined): Token["kind"] {
  if (token.startsWith('"')) return next === ":" ? "name" : "text";
  return /^[-\d]/.test(token) ? "number" : "word";
}

/** Stands in front of the digits of a number that was read as a text. */
const NUMBER = "\u0001";
const TEXT_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;
const KEPT_NUMBER = /"\\u0001([^"]*)"/g;

/** Reads JSON, numbers as texts that `writeExact` knows. */
export function readExact(text: string): unknown {
  const kept = text.replace(TEXT_OR_NUMBER, (token) =>
    token.startsWith('"') ? token : JSON.stringify(NUMBER + token),
  );
  return JSON.parse(kept) as unknown;
}

/** Writes what `readExact` read, digit by digit as it was. */
export function writeExact(value: unknown): string {
  return JSON.stringify(value).replace(KEPT_NUMBER, "$1");
}
