// How long a person waits for the event log of a webhook with a million deliveries, and what the
// page transfers. ENTRIES says another number; WAXWING_DATABASE another database than SQLite in a
// temporary folder; WAXWING_BINARY should name a release build.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, expect, type Page, test } from "@playwright/test";
import { makeCertificates } from "../test/support/certificates";
import { keepSignedIn } from "../test/support/fixtures";
import { Waxwing } from "../test/support/waxwing";
import { receive } from "./receiver";

const ENTRIES = Number(process.env.ENTRIES ?? 1_000_000);
const BATCH = 1_000;
/** Of so many deliveries one fails. */
const FAILING = 1_000;
const REPEATS = 7;
const PAGES = 100;
const ACCOUNT = "large";
const RARE = "payout.returned";

interface Case {
  name: string;
  /** What follows the address of the log. */
  query: string;
  /** What the first row shows. */
  shows: RegExp;
}

test(`a log of ${ENTRIES} entries`, async ({ browser }) => {
  const folder = mkdtempSync(join(tmpdir(), "waxwing-measure-"));
  const certificates = makeCertificates(folder);
  const receiver = await receive(certificates, RARE);
  const waxwing = await Waxwing.start(folder, {
    WAXWING_EXTRA_CA_FILE: certificates.caFile,
    WAXWING_RETRY_SCHEDULE: "100ms",
    ...(process.env.WAXWING_DATABASE && {
      WAXWING_DATABASE: process.env.WAXWING_DATABASE,
      WAXWING_ENCRYPTION_KEY: randomBytes(32).toString("base64"),
    }),
  });
  try {
    const { webhook, middle } = await fill(waxwing, receiver.url);
    const log = `${waxwing.url}/dashboard/accounts/${ACCOUNT}/webhooks/${webhook}/events`;
    const cases: Case[] = [
      { name: "the newest", query: "", shows: /delivered|failed/ },
      { name: "failed ones", query: "?status=failed", shows: /failed/ },
      { name: "a rare type", query: `?type=${RARE}`, shows: /payout/ },
      { name: "failed of a type", query: `?status=failed&type=${RARE}`, shows: /payout/ },
      { name: "until the middle", query: `?until=${middle.created_at}`, shows: /delivered|failed/ },
      { name: "one id", query: `?event_id=${middle.event_id}`, shows: new RegExp(middle.event_id) },
    ];
    console.log(
      `| log of ${ENTRIES} | page usable, ms | API, ms | transferred, KB |\n|---|---|---|---|`,
    );
    for (const { name, query, shows } of cases) {
      const api = await median(() => askApi(waxwing, webhook, query));
      const bytes: number[] = [];
      const page = await median(() => open(browser, log + query, shows, bytes));
      console.log(`| ${name} | ${page} | ${api} | ${Math.round((bytes[0] ?? 0) / 1_000)} |`);
    }
    const older = await turn(browser, log);
    console.log(`| each of the ${PAGES} pages after it, by “Older” | ${older} | | |`);
  } finally {
    await waxwing.stop();
    receiver.stop();
    rmSync(folder, { recursive: true });
  }
});

/** Publishes all of it, and waits until nothing is pending any more. */
async function fill(
  waxwing: Waxwing,
  url: string,
): Promise<{ webhook: string; middle: { event_id: string; created_at: string } }> {
  await waxwing.call("POST", "/api/accounts", { body: { id: ACCOUNT } });
  const made = await waxwing.call<{ id: string }>("POST", "/api/webhook/create", {
    body: { url, events: ["*"] },
    account: ACCOUNT,
  });
  let middle = { event_id: "", created_at: "" };
  for (let from = 0; from < ENTRIES; from += BATCH) {
    const events = Array.from({ length: Math.min(BATCH, ENTRIES - from) }, (_, index) => ({
      account_id: ACCOUNT,
      type: (from + index) % FAILING === 0 ? RARE : "deposit.completed",
      data: { id: `dep_${from + index}`, amount: "1250.00", currency: "EUR" },
    }));
    const answer = await publish(waxwing, events);
    if (from <= ENTRIES / 2) middle = { event_id: answer.id, created_at: answer.created_at };
  }
  for (const status of ["pending", "retrying"]) {
    const path = `/api/webhook/${made.id}/events?status=${status}&limit=1`;
    const waiting = (): Promise<{ data: unknown[] }> =>
      waxwing.call("GET", path, { account: ACCOUNT });
    await expect.poll(async () => (await waiting()).data.length, { timeout: 3_000_000 }).toBe(0);
  }
  return { webhook: made.id, middle };
}

/** The first of the events that were published. Asks again when the server is busy. */
async function publish(
  waxwing: Waxwing,
  events: unknown[],
): Promise<{ id: string; created_at: string }> {
  let first: { id: string; created_at: string } | undefined;
  await expect(async () => {
    const answer = await waxwing.call<{ data: { id: string; created_at: string }[] }>(
      "POST",
      "/api/events/batch",
      { body: { events } },
    );
    first = answer.data[0];
  }).toPass({ timeout: 60_000 });
  if (first === undefined) throw new Error("nothing was published");
  return first;
}

async function askApi(waxwing: Waxwing, webhook: string, query: string): Promise<number> {
  const began = performance.now();
  await waxwing.call("GET", `/api/webhook/${webhook}/events${query}`, { account: ACCOUNT });
  return performance.now() - began;
}

/** From the address to rows that can be followed, in a browser that was never there. */
async function open(
  browser: Browser,
  address: string,
  shows: RegExp,
  bytes: number[],
): Promise<number> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await keepSignedIn(page);
  const transferred = await countBytes(page);
  const began = performance.now();
  await page.goto(address);
  const row = page.getByRole("table", { name: "Events" }).getByRole("row").nth(1);
  await row.filter({ hasText: shows }).getByRole("link").click({ trial: true });
  const took = performance.now() - began;
  bytes.push(transferred());
  await context.close();
  return took;
}

/** Bytes that came over the network so far, as they were packed. */
async function countBytes(page: Page): Promise<() => number> {
  let sum = 0;
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Network.enable");
  devtools.on("Network.loadingFinished", (done) => (sum += done.encodedDataLength));
  return () => sum;
}

/** Milliseconds for each page further, one after the other. */
async function turn(browser: Browser, address: string): Promise<number> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await keepSignedIn(page);
  await page.goto(address);
  const ids = page.getByRole("table", { name: "Events" }).getByRole("link");
  let before = await ids.first().getAttribute("href");
  const began = performance.now();
  for (let turned = 0; turned < PAGES; turned += 1) {
    await page.getByRole("button", { name: "Older" }).click();
    await expect(ids.first()).not.toHaveAttribute("href", before ?? "");
    before = await ids.first().getAttribute("href");
  }
  const took = (performance.now() - began) / PAGES;
  await context.close();
  return Math.round(took);
}

async function median(measure: () => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < REPEATS; turn += 1) times.push(await measure());
  return Math.round(times.sort((a, b) => a - b)[Math.floor(REPEATS / 2)] ?? 0);
}
