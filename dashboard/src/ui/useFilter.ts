// Filters live in the address: a filtered list can be linked to, and Back undoes a change.
import { useCallback, useMemo } from "react";
import { useSearchParams } from "wouter";

type Filter<Name extends string> = Partial<Record<Name, string>>;

export function useFilter<Name extends string>(
  names: readonly Name[],
): [Filter<Name>, (change: Filter<Name>) => void] {
  const [parameters, setParameters] = useSearchParams();
  const filter = useMemo(() => {
    const found: Filter<Name> = {};
    for (const name of names) {
      const value = parameters.get(name);
      if (value) found[name] = value;
    }
    return found;
  }, [names, parameters]);
  const change = useCallback(
    (changed: Filter<Name>) => {
      setParameters((before) => {
        const after = new URLSearchParams(before);
        for (const [name, value] of Object.entries<string | undefined>(changed)) {
          if (value) after.set(name, value);
          else after.delete(name);
        }
        return after;
      });
    },
    [setParameters],
  );
  return [filter, change];
}
