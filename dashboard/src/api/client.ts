// Requests to the server that served this page: typed by its OpenAPI document, with the key of
// the session, and for an operator with the account that is looked at.
import createClient, { type Client, type Middleware } from "openapi-fetch";
import { problemFrom, ProblemError } from "./problem";
import type { paths } from "./schema";

export interface Credentials {
  key: string;
  /** The account that an operator acts for. */
  account?: string | undefined;
}

export interface Api extends Client<paths> {
  /** An answer that is read as it comes; `after` is the id of the last event that was read. */
  stream(path: string, signal: AbortSignal, after?: string): Promise<Response>;
}

export function createApi(credentials: Credentials, onUnauthorized: () => void): Api {
  const headers = (): Record<string, string> => ({
    Authorization: `Bearer ${credentials.key}`,
    ...(credentials.account === undefined ? {} : { "Waxwing-Account": credentials.account }),
  });
  const middleware: Middleware = {
    onRequest({ request }) {
      for (const [name, value] of Object.entries(headers())) request.headers.set(name, value);
      return request;
    },
    async onResponse({ response }) {
      if (response.ok) return;
      if (response.status === 401) onUnauthorized();
      throw problemFrom(await json(response), response);
    },
    onError() {
      return new ProblemError(
        0,
        undefined,
        "The server cannot be reached",
        "The request got no answer. Check your connection; it is tried again when you reload.",
        undefined,
      );
    },
  };
  const client = createClient<paths>({ baseUrl: window.location.origin, cache: "no-store" });
  client.use(middleware);
  const stream: Api["stream"] = async (path, signal, after) => {
    const sent = new Headers(headers());
    if (after !== undefined) sent.set("Last-Event-ID", after);
    const response = await fetch(path, { headers: sent, signal, cache: "no-store" });
    if (response.ok) return response;
    if (response.status === 401) onUnauthorized();
    throw problemFrom(await json(response), response);
  };
  return Object.assign(client, { stream });
}

/** The body of an answer. Failures were thrown before, by the middleware. */
export function bodyOf<T>(answer: { data?: T }): T {
  if (answer.data === undefined) throw new Error("The server's answer has no body.");
  return answer.data;
}

async function json(response: Response): Promise<unknown> {
  try {
    return await response.clone().json();
  } catch {
    return undefined;
  }
}
