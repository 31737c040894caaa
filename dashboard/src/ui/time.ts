// Times in the zone of whoever looks, and spans of time in words.

const SHORT = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const LONG = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
];

/** "26 Mar, 10:00:00", with the year if it is another one. */
export function local(time: string | number): string {
  const date = new Date(time);
  const thisYear = date.getFullYear() === new Date().getFullYear();
  return (thisYear ? SHORT : LONG).format(date);
}

/** The viewer's zone: "Europe/Berlin, GMT+1". */
export function zone(): string {
  const offset = new Intl.DateTimeFormat("en-GB", { timeZoneName: "shortOffset" })
    .formatToParts()
    .find((part) => part.type === "timeZoneName");
  const { timeZone } = SHORT.resolvedOptions();
  return offset === undefined ? timeZone : `${timeZone}, ${offset.value}`;
}

/** "2026-03-26 10:00:00.000 UTC". */
export function utc(time: string | number): string {
  return `${new Date(time).toISOString().replace("T", " ").replace("Z", "")} UTC`;
}

/** "3 minutes ago", "in 2 hours". */
export function relative(time: string | number, now: number): string {
  const away = new Date(time).getTime() - now;
  const [unit, size] = UNITS.find(([, size]) => Math.abs(away) >= size) ?? ["second", 1000];
  return RELATIVE.format(Math.trunc(away / size), unit);
}

/** "4 ms", "1.2 s", "2 min 5 s", "3 h 20 min", "2 d 4 h". */
export function span(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (seconds < 60) return `${seconds < 10 ? Number(seconds.toFixed(1)) : Math.round(seconds)} s`;
  if (seconds < 3600) return two(seconds, 60, "min", 1, "s");
  if (seconds < 86_400) return two(seconds, 3600, "h", 60, "min");
  return two(seconds, 86_400, "d", 3600, "h");
}

function two(seconds: number, large: number, one: string, small: number, other: string): string {
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)} ${one}${rest === 0 ? "" : ` ${rest} ${other}`}`;
}

/** The value of an `<input type="datetime-local">` as the API's time; empty for none. */
export function toUtc(value: string): string | undefined {
  const date = new Date(value);
  return value === "" || Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** The other way round. */
export function toInput(time: string | null | undefined): string {
  if (!time) return "";
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "";
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 19);
}
