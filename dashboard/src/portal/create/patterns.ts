// Patterns of a subscription: exact types, prefixes with a star, or the star alone.
import type { EventType } from "../../api/catalog";

/** Types by the word before their first dot, both in order. */
export function byFamily(
  types: readonly EventType[],
  search: string,
): (readonly [string, EventType[]])[] {
  const sought = search.trim().toLowerCase();
  const families = new Map<string, EventType[]>();
  for (const type of types) {
    const text = `${type.type} ${type.description ?? ""}`.toLowerCase();
    if (!text.includes(sought)) continue;
    const family = type.type.split(".")[0] ?? type.type;
    families.set(family, [...(families.get(family) ?? []), type]);
  }
  return [...families];
}

/** Whether a pattern takes this type. */
export function covers(pattern: string, type: string): boolean {
  if (pattern === "*" || pattern === type) return true;
  return pattern.endsWith(".*") && type.startsWith(pattern.slice(0, -1));
}

/** The patterns without those that another one takes along. */
export function withoutCovered(patterns: readonly string[]): string[] {
  return patterns.filter(
    (pattern) => !patterns.some((other) => other !== pattern && covers(other, pattern)),
  );
}

/** The patterns for which the catalog has no box to tick. */
export function unlisted(patterns: readonly string[], listed: readonly string[]): string[] {
  const families = new Set(listed.map((type) => `${type.split(".")[0] ?? ""}.*`));
  return patterns.filter(
    (pattern) => pattern !== "*" && !listed.includes(pattern) && !families.has(pattern),
  );
}
