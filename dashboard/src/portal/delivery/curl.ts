// A delivery's request as a command for a shell.
import type { Delivery } from "../../api/types";

type Request = NonNullable<Delivery["request"]>;

export function asCurl(request: Request): string {
  const headers = request.headers.map(
    // What the account keeps secret is not shown; it must be filled in.
    (header) => `  -H ${quoted(`${header.name}: ${header.value ?? "<your value>"}`)}`,
  );
  const lines = [
    `curl -X ${request.method} ${quoted(request.url)}`,
    ...headers,
    `  --data-raw ${quoted(request.body)}`,
  ];
  return lines.join(" \\\n");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
