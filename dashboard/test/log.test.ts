// The event log: what matches, page by page, as it happens; and the request of one delivery.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Locator, Page } from "@playwright/test";
import { clipboard, expect, followLink, test, type World } from "./support/fixtures";
import { createWebhook, loadCatalog, publish, settled } from "./support/story";

const PAGE = 50;

function rows(page: Page): Locator {
  return page.getByRole("table", { name: "Events" }).getByRole("row");
}

/** Rows of events, without that of the heads. */
async function expectRows(page: Page, count: number): Promise<void> {
  await expect(rows(page)).toHaveCount(count + 1);
}

async function openLog(page: Page, world: World, account: string, url: string): Promise<string> {
  await world.waxwing.call("POST", "/api/accounts", { body: { id: account } });
  const webhook = await createWebhook(world, account, world.receiver.url(url));
  await followLink(page, world, account);
  await page.goto(`${world.waxwing.url}/dashboard/webhooks/${webhook}/events`);
  await expect(page.getByText("Live: new events appear by themselves")).toBeVisible();
  return webhook;
}

test("what matches is shown, the address keeps what was asked, and Back takes it back", async ({
  page,
  world,
}) => {
  await loadCatalog(world);
  world.receiver.answers("/filtered", { status: 500, body: "down" });
  const webhook = await openLog(page, world, "filtering", "/filtered");
  const failed = await publish(world, "filtering", ["card.created", "card.frozen"]);
  await settled(world, "filtering", webhook);
  world.receiver.answers("/filtered", { status: 204 });
  await publish(world, "filtering", ["card.created", "payout.completed", "swap.completed"]);
  await settled(world, "filtering", webhook);
  await page.reload();
  await expectRows(page, 5);

  await page.getByLabel("Status").selectOption("failed");
  await expectRows(page, 2);
  await page.getByLabel("Type").fill("card.created");
  await expectRows(page, 1);
  await expect(page).toHaveURL(/status=failed&type=card\.created/);
  await expect(rows(page).nth(1)).toContainText(failed[0] ?? "none");
  await page.reload();
  await expectRows(page, 1);
  await page.goBack();
  await expectRows(page, 2);
  await expect(page.getByLabel("Type")).toHaveValue("");

  await page.getByLabel("Status").selectOption("");
  await page.getByLabel("Event id").fill(failed[1] ?? "none");
  await expectRows(page, 1);
  await expect(rows(page).nth(1)).toContainText("card.frozen");
  await page.getByLabel("Event id").fill("evt_0000");
  await expect(page.getByText("No event matches.")).toBeVisible();
  await page.getByRole("button", { name: "Show all" }).click();
  await expectRows(page, 5);

  // In the viewer's zone, which is an hour or two ahead of UTC.
  await page.getByLabel("Until").fill("2026-01-01T00:00:00");
  await expect(page.getByText("No event matches.")).toBeVisible();
  await expect(page).toHaveURL(/until=2025-12-31T23%3A00%3A00/);
});

test("pages lead to older events and back, each event once", async ({ page, world }) => {
  const count = 2 * PAGE + 20;
  const webhook = await openLog(page, world, "paging", "/paged");
  const types = Array.from({ length: count }, () => "deposit.completed");
  const events = await publish(world, "paging", types);
  await settled(world, "paging", webhook);
  await page.reload();
  await expectRows(page, PAGE);

  const seen: string[] = [];
  const read = async (): Promise<void> => {
    seen.push(...(await rows(page).locator(".hint").allTextContents()));
  };
  await read();
  for (const size of [PAGE, count - 2 * PAGE]) {
    const last = seen.at(-1) ?? "";
    await page.getByRole("button", { name: "Older" }).click();
    await expect(rows(page).filter({ hasText: last })).toHaveCount(0);
    await expectRows(page, size);
    await read();
  }
  await expect(page.getByRole("button", { name: "Older" })).toBeDisabled();
  const ids = seen.filter((text) => text.startsWith("evt_"));
  expect(ids).toHaveLength(count);
  expect(new Set(ids)).toEqual(new Set(events));

  await page.getByRole("button", { name: "Newer" }).click();
  await expect(rows(page).filter({ hasText: ids[PAGE] ?? "none" })).toHaveCount(1);
  await page.getByRole("button", { name: "Newest" }).click();
  await expect(rows(page).filter({ hasText: ids[0] ?? "none" })).toHaveCount(1);
});

test("an open log shows what happens as it happens, and only what matches", async ({
  page,
  world,
}) => {
  world.receiver.answers("/live", { status: 204 });
  await openLog(page, world, "living", "/live");
  await expect(page.getByText("Nothing was sent to this webhook yet.")).toBeVisible();
  const [first = ""] = await publish(world, "living", ["deposit.completed"]);
  const row = rows(page).filter({ hasText: first });
  await expect(row).toContainText("delivered");
  await expect(row).toContainText("answered 204");

  await page.getByLabel("Status").selectOption("failed");
  await expect(page.getByText("No event matches.")).toBeVisible();
  await expect(page.getByText("Live: new events appear by themselves")).toBeVisible();
  world.receiver.answers("/live", { status: 500 });
  const [second = ""] = await publish(world, "living", ["card.created"]);
  await expect(rows(page).filter({ hasText: second })).toContainText("failed");
  await expectRows(page, 1);
});

test("a delivery's request is copied as a command that sends the same", async ({ page, world }) => {
  const { waxwing, receiver } = world;
  await loadCatalog(world);
  await waxwing.call("POST", "/api/accounts", { body: { id: "copying" } });
  const { id: webhook } = await waxwing.call<{ id: string }>("POST", "/api/webhook/create", {
    body: {
      url: receiver.url("/copied?at='night'"),
      events: ["*"],
      headers: { "X-Api-Key": "for-the-receiver-alone" },
    },
    account: "copying",
  });
  const [event = ""] = await publish(world, "copying", ["deposit.completed"]);
  await settled(world, "copying", webhook);
  await followLink(page, world, "copying");
  await page.goto(`${waxwing.url}/dashboard/webhooks/${webhook}/events/${event}`);

  await page.getByRole("tab", { name: /^Headers/ }).click();
  await expect(page.getByRole("tabpanel")).toContainText("sent, and never shown");
  expect(await page.content()).not.toContain("for-the-receiver-alone");
  await page.getByRole("button", { name: "Copy as curl" }).click();
  const command = await clipboard(page);
  expect(command).toContain("x-api-key: <your value>");

  // Its certificate is that of a throw-away authority.
  await promisify(execFile)("sh", ["-c", `${command} --insecure --silent --show-error --fail`]);
  const [sent, copied] = receiver.taken.filter((taken) => taken.headers["webhook-id"] === event);
  expect(copied?.body).toBe(sent?.body);
  expect(copied?.path).toBe(sent?.path);
  for (const name of ["content-type", "webhook-timestamp", "webhook-signature"]) {
    expect(copied?.headers[name], name).toBe(sent?.headers[name]);
  }
  expect(copied?.headers["x-webhook-signature"]).toBe(sent?.headers["x-webhook-signature"]);
});

test("a slow receiver's delivery says how long it took, in the viewer's zone and in UTC", async ({
  page,
  world,
}) => {
  world.receiver.answers("/sleepy", { status: 200, afterMs: 5000 });
  const webhook = await openLog(page, world, "sleepy", "/sleepy");
  const [event = ""] = await publish(world, "sleepy", ["deposit.completed"]);
  await settled(world, "sleepy", webhook);
  await rows(page).filter({ hasText: event }).getByRole("link").click();
  await expect(page.getByRole("region", { name: "What went wrong" })).toContainText(/in time|slow/);
  await expect(page.getByRole("listitem").filter({ hasText: "Attempt 2" })).toContainText(/1 s/);

  const path = `/api/webhook/${webhook}/events/${event}`;
  const { created_at: at } = await world.waxwing.call<{ created_at: string }>("GET", path, {
    account: "sleepy",
  });
  const here = new Intl.DateTimeFormat("en-GB", {
    timeZone: "Europe/Berlin",
    timeStyle: "medium",
  }).format(new Date(at));
  const utc = at.replace("T", " ").replace("Z", " UTC");
  await expect(page.getByText(`(${utc})`)).toBeVisible();
  await expect(page.getByText(here).first()).toBeVisible();
});
