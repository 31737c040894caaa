// What a key may not do, the page does not offer, and the server refuses all the same.
import type { Page } from "@playwright/test";
import { expect, test, type World } from "./support/fixtures";
import { createWebhook, publish, settled } from "./support/story";

interface Case {
  webhook: string;
  event: string;
}

/** An account with one delivery that was given up. */
async function withFailure(world: World, account: string): Promise<Case> {
  await world.waxwing.call("POST", "/api/accounts", { body: { id: account } });
  world.receiver.answers(`/${account}`, { status: 500 });
  const webhook = await createWebhook(world, account, world.receiver.url(`/${account}`));
  const [event = ""] = await publish(world, account, ["deposit.completed"]);
  await settled(world, account, webhook);
  return { webhook, event };
}

async function openAs(page: Page, world: World, account: string, body: object): Promise<string> {
  const path = `/api/accounts/${account}/portal-tokens`;
  const { token } = await world.waxwing.call<{ token: string }>("POST", path, { body });
  await page.goto(`${world.waxwing.url}/dashboard/#token=${token}`);
  await expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();
  return token;
}

test("who may only read sees everything, is offered no change and is refused one", async ({
  page,
  world,
}) => {
  const { webhook, event } = await withFailure(world, "readers");
  const token = await openAs(page, world, "readers", { read_only: true });
  await expect(page.getByText("You can look at everything here")).toBeVisible();
  await expect(page.getByRole("link", { name: "Create webhook" })).toHaveCount(0);

  const at = `${world.waxwing.url}/dashboard/webhooks/${webhook}`;
  await page.goto(`${at}/events/${event}`);
  await expect(page.getByRole("heading", { name: "Request" })).toBeVisible();
  await expect(page.getByRole("button", { name: /retry|again/i })).toHaveCount(0);
  await page.goto(`${at}/settings`);
  await expect(page.getByRole("heading", { name: "Signing secret" })).toBeVisible();
  await expect(page.getByRole("button", { name: /save|rotate|pause|delete/i })).toHaveCount(0);
  await page.goto(`${at}/events`);
  await expect(page.getByRole("table", { name: "Events" })).toContainText(event);
  await expect(page.getByRole("button", { name: "Send many again" })).toHaveCount(0);

  const sent = world.receiver.at("/readers").length;
  const retry = `${world.waxwing.url}/api/webhook/${webhook}/events/${event}/retry`;
  const refused = await fetch(retry, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}` },
  });
  expect(refused.status).toBe(403);
  expect(world.receiver.at("/readers")).toHaveLength(sent);
});

test("who may change an account retries a delivery", async ({ page, world }) => {
  const { webhook, event } = await withFailure(world, "writers");
  await openAs(page, world, "writers", {});
  await page.goto(`${world.waxwing.url}/dashboard/webhooks/${webhook}/events/${event}`);
  world.receiver.answers("/writers", { status: 204 });
  await page.getByRole("button", { name: "Retry now" }).click();
  await expect(page.getByRole("button", { name: "Send again" })).toBeVisible();
});

test.describe("a foreign account", () => {
  // The browser itself notes each answer that is no success.
  test.use({ expected: [/status of 40[34]/] });

  test("is refused, and nothing of it is shown", async ({ page, world }) => {
    const { webhook, event } = await withFailure(world, "owners");
    await world.waxwing.call("POST", "/api/accounts", { body: { id: "strangers" } });
    await openAs(page, world, "strangers", {});
    for (const path of ["", "/events", "/settings", `/events/${event}`]) {
      await page.goto(`${world.waxwing.url}/dashboard/webhooks/${webhook}${path}`);
      await expect(page.getByRole("alert").first()).toContainText("There is no such");
      await expect(page.getByText("/owners")).toHaveCount(0);
    }
    await page.goto(`${world.waxwing.url}/dashboard/accounts/owners/webhooks`);
    await expect(page.getByRole("main")).not.toContainText("/owners");
    await expect(page.getByRole("table")).toHaveCount(0);
  });
});
