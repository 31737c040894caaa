// The log of changes, which only operators see.
import { keepPreviousData, type UseQueryResult, useQuery } from "@tanstack/react-query";
import { bodyOf } from "./client";
import { useActing } from "./context";
import type { AuditEntry, Page } from "./types";

export interface AuditFilter {
  account_id?: string | undefined;
  object?: string | undefined;
  action?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

export function useAuditLog(
  filter: AuditFilter,
  cursor: string | undefined,
): UseQueryResult<Page<AuditEntry>> {
  const { api } = useActing();
  return useQuery({
    queryKey: ["audit", filter, cursor],
    queryFn: async () =>
      bodyOf(
        await api.GET("/api/audit", {
          params: { query: { ...filter, cursor, limit: 50 } },
        }),
      ),
    placeholderData: keepPreviousData,
  });
}
