// The code that customers copy is taken out of docs/receiving, where tests run it: what the page
// shows cannot drift from the libraries. Imported as "virtual:verification-code".
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

const NAME = "virtual:verification-code";
const DOCS = new URL("../../docs/receiving/", import.meta.url);

const LANGUAGES = [
  {
    id: "typescript",
    title: "TypeScript",
    library: ["typescript.md", "## First example"],
    byHand: ["without-a-library.md", "## TypeScript (Node)"],
  },
  {
    id: "python",
    title: "Python",
    library: ["python.md", "**Flask**"],
    byHand: ["without-a-library.md", "## Python"],
  },
  {
    id: "php",
    title: "PHP",
    library: ["php.md", "## First example"],
    byHand: ["without-a-library.md", "## PHP"],
  },
] as const;

export function verificationCode(): Plugin {
  return {
    name: "verification-code",
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load(id) {
      if (id !== `\0${NAME}`) return undefined;
      const languages = LANGUAGES.map(({ id, title, library, byHand }) => ({
        id,
        title,
        library: firstCodeBlock(library[0], library[1]),
        byHand: firstCodeBlock(byHand[0], byHand[1]),
      }));
      return `export default ${JSON.stringify(languages)}`;
    },
  };
}

/** The first block of code below a line of a page. */
function firstCodeBlock(page: string, line: string): string {
  const text = readFileSync(new URL(page, DOCS), "utf8");
  const [, below] = text.split(`\n${line}\n`);
  const code = below === undefined ? null : /```\w+\n([\s\S]*?)```/.exec(below);
  if (code?.[1] === undefined)
    throw new Error(`docs/receiving/${page} has no code below "${line}"`);
  return code[1].trimEnd();
}
