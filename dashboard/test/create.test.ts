// A customer makes a webhook: chooses events with the catalog's help, keeps the secret, copies the
// code that verifies it, and tries it at once.
import type { Locator, Page } from "@playwright/test";
import { clipboard, expect, followLink, test, type World } from "./support/fixtures";
import { loadCatalog } from "./support/story";

async function openForm(page: Page, world: World, account: string): Promise<void> {
  await loadCatalog(world);
  await world.waxwing.call("POST", "/api/accounts", { body: { id: account } });
  await followLink(page, world, account);
  await page.getByRole("link", { name: "Create the first one" }).click();
  await expect(page.getByRole("heading", { name: "Create webhook" })).toBeVisible();
}

/** Presses the button that stands at a block of code, and gives what it copied. */
async function copied(page: Page, block: Locator): Promise<string> {
  const button = page.locator(".code-block").filter({ has: block }).getByRole("button");
  await button.click();
  await expect(button).toHaveText("Copied");
  return clipboard(page);
}

test("events are chosen with the catalog's descriptions and example payloads", async ({
  page,
  world,
}) => {
  await openForm(page, world, "choosers");
  const create = page.getByRole("button", { name: "Create webhook" });
  await page.getByLabel("URL").fill(world.receiver.url("/chosen"));
  await expect(create).toBeDisabled();
  await expect(page.getByText("Choose at least one event.")).toBeVisible();

  await page.getByLabel("Find a type").fill("deposit.completed");
  const deposits = page.getByRole("group", { name: "deposit", exact: true });
  await expect(page.getByRole("group", { name: "card" })).toHaveCount(0);
  const type = deposits.getByRole("listitem");
  await expect(type).toHaveCount(1);
  await expect(type.locator(".hint")).not.toBeEmpty();
  await type.getByText("Example of data").click();
  const example = type.getByRole("region", { name: "Example of deposit.completed" });
  await expect(example).toContainText('"exchange_rate": 17.482');
  await deposits.getByRole("checkbox", { name: "deposit.completed" }).check();

  await page.getByLabel("Find a type").fill("card");
  await page.getByRole("checkbox", { name: "All of card.*" }).check();
  await create.click();
  await page.getByRole("button", { name: "I have kept it" }).click();
  await expect(page.getByText("deposit.completed, card.*")).toBeVisible();
});

test.describe("bad input", () => {
  // The browser itself notes each answer that is no success.
  test.use({ expected: [/status of 4\d\d/] });

  test("is told at its field, and what was typed stays", async ({ page, world }) => {
    await openForm(page, world, "mistaken");
    const url = page.getByLabel("URL");
    const create = page.getByRole("button", { name: "Create webhook" });
    await page.getByLabel("Description").fill("My shop");
    await page.getByLabel("All events").check();

    for (const [typed, told] of [
      ["http://example.com/hook", /https/],
      ["https://10.0.0.1/hook", /public|private|allowed/],
      ["not a url", /URL/],
    ] as const) {
      await url.fill(typed);
      await create.click();
      await expect(url).toHaveAttribute("aria-invalid", "true");
      await expect(url).toHaveAccessibleDescription(told);
      await expect(url).toHaveValue(typed);
    }
    await expect(page.getByLabel("Description")).toHaveValue("My shop");
    const { data } = await world.waxwing.call<{ data: unknown[] }>("GET", "/api/webhook/list", {
      account: "mistaken",
    });
    expect(data).toEqual([]);

    await url.fill(world.receiver.url("/mended"));
    await create.click();
    await expect(page.getByRole("heading", { name: "Webhook created" })).toBeVisible();
  });
});

test("the secret is shown once, with code in three languages to copy, and is the real one", async ({
  page,
  world,
}) => {
  await openForm(page, world, "keepers");
  await page.getByLabel("URL").fill(world.receiver.url("/kept"));
  await page.getByLabel("All events").check();
  await page.getByRole("button", { name: "Create webhook" }).click();
  const block = page.getByRole("region", { name: "Signing secret" });
  const secret = await copied(page, block);
  await expect(block).toHaveText(secret);
  expect(secret).toMatch(/^whsec_/);

  for (const way of ["With the library", "Without it"]) {
    await page.getByRole("radio", { name: way }).click();
    for (const [language, word] of [
      ["TypeScript", /import/],
      ["Python", /def /],
      ["PHP", /<\?php|function /],
    ] as const) {
      await page.getByRole("tab", { name: language }).click();
      const code = page.getByRole("region", { name: `${language} code` });
      const text = await copied(page, code);
      expect(text).toMatch(word);
      expect(text).toBe(await code.textContent());
      // The code with a library reads the secret there; the other is given it.
      const environment = page.getByRole("region", { name: "Environment" });
      if (way === "With the library") await expect(environment).toContainText(secret);
      else await expect(environment).toHaveCount(0);
    }
  }

  await page.getByRole("button", { name: "I have kept it" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("/kept");
  await expect(page.getByText(secret)).toHaveCount(0);
  await page.goBack();
  await expect(page.getByText(secret)).toHaveCount(0);
  await page.goForward();
  await page.getByRole("link", { name: "Settings" }).click();
  await expect(page.getByText("is not shown again")).toBeVisible();
  expect(await page.content()).not.toContain(secret);
});

test("a test event shows the answer on the spot", async ({ page, world }) => {
  world.receiver.answers("/tried", { status: 202, body: '{"taken":true}' });
  await openForm(page, world, "triers");
  await page.getByLabel("URL").fill(world.receiver.url("/tried"));
  await page.getByLabel("All events").check();
  await page.getByRole("button", { name: "Create webhook" }).click();
  await page.getByRole("button", { name: "I have kept it" }).click();
  await page.getByRole("button", { name: "Send test event" }).click();
  const dialog = page.getByRole("dialog", { name: "Test event" });
  await expect(dialog).toContainText("It works");
  await expect(dialog).toContainText("Your server answered 202");
  await expect(dialog.getByRole("region", { name: "Answer of your server" })).toHaveText(
    '{"taken":true}',
  );
  expect(world.receiver.at("/tried")).toHaveLength(1);

  world.receiver.answers("/tried", { status: 503, body: "maintenance" });
  await dialog.getByRole("button", { name: "Send another" }).click();
  await expect(dialog).toContainText("Your server failed (503)");
  await expect(dialog.getByRole("region", { name: "Answer of your server" })).toHaveText(
    "maintenance",
  );
});

test("a certificate that nobody trusts is explained where the test was sent", async ({
  page,
  world,
}) => {
  await openForm(page, world, "untrusted");
  await page.getByLabel("URL").fill(world.untrusted.url("/hook"));
  await page.getByLabel("All events").check();
  await page.getByRole("button", { name: "Create webhook" }).click();
  await page.getByRole("button", { name: "I have kept it" }).click();
  await page.getByRole("button", { name: "Send test event" }).click();
  const dialog = page.getByRole("dialog", { name: "Test event" });
  await expect(dialog).toContainText("No secure connection");
  await expect(dialog).toContainText("certificate of a public authority");
  await expect(dialog.locator(".hint")).toContainText(/certificate/i);
  await dialog.getByRole("link", { name: "Show the whole delivery" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("test");
  expect(world.untrusted.at("/hook")).toHaveLength(0);
});
