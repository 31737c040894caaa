// What operators do: accounts, links, keys, the catalog, and who did what.
import type { Page } from "@playwright/test";
import { clipboard, expect, signIn, test, type World, watchErrors } from "./support/fixtures";
import { createWebhook, publish, settled } from "./support/story";

async function openConsole(page: Page, world: World, view: string): Promise<void> {
  await signIn(page, world);
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: view }).click();
  await expect(page.getByRole("heading", { level: 1, name: view })).toBeVisible();
}

/** Makes an account by hand, and stands on its page afterwards. */
async function createAccount(page: Page, world: World, id: string, name: string): Promise<void> {
  await openConsole(page, world, "Accounts");
  await page.getByRole("button", { name: "Create account" }).click();
  const dialog = page.getByRole("dialog", { name: "Create account" });
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByLabel("Id").fill(id);
  await dialog.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByText("There are no webhooks yet.")).toBeVisible();
  await expect(page.getByRole("region", { name: "Account that is looked at" })).toContainText(name);
}

test.describe("a link into the portal", () => {
  // The browser itself notes each answer that is no success.
  test.use({ expected: [/status of 401/] });

  test("is made by hand, lets its holder look, and is ended while it is used", async ({
    page,
    world,
  }) => {
    await createAccount(page, world, "visited", "Visited Ltd");
    await page.getByRole("link", { name: "Access" }).click();
    await page.getByRole("button", { name: "Make a link" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Valid for").selectOption({ label: "15 minutes" });
    await dialog.getByLabel("May look only").check();
    await dialog.getByRole("button", { name: "Make link" }).click();
    await dialog.getByRole("button", { name: "Copy" }).click();
    const link = await clipboard(page);
    await dialog.getByRole("button", { name: "Done" }).click();
    const links = page.getByRole("table", { name: "Portal links" });
    await expect(links.getByRole("row")).toHaveCount(2);
    await expect(links).toContainText("in 14 minutes");

    const customer = await page.context().newPage();
    const errors = watchErrors(customer);
    await customer.goto(link);
    await expect(customer.getByText("You can look at everything here")).toBeVisible();
    await expect(customer.getByText("Visited Ltd")).toBeVisible();
    expect(errors).toEqual([]);

    await links.getByRole("button", { name: /^End the link/ }).click();
    await page.getByRole("dialog").getByRole("button", { name: "End link" }).click();
    await expect(page.getByText("No link is valid now.")).toBeVisible();
    await customer.getByRole("link", { name: "Event types" }).click();
    await expect(customer.getByRole("alert")).toContainText("not valid any more");
    await customer.close();
  });
});

test("a key is made, shown once, works, and is revoked", async ({ page, world }) => {
  await openConsole(page, world, "Keys");
  await page.getByRole("button", { name: "Create key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Ledger");
  await dialog.getByLabel("Role").selectOption("publisher");
  await dialog.getByLabel("Valid").selectOption({ label: "30 days" });
  await dialog.getByRole("button", { name: "Create key" }).click();
  await dialog.getByRole("button", { name: "Copy" }).click();
  const key = await clipboard(page);
  await dialog.getByRole("button", { name: "I have kept it" }).click();
  await expect(page.getByText(key)).toHaveCount(0);
  const row = page.getByRole("row").filter({ hasText: "Ledger" });
  await expect(row).toContainText("publisher");
  await expect(row).toContainText("in 29 days");

  await world.waxwing.call("POST", "/api/accounts", { body: { id: "of-the-ledger" } });
  const publishWithIt = async (): Promise<number> => {
    const answer = await fetch(`${world.waxwing.url}/api/events`, {
      method: "POST",
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      body: '{"account_id":"of-the-ledger","type":"deposit.completed","data":{}}',
    });
    return answer.status;
  };
  expect(await publishWithIt()).toBe(202);
  await row.getByRole("button", { name: "Revoke Ledger" }).click();
  const question = page.getByRole("dialog", { name: "Revoke Ledger?" });
  await expect(question).toContainText("are refused from their next request on");
  await question.getByRole("button", { name: "Revoke key" }).click();
  await expect(row).toHaveCount(0);
  expect(await publishWithIt()).toBe(401);
});

test("an event type is described, checked while it is typed, changed and deleted", async ({
  page,
  world,
}) => {
  await openConsole(page, world, "Event types");
  await page.getByRole("button", { name: "Add event type" }).click();
  const dialog = page.getByRole("dialog");
  const save = dialog.getByRole("button", { name: "Save" });
  await dialog.getByLabel("Type").fill("console.made");
  await dialog.getByLabel("Description").fill("Made in a test of the console.");
  await dialog.getByLabel("Example of data").fill('{"amount": 12.10');
  await expect(dialog.getByLabel("Example of data")).toHaveAccessibleDescription(/no JSON/);
  await expect(save).toBeDisabled();
  await dialog.getByLabel("Example of data").fill('{"amount": 12.10}');
  await dialog
    .getByLabel("JSON Schema of data")
    .fill('{"type":"object","required":["amount"],"properties":{"amount":{"type":"number"}}}');
  await save.click();
  await expect(page.getByRole("heading", { name: "console.made" })).toBeVisible();

  await world.waxwing.call("POST", "/api/accounts", { body: { id: "cataloged" } });
  const body = { account_id: "cataloged", type: "console.made", data: {} };
  await expect(world.waxwing.call("POST", "/api/events", { body })).rejects.toThrow(/422|amount/);

  await page.getByRole("button", { name: "Edit console.made" }).click();
  // As it was written: a number keeps its digits.
  await expect(dialog.getByLabel("Example of data")).toHaveValue(/12\.10/);
  await dialog.getByLabel("Description").fill("Changed.");
  await save.click();
  await expect(page.getByText("Changed.", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Delete console.made" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete event type" }).click();
  await expect(page.getByRole("heading", { name: "console.made" })).toHaveCount(0);
});

test("the worst webhook stands on the overview, and one click leads to why", async ({
  page,
  world,
}) => {
  await world.waxwing.call("POST", "/api/accounts", { body: { id: "worst" } });
  world.receiver.answers("/worst", { status: 503, body: "closed" });
  const webhook = await createWebhook(world, "worst", world.receiver.url("/worst"));
  await publish(world, "worst", ["deposit.completed", "card.created"]);
  await settled(world, "worst", webhook);
  await signIn(page, world);
  const table = page.getByRole("table", { name: "Webhooks that fail most" });
  const row = table.getByRole("row").filter({ hasText: "/worst" });
  await expect(row).toContainText("4 of 4");
  await row.getByRole("link").click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("/worst");
  await expect(page.getByRole("table", { name: "Given up" })).toContainText("deposit.completed");
  await expect(page.getByRole("region", { name: "Failing" })).toBeVisible();
});

test("the audit log says who changed what, from what to what", async ({ page, world }) => {
  await world.waxwing.call("POST", "/api/accounts", { body: { id: "audited" } });
  const webhook = await createWebhook(world, "audited", world.receiver.url("/audited"));
  await world.waxwing.call("PUT", `/api/webhook/${webhook}`, {
    body: { description: "Renamed by hand" },
    account: "audited",
  });
  await openConsole(page, world, "Audit log");
  await page.getByLabel("Account").fill("audited");
  await page.getByLabel("Action").selectOption("webhook.update");
  const rows = page.getByRole("table", { name: "Changes" }).getByRole("row");
  await expect(rows).toHaveCount(2);
  await expect(rows.nth(1)).toContainText(webhook);
  await expect(rows.nth(1)).toContainText("from 127.0.0.1");
  await expect(rows.nth(1).locator("ins").filter({ hasText: "Renamed by hand" })).toBeVisible();
  await page.getByLabel("Object").fill("wh_nothing");
  await expect(page.getByText("No change matches.")).toBeVisible();
});

test.describe("an account that is deleted", () => {
  // The browser itself notes each answer that is no success.
  test.use({ expected: [/status of 40[0-9]/] });

  test("takes its webhooks along, after its id was typed, and is never made again", async ({
    page,
    world,
  }) => {
    await createAccount(page, world, "ending", "Ending Ltd");
    const webhook = await createWebhook(world, "ending", world.receiver.url("/ending"));
    await page.getByRole("link", { name: "Access" }).click();
    await page.getByRole("button", { name: "Delete account…" }).click();
    const question = page.getByRole("dialog", { name: "Delete the account ending?" });
    const remove = question.getByRole("button", { name: "Delete account" });
    await expect(remove).toBeDisabled();
    await question.getByRole("textbox").fill("ending");
    await remove.click();
    await expect(page.getByText("The account ending is deleted.")).toBeVisible();
    await expect(page.getByRole("table", { name: "Accounts" })).not.toContainText("Ending Ltd");
    const read = world.waxwing.call("GET", `/api/webhook/${webhook}`, { account: "ending" });
    await expect(read).rejects.toThrow("404");

    await page.getByRole("button", { name: "Create account" }).click();
    const dialog = page.getByRole("dialog", { name: "Create account" });
    await dialog.getByLabel("Id").fill("ending");
    await dialog.getByRole("button", { name: "Create account" }).click();
    await expect(dialog.getByRole("alert")).toBeVisible();
    await expect(dialog.getByLabel("Id")).toHaveValue("ending");
  });
});
