// The event log of a webhook, one delivery of it, and sending again.
import {
  keepPreviousData,
  type UseMutationResult,
  type UseQueryResult,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { bodyOf } from "./client";
import { useActing } from "./context";
import type { Delivery, LogEntry, Page } from "./types";

export const LOG_PAGE = 50;
const REFRESH_MS = 15_000;
/** A page with a filter looks at 10,000 deliveries. So many are asked for before a person is. */
const LOOKS = 100;

/** What of the log is looked at. The names are those of the API. */
export interface LogFilter {
  status?: string | undefined;
  type?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
  event_id?: string | undefined;
}

/** Whether it took several looks to find: that is not repeated without need. */
type LogPage = Page<LogEntry> & { isDeep?: boolean };

export function useLog(
  webhook: string,
  filter: LogFilter,
  cursor: string | undefined,
  limit = LOG_PAGE,
): UseQueryResult<LogPage> {
  const { api, scope } = useActing();
  const read = async (from: string | undefined, signal: AbortSignal): Promise<LogPage> =>
    bodyOf(
      await api.GET("/api/webhook/{id}/events", {
        params: {
          path: { id: webhook },
          query: { ...filter, cursor: from, limit },
        },
        signal,
      }),
    );
  return useQuery({
    queryKey: logKey(scope, webhook, filter, cursor, limit),
    queryFn: async ({ signal }) => {
      let page = await read(cursor, signal);
      for (let looks = 1; looks < LOOKS && page.data.length === 0 && page.next_cursor; looks += 1) {
        page = { ...(await read(page.next_cursor, signal)), isDeep: true };
      }
      return page;
    },
    // The page before stays in sight while the next one is read.
    placeholderData: keepPreviousData,
    // What a stream does not tell: entries that a filter does not let through any more.
    refetchInterval: (query) =>
      cursor === undefined && !query.state.data?.isDeep ? REFRESH_MS : false,
  });
}

/** Under what a page of the log is kept. */
export function logKey(
  scope: string,
  webhook: string,
  filter: LogFilter,
  cursor: string | undefined,
  limit: number,
): readonly unknown[] {
  return [scope, "log", webhook, filter, cursor, limit];
}

/** A delivery, read again while more happens to it; every second while its first answer is awaited. */
export function useDelivery(
  webhook: string,
  event: string,
  isAnswerAwaited = false,
): UseQueryResult<Delivery> {
  const { api, scope } = useActing();
  return useQuery({
    queryKey: [scope, "delivery", webhook, event],
    queryFn: async () =>
      bodyOf(
        await api.GET("/api/webhook/{id}/events/{event_id}", {
          params: { path: { id: webhook, event_id: event } },
        }),
      ),
    refetchInterval: (query) => refreshOf(query.state.data, isAnswerAwaited),
  });
}

export function useRetry(webhook: string, event: string): UseMutationResult<unknown, Error, void> {
  const { api, scope } = useActing();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () =>
      api.POST("/api/webhook/{id}/events/{event_id}/retry", {
        params: { path: { id: webhook, event_id: event } },
      }),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: [scope, "delivery", webhook, event] });
      void queries.invalidateQueries({ queryKey: [scope, "log", webhook] });
    },
  });
}

export function useSendTest(webhook: string): UseMutationResult<string, Error, void> {
  const { api, scope } = useActing();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async () =>
      bodyOf(await api.POST("/api/webhook/{id}/test", { params: { path: { id: webhook } } })).id,
    onSuccess: () => queries.invalidateQueries({ queryKey: [scope, "log", webhook] }),
  });
}

/** Whether more happens to a delivery by itself. */
export function isWaiting(status: string | undefined): boolean {
  return status === "pending" || status === "retrying";
}

/** Once a second while an attempt is due; else once every ten, for what others do. */
function refreshOf(delivery: Delivery | undefined, isAnswerAwaited: boolean): number | false {
  if (delivery === undefined) return false;
  if (isAnswerAwaited && delivery.attempts.length === 0) return 1000;
  if (!isWaiting(delivery.status)) return false;
  const due = delivery.next_attempt_at;
  return !due || new Date(due).getTime() < Date.now() + 2000 ? 1000 : 10_000;
}
