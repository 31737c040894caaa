// Accounts, their keys and portal links, and the operator's own keys.
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
import type { Account, Key, Page, PortalToken } from "./types";

type CreateAccount = components["schemas"]["CreateAccount"];
type AccountRole = components["schemas"]["AccountRole"];
type OperatorRole = components["schemas"]["OperatorRole"];

/** Whose keys: an account's, or the operator's own. */
export type Owner = string | undefined;

export interface NewKey {
  name?: string | undefined;
  role: AccountRole | OperatorRole;
  expires_in_seconds?: number | undefined;
}

export function useAccounts(cursor: string | undefined): UseQueryResult<Page<Account>> {
  const { api } = useActing();
  return useQuery({
    queryKey: ["accounts", cursor],
    queryFn: async () =>
      bodyOf(await api.GET("/api/accounts", { params: { query: { cursor, limit: 50 } } })),
  });
}

export function useAccount(id: string): UseQueryResult<Account> {
  const { api } = useActing();
  return useQuery({
    queryKey: ["account", id],
    queryFn: async () => bodyOf(await api.GET("/api/accounts/{id}", { params: { path: { id } } })),
    staleTime: 60_000,
  });
}

export function useCreateAccount(): UseMutationResult<Account, Error, CreateAccount> {
  const { api } = useActing();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (body) => bodyOf(await api.POST("/api/accounts", { body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["accounts"] }),
  });
}

export function useDeleteAccount(id: string): UseMutationResult<unknown, Error, void> {
  const { api } = useActing();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => api.DELETE("/api/accounts/{id}", { params: { path: { id } } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["accounts"] }),
  });
}

export function useKeys(owner: Owner): UseQueryResult<Key[]> {
  const { api } = useActing();
  return useQuery({
    queryKey: ["keys", owner],
    queryFn: async () =>
      bodyOf(
        owner === undefined
          ? await api.GET("/api/keys")
          : await api.GET("/api/accounts/{id}/keys", { params: { path: { id: owner } } }),
      ).data,
  });
}

export function useCreateKey(owner: Owner): UseMutationResult<Key, Error, NewKey> {
  const { api } = useActing();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (key) =>
      bodyOf(
        owner === undefined
          ? await api.POST("/api/keys", {
              body: { ...key, role: key.role as OperatorRole },
            })
          : await api.POST("/api/accounts/{id}/keys", {
              params: { path: { id: owner } },
              body: { ...key, role: key.role as AccountRole },
            }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["keys", owner] }),
  });
}

export function useDeleteKey(owner: Owner): UseMutationResult<unknown, Error, string> {
  const { api } = useActing();
  const queries = useQueryClient();
  return useMutation<unknown, Error, string>({
    mutationFn: (key) =>
      owner === undefined
        ? api.DELETE("/api/keys/{key_id}", { params: { path: { key_id: key } } })
        : api.DELETE("/api/accounts/{id}/keys/{key_id}", {
            params: { path: { id: owner, key_id: key } },
          }),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["keys", owner] });
      void queries.invalidateQueries({ queryKey: ["portal-tokens", owner] });
    },
  });
}

export function usePortalTokens(account: string): UseQueryResult<PortalToken[]> {
  const { api } = useActing();
  return useQuery({
    queryKey: ["portal-tokens", account],
    queryFn: async () =>
      bodyOf(
        await api.GET("/api/accounts/{id}/portal-tokens", {
          params: { path: { id: account } },
        }),
      ).data,
  });
}

export function useCreatePortalToken(
  account: string,
): UseMutationResult<PortalToken, Error, { expires_in_seconds: number; read_only: boolean }> {
  const { api } = useActing();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (body) =>
      bodyOf(
        await api.POST("/api/accounts/{id}/portal-tokens", {
          params: { path: { id: account } },
          body,
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["portal-tokens", account] }),
  });
}
