// Webhooks of the account that is acted for: reading and changing them.
import {
  type UseMutationResult,
  type UseQueryResult,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { bodyOf } from "./client";
import { useActing } from "./context";
import type { components } from "./schema";
import type { Page, Webhook } from "./types";

export type CreateWebhook = components["schemas"]["CreateWebhook"];
export type UpdateWebhook = components["schemas"]["UpdateWebhook"];
export type Rotated = components["schemas"]["RotatedAnswer"];

/** How often what changes by itself is read again. */
export const REFRESH_MS = 10_000;

export function useWebhooks(filter: {
  status?: string;
  cursor?: string;
  limit: number;
}): UseQueryResult<Page<Webhook>> {
  const { api, scope } = useActing();
  return useQuery({
    queryKey: [scope, "webhooks", filter],
    queryFn: async () => bodyOf(await api.GET("/api/webhook/list", { params: { query: filter } })),
    refetchInterval: REFRESH_MS,
  });
}

export function useWebhook(id: string): UseQueryResult<Webhook> {
  const { api, scope } = useActing();
  return useQuery({
    queryKey: [scope, "webhook", id],
    queryFn: async () => bodyOf(await api.GET("/api/webhook/{id}", { params: { path: { id } } })),
    refetchInterval: REFRESH_MS,
  });
}

export function useCreateWebhook(): UseMutationResult<Webhook, Error, CreateWebhook> {
  const { api, scope } = useActing();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (body) => bodyOf(await api.POST("/api/webhook/create", { body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: [scope, "webhooks"] }),
  });
}

export function useUpdateWebhook(id: string): UseMutationResult<Webhook, Error, UpdateWebhook> {
  const { api, scope } = useActing();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (body) =>
      bodyOf(await api.PUT("/api/webhook/{id}", { params: { path: { id } }, body })),
    onSuccess: (webhook) => {
      queries.setQueryData([scope, "webhook", id], webhook);
      // Pausing and activating change the states of its deliveries, too.
      void queries.invalidateQueries({ queryKey: [scope, "webhooks"] });
      void queries.invalidateQueries({ queryKey: [scope, "log", id] });
    },
  });
}

export function useDeleteWebhook(id: string): UseMutationResult<unknown, Error, void> {
  const { api, scope } = useActing();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => api.DELETE("/api/webhook/{id}", { params: { path: { id } } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: [scope, "webhooks"] }),
  });
}

export function useRotateSecret(id: string): UseMutationResult<Rotated, Error, number | undefined> {
  const { api, scope } = useActing();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (graceSeconds) =>
      bodyOf(
        await api.POST("/api/webhook/{id}/rotate-secret", {
          params: { path: { id } },
          body: { grace_seconds: graceSeconds },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: [scope, "webhook", id] }),
  });
}

export function useEndGracePeriod(id: string): UseMutationResult<unknown, Error, void> {
  const { api, scope } = useActing();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => api.POST("/api/webhook/{id}/end-grace-period", { params: { path: { id } } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: [scope, "webhook", id] }),
  });
}
