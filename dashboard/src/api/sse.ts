// Server-sent events, read by fetch: a browser's EventSource cannot send a key.

export interface ServerEvent {
  name: string;
  data: string;
  id: string | undefined;
}

/** The events of an answer as they come, until it ends. */
export async function* serverEvents(response: Response): AsyncGenerator<ServerEvent> {
  if (response.body === null) return;
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of chunks(response.body)) {
    rest += decoder.decode(bytes, { stream: true });
    const frames = rest.split("\n\n");
    rest = frames.pop() ?? "";
    for (const frame of frames) {
      const event = read(frame);
      if (event !== undefined) yield event;
    }
  }
}

/** Not every browser can iterate a stream by itself. */
async function* chunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** One event; undefined for comments and the like. */
function read(frame: string): ServerEvent | undefined {
  const event: ServerEvent = { name: "message", data: "", id: undefined };
  for (const line of frame.split("\n")) {
    const [, name, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (name === "event") event.name = value ?? "";
    else if (name === "id") event.id = value;
    else if (name === "data") event.data += value ?? "";
  }
  return event.data === "" ? undefined : event;
}
