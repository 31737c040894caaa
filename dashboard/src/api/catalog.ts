// The catalog of event types.
import {
  type UseMutationResult,
  type UseQueryResult,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { bodyOf } from "./client";
import { useActing } from "./context";
import { readExact, writeExact } from "../ui/json";

const CATALOG = ["catalog"];

/** An event type. Example and schema are texts of JSON, so that their numbers keep their digits. */
export interface EventType {
  type: string;
  description?: string | undefined;
  example?: string | undefined;
  schema?: string | undefined;
}

export function useCatalog(): UseQueryResult<EventType[]> {
  const { api } = useActing();
  return useQuery({
    queryKey: CATALOG,
    queryFn: async () => listed(bodyOf(await api.GET("/api/event-types", { parseAs: "text" }))),
    staleTime: 60_000,
  });
}

export function usePutEventType(): UseMutationResult<unknown, Error, EventType> {
  const { api } = useActing();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (entry) =>
      api.PUT("/api/event-types/{type}", {
        params: { path: { type: entry.type } },
        body: {},
        bodySerializer: () => bodyText(entry),
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: CATALOG }),
  });
}

export function useDeleteEventType(): UseMutationResult<unknown, Error, string> {
  const { api } = useActing();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (type) => api.DELETE("/api/event-types/{type}", { params: { path: { type } } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: CATALOG }),
  });
}

interface Listed {
  data: { type: string; description: string | null; example?: unknown; schema?: unknown }[];
}

function listed(text: string): EventType[] {
  const { data } = readExact(text) as Listed;
  const json = (value: unknown): string | undefined =>
    value == null ? undefined : writeExact(value);
  return data.map(({ type, description, example, schema }) => ({
    type,
    description: description ?? undefined,
    example: json(example),
    schema: json(schema),
  }));
}

function bodyText(entry: EventType): string {
  const members = [
    entry.description === undefined ? "" : `"description":${JSON.stringify(entry.description)}`,
    entry.example === undefined ? "" : `"example":${entry.example}`,
    entry.schema === undefined ? "" : `"schema":${entry.schema}`,
  ];
  return `{${members.filter(Boolean).join(",")}}`;
}
