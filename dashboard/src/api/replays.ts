// Sending many deliveries again: counting, starting, following and stopping it.
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

export type Replay = components["schemas"]["ReplayAnswer"];
type Matching = components["schemas"]["MatchingAnswer"];

/** Which deliveries; the names are those of the API. */
export interface ReplayFilter {
  status: string;
  type?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

export function useMatching(webhook: string, filter: ReplayFilter): UseQueryResult<Matching> {
  const { api, scope } = useActing();
  return useQuery({
    queryKey: [scope, "matching", webhook, filter],
    queryFn: async ({ signal }) => {
      const answer = bodyOf(
        await api.POST("/api/webhook/{id}/replay", {
          params: { path: { id: webhook } },
          body: { ...filter, dry_run: true },
          signal,
        }),
      );
      if (!("matching" in answer)) throw new Error("The server has not counted.");
      return answer;
    },
    staleTime: 0,
  });
}

/** Answered when everything is scheduled. */
export function useStartReplay(webhook: string): UseMutationResult<string, Error, ReplayFilter> {
  const { api, scope } = useActing();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (filter) => {
      const answer = bodyOf(
        await api.POST("/api/webhook/{id}/replay", {
          params: { path: { id: webhook } },
          body: { ...filter, dry_run: false },
        }),
      );
      if (!("replayed" in answer)) throw new Error("The server has started nothing.");
      return answer.id;
    },
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: [scope, "log", webhook] });
      void queries.invalidateQueries({ queryKey: [scope, "replay", webhook] });
    },
  });
}

/** The replay that was begun last, read once a second while it is followed: as it is under way. */
export function useLastReplay(
  webhook: string,
  isFollowed: (replay: Replay | null | undefined) => boolean = isUnderWay,
): UseQueryResult<Replay | null> {
  const { api, scope } = useActing();
  return useQuery({
    queryKey: [scope, "replay", webhook],
    queryFn: async () => {
      const page = bodyOf(
        await api.GET("/api/webhook/{id}/replays", {
          params: { path: { id: webhook }, query: { limit: 1 } },
        }),
      );
      return page.data[0] ?? null;
    },
    refetchInterval: (query) => (isFollowed(query.state.data) ? 1000 : false),
  });
}

export function useStopReplay(webhook: string): UseMutationResult<Replay, Error, string> {
  const { api, scope } = useActing();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (id) =>
      bodyOf(
        await api.DELETE("/api/webhook/{id}/replays/{replay_id}", {
          params: { path: { id: webhook, replay_id: id } },
        }),
      ),
    onSuccess: (replay) => {
      queries.setQueryData([scope, "replay", webhook], replay);
      void queries.invalidateQueries({ queryKey: [scope, "log", webhook] });
    },
  });
}

export function isUnderWay(replay: Replay | null | undefined): boolean {
  return replay?.status === "scheduling" || replay?.status === "running";
}

/** How many of its deliveries have come to an end. */
export function ended(replay: Replay): number {
  return replay.delivered + replay.failed + replay.withdrawn;
}
