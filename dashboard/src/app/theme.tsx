// Name and logo that the operator has set. Its colours come by themselves, in theme.css.
import { createContext, type ReactNode, use, useEffect, useState } from "react";

export interface Theme {
  name?: string | undefined;
  logo?: string | undefined;
}

const ThemeContext = createContext<Theme>({});

export function ThemeProvider(props: { children: ReactNode }): ReactNode {
  const [theme, setTheme] = useState<Theme>({});
  useEffect(() => {
    const aborted = new AbortController();
    readTheme(aborted.signal).then(setTheme, () => undefined);
    return () => aborted.abort();
  }, []);
  return <ThemeContext value={theme}>{props.children}</ThemeContext>;
}

export function useTheme(): Theme {
  return use(ThemeContext);
}

async function readTheme(signal: AbortSignal): Promise<Theme> {
  const response = await fetch(`${import.meta.env.BASE_URL}theme.json`, { signal });
  if (!response.ok) return {};
  const told = (await response.json()) as Record<string, unknown>;
  return { name: text(told.name), logo: text(told.logo) };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
