// What an answer other than 2xx becomes: an error with the server's own words in it.
import type { Problem } from "./types";

export class ProblemError extends Error {
  override name = "ProblemError";

  constructor(
    readonly status: number,
    /** One of the closed list in docs/reference/errors.md; none if the answer was not the server's. */
    readonly code: string | undefined,
    readonly title: string,
    detail: string,
    readonly requestId: string | undefined,
    readonly fields: { pointer: string; detail: string }[] = [],
  ) {
    super(detail);
  }

  /** What is wrong with one member of the body that was sent. */
  field(pointer: string): string | undefined {
    return this.fields.find((field) => field.pointer === pointer)?.detail;
  }
}

/** The problem that an answer tells of, whoever sent it. */
export function problemFrom(body: unknown, response: Response): ProblemError {
  const requestId = response.headers.get("X-Request-Id") ?? undefined;
  if (isProblem(body)) {
    return new ProblemError(
      response.status,
      body.code,
      body.title,
      body.detail,
      requestId ?? body.request_id,
      body.errors,
    );
  }
  return new ProblemError(
    response.status,
    undefined,
    `The server answered ${response.status}`,
    "The answer did not come from Waxwing. A proxy in front of it may have sent it.",
    requestId,
  );
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "code" in body && "detail" in body;
}
