// What was counted over time: of one webhook, and of everything.
import { keepPreviousData, type UseQueryResult, useQuery } from "@tanstack/react-query";
import { bodyOf } from "./client";
import { useActing } from "./context";
import type { Metrics, Overview } from "./types";

/** How far back charts look, in milliseconds. */
export const RANGES = {
  hour: 3_600_000,
  day: 86_400_000,
  week: 7 * 86_400_000,
  month: 30 * 86_400_000,
} as const;

export type Range = keyof typeof RANGES;

const REFRESH_MS = 15_000;

export function useMetrics(
  webhook: string,
  range: Range,
  step?: "minute" | "hour" | "day",
): UseQueryResult<Metrics> {
  const { api, scope } = useActing();
  return useQuery({
    queryKey: [scope, "metrics", webhook, range, step],
    queryFn: async () => {
      const since = new Date(Date.now() - RANGES[range]).toISOString();
      return bodyOf(
        await api.GET("/api/webhook/{id}/metrics", {
          params: { path: { id: webhook }, query: { since, step } },
        }),
      );
    },
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  });
}

export function useOverview(): UseQueryResult<Overview> {
  const { api } = useActing();
  return useQuery({
    queryKey: ["overview"],
    queryFn: async () => bodyOf(await api.GET("/api/overview")),
    refetchInterval: REFRESH_MS,
  });
}
