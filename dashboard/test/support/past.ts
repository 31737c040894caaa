// A day of counters behind what was counted now: charts with one bar cannot be judged. The
// server's clock cannot be set, so what it counted in this minute is laid over the hours before,
// with sqlite3 while the server is stopped.
import { execFileSync } from "node:child_process";
import { expect } from "@playwright/test";

const MINUTE = 60_000;
const HOURS = 26;
/** How much came in one hour for the others, from midnight on: quiet nights, busy noons. */
const DAY = [2, 1, 1, 1, 2, 3, 5, 8, 11, 14, 15, 13, 12, 14, 16, 15, 13, 10, 8, 7, 6, 5, 4, 3];
/** Hours ago in which something went wrong. */
const BAD = [5, 6, 13];

/** The answers of the webhook that is slow, see platform.ts. */
const SLOWEST = `coalesce((
  SELECT slow.answers FROM metric slow JOIN webhook ON webhook.seq = slow.webhook_seq
  WHERE slow.step = 0 AND webhook.url LIKE '%/risk' ORDER BY slow.at DESC LIMIT 1), answers)`;

export function layPast(database: string): void {
  const rows = Array.from({ length: HOURS }, (_, at) => pastHour(at + 1)).join("\n");
  execFileSync("sqlite3", [database], { input: `BEGIN;\n${rows}\nCOMMIT;\n` });
}

/** Waits until what was counted stands in rows of minutes. */
export async function countersKept(database: string): Promise<void> {
  const tallies = (): string =>
    execFileSync("sqlite3", [database, "SELECT count(*) FROM tally"], { encoding: "utf8" }).trim();
  await expect.poll(tallies).toBe("0");
}

/** The minutes counted now, some hours ago, of webhooks that answered then. In bad hours others
    were as slow as the slowest. */
function pastHour(ago: number): string {
  const hour = new Date(Date.now() - ago * 60 * MINUTE).getHours();
  const share = (DAY[hour] ?? 1) / 10;
  const failed = BAD.includes(ago) ? 1 : 0.1;
  return `INSERT OR IGNORE INTO metric
    SELECT step, at - ${ago * 60 * MINUTE}, webhook_seq, ceil(events * ${share}),
      ceil(succeeded * ${share}), round(failed * ${share * failed}), ceil(delivered * ${share}),
      round(exhausted * ${share * failed}), ${BAD.includes(ago) ? SLOWEST : "answers"}
    FROM metric WHERE step = 0 AND at > ${Date.now() - 10 * MINUTE} AND succeeded > 0;`;
}
