// Many deliveries sent again: counted before, followed from whichever page, stopped in the middle.
import type { Locator, Page } from "@playwright/test";
import { expect, followLink, test, type World } from "./support/fixtures";
import { createWebhook, publish, settled } from "./support/story";

// One after the other, so that there is a middle to stop in.
test.use({ settings: { WAXWING_IN_FLIGHT_PER_WEBHOOK: "1" } });

const DEPOSITS = 25;
const CARDS = 5;

/** A webhook whose deliveries were all given up, and whose receiver answers again, if slowly. */
async function withGivenUp(page: Page, world: World, account: string): Promise<string> {
  const { waxwing, receiver } = world;
  await waxwing.call("POST", "/api/accounts", { body: { id: account } });
  receiver.answers(`/${account}`, { status: 500 });
  const webhook = await createWebhook(world, account, receiver.url(`/${account}`));
  const types = [
    ...Array.from({ length: DEPOSITS }, () => "deposit.completed"),
    ...Array.from({ length: CARDS }, () => "card.created"),
  ];
  await publish(world, account, types);
  await settled(world, account, webhook);
  receiver.answers(`/${account}`, { status: 204, afterMs: 400 });
  receiver.taken.length = 0;
  await followLink(page, world, account);
  return webhook;
}

async function openDialog(page: Page, world: World, webhook: string): Promise<Locator> {
  await page.goto(`${world.waxwing.url}/dashboard/webhooks/${webhook}/events`);
  await page.getByRole("button", { name: "Send many again" }).click();
  return page.getByRole("dialog", { name: "Send many again" });
}

/** The number that stands at a word. */
async function figure(dialog: Locator, word: string): Promise<number> {
  const term = dialog.locator("dt").filter({ hasText: new RegExp(`^${word}$`) });
  return Number(await term.locator("xpath=following-sibling::dd[1]").textContent());
}

test("what matches is counted before anything is sent, and counted anew with each filter", async ({
  page,
  world,
}) => {
  const webhook = await withGivenUp(page, world, "counting");
  const dialog = await openDialog(page, world, webhook);
  const told = dialog.getByRole("status");
  await expect(told).toHaveText(`${DEPOSITS + CARDS} deliveries match.`);
  await dialog.getByLabel("Type").fill("card.created");
  await expect(told).toHaveText(`${CARDS} deliveries match.`);
  await dialog.getByLabel("Status").selectOption("delivered");
  await expect(told).toHaveText("0 deliveries match.");
  await expect(dialog.getByRole("button", { name: "Send 0 again" })).toBeDisabled();
  await dialog.getByLabel("Status").selectOption("failed");
  await dialog.getByLabel("until").fill("2026-01-01T00:00:00");
  await expect(told).toHaveText("0 deliveries match.");
  await dialog.getByLabel("until").fill("");
  await expect(told).toHaveText(`${CARDS} deliveries match.`);
  expect(world.receiver.taken).toEqual([]);

  await dialog.getByRole("button", { name: `Send ${CARDS} again` }).click();
  await expect(dialog.getByRole("progressbar", { name: "Done" })).toHaveAttribute(
    "aria-valuetext",
    `${CARDS} of ${CARDS}`,
  );
  expect(await figure(dialog, "Delivered")).toBe(CARDS);
  const types = world.receiver.taken.map((taken) => (JSON.parse(taken.body) as Body).type);
  expect(types).toEqual(Array.from({ length: CARDS }, () => "card.created"));
});

interface Body {
  type: string;
}

test("a replay goes on when its window is closed, is found again, and is stopped", async ({
  page,
  world,
}) => {
  const count = DEPOSITS + CARDS;
  const webhook = await withGivenUp(page, world, "stopping");
  const dialog = await openDialog(page, world, webhook);
  await dialog.getByRole("button", { name: `Send ${count} again` }).click();
  await expect(dialog.getByRole("progressbar", { name: "Being sent" })).toBeVisible();
  await dialog.getByRole("button", { name: "Close" }).click();

  await page.getByRole("link", { name: "Overview" }).click();
  const underWay = page.getByRole("region", { name: "Replay under way" });
  await expect(underWay).toContainText(`of ${count}`);
  await underWay.getByRole("button", { name: "Show" }).click();
  await dialog.getByRole("button", { name: "Stop" }).click();
  await expect(dialog.getByRole("progressbar", { name: "Stopped" })).toBeVisible();
  await expect(dialog).toContainText("Nothing more is begun.");

  // The rest stands as it did. The one that was under way may have arrived all the same.
  await expect.poll(() => figure(dialog, "Waiting")).toBe(0);
  const withdrawn = await figure(dialog, "Not sent any more");
  const delivered = await figure(dialog, "Delivered");
  expect(withdrawn).toBeGreaterThan(0);
  expect(delivered + withdrawn).toBe(count);
  await settled(world, "stopping", webhook);
  const arrived = world.receiver.at("/stopping").length;
  expect([delivered, delivered + 1]).toContain(arrived);
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(underWay).toHaveCount(0);
  const { data } = await world.waxwing.call<{ data: unknown[] }>(
    "GET",
    `/api/webhook/${webhook}/events?status=failed&limit=100`,
    { account: "stopping" },
  );
  expect(data).toHaveLength(withdrawn);
});

test("nothing is sent again to a webhook that is paused", async ({ page, world }) => {
  const webhook = await withGivenUp(page, world, "resting");
  await world.waxwing.call("PUT", `/api/webhook/${webhook}`, {
    body: { status: "inactive" },
    account: "resting",
  });
  const dialog = await openDialog(page, world, webhook);
  await expect(dialog).toContainText("The webhook is not active. Activate it first.");
  await expect(dialog.getByRole("button", { name: /^Send \d+ again/ })).toBeDisabled();
  expect(world.receiver.taken).toEqual([]);
});
