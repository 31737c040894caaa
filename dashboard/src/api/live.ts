// Follows the first page of a webhook's log while it is open. The server tells what is new there
// and what has changed; a stream that breaks is taken up again where it ended.
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useActing } from "./context";
import { LOG_PAGE, type LogFilter, logKey } from "./deliveries";
import { serverEvents } from "./sse";
import type { LogEntry, Page } from "./types";

export type LiveState = "connecting" | "live" | "broken";

/** Entries are shown in goes, so that a busy webhook does not keep the page busy. */
const SHOW_MS = 250;
const FIRST_WAIT_MS = 2000;
const LONGEST_WAIT_MS = 30_000;

interface Live {
  state: LiveState;
  /** When the log was opened; what came since is marked. */
  since: number;
}

export function useLiveLog(webhook: string, filter: LogFilter, isOn: boolean): Live {
  const { api, scope } = useActing();
  const queries = useQueryClient();
  const [state, setState] = useState<LiveState>("connecting");
  const [since] = useState(() => Date.now());
  // Filters are few texts: as one text they are the same whenever they say the same.
  const query = queryOf(filter);
  useEffect(() => {
    if (!isOn) return;
    const abort = new AbortController();
    const key = logKey(scope, webhook, filterOf(query), undefined, LOG_PAGE);
    const path = `/api/webhook/${webhook}/events/stream?${query}`;
    const shown = new Shown(queries, key);
    const isOver = (): boolean => abort.signal.aborted;
    const run = async (): Promise<void> => {
      let last: string | undefined;
      let wait = FIRST_WAIT_MS;
      while (!isOver()) {
        try {
          const response = await api.stream(path, abort.signal, last);
          setState("live");
          wait = FIRST_WAIT_MS;
          for await (const event of serverEvents(response)) {
            last = event.id ?? last;
            if (event.name === "entry") shown.add(JSON.parse(event.data) as LogEntry);
            else if (event.name === "reset") shown.forget();
          }
        } catch {
          // Without a stream the list is read now and then.
          if (!isOver()) shown.forget();
        }
        if (isOver()) return;
        setState("broken");
        await pause(wait, abort.signal);
        wait = Math.min(wait * 2, LONGEST_WAIT_MS);
      }
    };
    void run();
    return () => {
      abort.abort();
      shown.stop();
    };
  }, [api, queries, scope, webhook, query, isOn]);
  return { state, since };
}

/** The page in the window, to which entries are added. */
class Shown {
  private waiting: LogEntry[] = [];
  private timer: number | undefined;

  constructor(
    private readonly queries: QueryClient,
    private readonly key: readonly unknown[],
  ) {}

  add(entry: LogEntry): void {
    this.waiting.push(entry);
    this.timer ??= window.setTimeout(() => this.show(), SHOW_MS);
  }

  /** Reads the page anew. */
  forget(): void {
    void this.queries.invalidateQueries({ queryKey: this.key });
  }

  stop(): void {
    window.clearTimeout(this.timer);
  }

  private show(): void {
    this.timer = undefined;
    const entries = this.waiting;
    this.waiting = [];
    this.queries.setQueryData<Page<LogEntry>>(this.key, (page) => page && merged(page, entries));
  }
}

/** The newest of both, each once, newest first. */
function merged(page: Page<LogEntry>, entries: readonly LogEntry[]): Page<LogEntry> {
  const byId = new Map([...page.data, ...entries].map((entry) => [entry.event_id, entry]));
  const data = [...byId.values()].sort((a, b) => b.created_at.localeCompare(a.created_at));
  return { ...page, data: data.slice(0, Math.max(LOG_PAGE, page.data.length)) };
}

function queryOf(filter: LogFilter): string {
  const members = Object.entries(filter).filter((member): member is [string, string] =>
    Boolean(member[1]),
  );
  return new URLSearchParams(members).toString();
}

function filterOf(query: string): LogFilter {
  return Object.fromEntries(new URLSearchParams(query));
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = window.setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      window.clearTimeout(timer);
      resolve();
    });
  });
}
