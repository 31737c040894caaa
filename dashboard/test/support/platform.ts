// A platform with customers whose webhooks fare in every way there is, for whoever looks at pages.
// The server is started three times over one database: only its settings say how soon a delivery
// is given up and a webhook disabled.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "@playwright/test";
import { makeCertificates, makeSelfSigned } from "./certificates";
import type { World } from "./fixtures";
import { countersKept, layPast } from "./past";
import { Receiver } from "./receiver";
import { createWebhook, loadCatalog, publish, settled } from "./story";
import { Waxwing } from "./waxwing";

export const ACCOUNT = "acme";

/** Webhooks of the account, by what becomes of them. */
export interface Hooks {
  healthy: string;
  failing: string;
  slow: string;
  untrusted: string;
  paused: string;
  disabled: string;
  gone: string;
}

export interface Platform extends World {
  hooks: Hooks;
  /** An event that the failing webhook did not get, and one that it is to get yet. */
  givenUp: string;
  waiting: string;
  stop: () => Promise<void>;
}

const DEPOSITS = ["deposit.created", "deposit.detected", "deposit.confirmed", "deposit.completed"];
const CARDS = ["card.created", "card.frozen", "card.transaction.failed"];
const CUSTOMERS = ["customer.created", "customer.kyc.approved", "customer.funded"];
const PAYOUTS = ["payout.updated", "payout.completed", "withdrawal.completed"];
const ALL = [...DEPOSITS, ...CARDS, ...CUSTOMERS, ...PAYOUTS];

export async function startPlatform(): Promise<Platform> {
  const folder = mkdtempSync(join(tmpdir(), "waxwing-platform-"));
  const certificates = makeCertificates(folder);
  const receiver = await Receiver.start(certificates);
  const untrusted = await Receiver.start(makeSelfSigned(folder));
  const start = (schedule: string, disableAfter = "5d"): Promise<Waxwing> =>
    Waxwing.start(folder, {
      WAXWING_EXTRA_CA_FILE: certificates.caFile,
      WAXWING_REQUEST_TIMEOUT: "1s",
      WAXWING_RETRY_SCHEDULE: schedule,
      WAXWING_DISABLE_AFTER: disableAfter,
    });
  const database = join(folder, "waxwing.db");
  const during = async <Made>(waxwing: Waxwing, act: (world: World) => Promise<Made>) => {
    const made = await act({ waxwing, receiver, untrusted });
    await countersKept(database);
    await waxwing.stop();
    return made;
  };
  const disabled = await during(await start("100ms", "1s"), oneIsDisabled);
  const hooks = await during(await start("100ms,200ms"), (world) => muchHappens(world, disabled));
  layPast(database);
  const waxwing = await start("100ms,5m,30m,2h");
  const world = { waxwing, receiver, untrusted };
  return {
    ...world,
    hooks,
    ...(await someWait(world, hooks)),
    stop: async () => {
      await waxwing.stop();
      await receiver.stop();
      await untrusted.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** An account with a webhook that has failed for so long that it was disabled. */
async function oneIsDisabled(world: World): Promise<string> {
  const { waxwing, receiver } = world;
  await loadCatalog(world);
  for (const [id, name] of [
    [ACCOUNT, "Acme Payments"],
    ["globex", "Globex Trading"],
    ["initech", "Initech"],
  ]) {
    await waxwing.call("POST", "/api/accounts", { body: { id, name } });
  }
  receiver.answers("/notifications", { status: 404, body: "no such route" });
  const url = receiver.url("/notifications");
  const webhook = await createWebhook(world, ACCOUNT, url, ["*"], "Notifications to customers");
  await expect
    .poll(async () => {
      await publish(world, ACCOUNT, ["payout.completed"]);
      return (await statusOf(world, webhook)).status;
    })
    .toBe("disabled");
  return webhook;
}

/** Events for all of them, and time enough that failures are given up. */
async function muchHappens(world: World, disabled: string): Promise<Hooks> {
  const { waxwing, receiver, untrusted } = world;
  const make = (path: string, events: string[], description: string, at = receiver) =>
    createWebhook(world, ACCOUNT, at.url(path), events, description);
  receiver.answers("/old-shop", { status: 410 });
  const hooks: Hooks = {
    healthy: await make("/ledger", ["*"], "Ledger"),
    failing: await make("/bookkeeping", ["deposit.*", "payout.*"], "Bookkeeping"),
    slow: await make("/risk", ["card.*"], "Risk engine"),
    untrusted: await make("/export", ["customer.*"], "Export to the partner", untrusted),
    paused: await make("/crm", ["customer.*"], "CRM, moving to another host"),
    disabled,
    gone: await make("/old-shop", ["deposit.completed"], "Old shop"),
  };
  await createWebhook(world, "globex", receiver.url("/globex"), ["*"], "Everything");
  await setStatus(world, hooks.paused, "inactive");
  for (const [round, afterMs] of [15, 60, 30, 140, 45].entries()) {
    receiver.answers("/ledger", { status: 204, afterMs });
    receiver.answers("/risk", { status: 202, body: '{"queued":true}', afterMs: 240 + 150 * round });
    receiver.answers("/bookkeeping", round < 2 ? { status: 204, afterMs } : FAILS);
    await publish(world, ACCOUNT, ALL);
    await publish(world, "globex", [...DEPOSITS, ...PAYOUTS]);
    for (const webhook of [hooks.healthy, hooks.failing, hooks.slow, hooks.untrusted]) {
      await settled(world, ACCOUNT, webhook);
    }
  }
  await waxwing.call("POST", "/api/keys", { body: { name: "Core banking", role: "publisher" } });
  await waxwing.call("POST", `/api/accounts/${ACCOUNT}/keys`, {
    body: { name: "Reconciliation", role: "account_read_only" },
  });
  return hooks;
}

const FAILS = {
  status: 503,
  body: '{"error":"database is locked","retry":true}',
  headers: { "content-type": "application/json" },
};

/** Some deliveries fail, and wait for minutes. */
async function someWait(
  world: World,
  hooks: Hooks,
): Promise<Pick<Platform, "givenUp" | "waiting">> {
  const { waxwing } = world;
  const [waiting = ""] = await publish(world, ACCOUNT, ["deposit.completed", ...PAYOUTS, ...CARDS]);
  const log = `/api/webhook/${hooks.failing}/events`;
  const read = async (status: string): Promise<{ event_id: string; attempt_count: number }[]> =>
    (
      await waxwing.call<{ data: { event_id: string; attempt_count: number }[] }>(
        "GET",
        `${log}?status=${status}`,
        { account: ACCOUNT },
      )
    ).data;
  await expect
    .poll(async () => (await read("retrying")).filter((entry) => entry.attempt_count > 1).length)
    .toBeGreaterThan(1);
  for (const webhook of [hooks.healthy, hooks.slow]) await settled(world, ACCOUNT, webhook);
  await waxwing.call("POST", `/api/webhook/${hooks.healthy}/rotate-secret`, {
    body: {},
    account: ACCOUNT,
  });
  return { waiting, givenUp: (await read("failed"))[0]?.event_id ?? "" };
}

async function statusOf(world: World, webhook: string): Promise<{ status: string }> {
  return world.waxwing.call("GET", `/api/webhook/${webhook}`, { account: ACCOUNT });
}

async function setStatus(world: World, webhook: string, status: string): Promise<void> {
  const body = { status };
  await world.waxwing.call("PUT", `/api/webhook/${webhook}`, { body, account: ACCOUNT });
}
