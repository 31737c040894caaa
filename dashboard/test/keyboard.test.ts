// Everything without a mouse: in order, in sight, and back where one was.
import type { Locator, Page } from "@playwright/test";
import { expect, keepSignedIn, test, type World } from "./support/fixtures";
import { createWebhook, loadCatalog, publish, settled } from "./support/story";

const ACCOUNT = "keys-only";
const portal = `/dashboard/accounts/${ACCOUNT}`;

let made: string | undefined;

/** A webhook with deliveries that were given up, made once. */
async function webhookOf(world: World): Promise<string> {
  if (made !== undefined) return made;
  await loadCatalog(world);
  await world.waxwing.call("POST", "/api/accounts", { body: { id: ACCOUNT } });
  world.receiver.answers("/keyboard", { status: 500 });
  made = await createWebhook(world, ACCOUNT, world.receiver.url("/keyboard"));
  await publish(world, ACCOUNT, ["deposit.completed", "card.created"]);
  await settled(world, ACCOUNT, made);
  return made;
}

async function open(page: Page, world: World, path: string): Promise<void> {
  await keepSignedIn(page);
  await page.goto(world.waxwing.url + path);
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
}

/** Presses Tab until something has the focus. */
async function tabTo(page: Page, wanted: Locator, key = "Tab"): Promise<void> {
  await expect(wanted).toBeVisible();
  for (let pressed = 0; pressed < 60; pressed += 1) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
  }
  await expect(wanted).toBeFocused();
}

/** What has the focus: its name, and whether that is to be seen. */
function focused(page: Page): Promise<{ name: string; isSeen: boolean } | undefined> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (element === null || element === document.body) return undefined;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const isOnScreen = box.bottom > 0 && box.top < window.innerHeight && box.width > 0;
    const name = element.getAttribute("aria-label") ?? element.textContent.trim();
    return { name, isSeen: isOnScreen && style.outlineStyle !== "none" };
  });
}

test("backwards from the heading stand the navigation, and the way past it", async ({
  page,
  world,
}) => {
  await open(page, world, "/dashboard/overview");
  const names: string[] = [];
  for (let at = 0; at < 8; at += 1) {
    await page.keyboard.press("Shift+Tab");
    names.push((await focused(page))?.name ?? "");
  }
  expect(names.reverse()).toEqual([
    "Skip to the content",
    "Webhooks",
    "Sign out",
    "Overview",
    "Accounts",
    "Event types",
    "Audit log",
    "Keys",
  ]);
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeInViewport();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("main").locator(":focus")).toHaveCount(1);
});

test("whatever has the focus is seen to have it", async ({ page, world }) => {
  const webhook = await webhookOf(world);
  for (const path of [`${portal}/webhooks/${webhook}`, `${portal}/webhooks/${webhook}/events`]) {
    await open(page, world, path);
    await expect(page.getByRole("table").first()).toBeVisible();
    const unseen: string[] = [];
    let stops = 0;
    for (; stops < 60; stops += 1) {
      await page.keyboard.press("Tab");
      const now = await focused(page);
      if (now === undefined) break;
      if (!now.isSeen) unseen.push(now.name);
    }
    expect(stops).toBeGreaterThan(8);
    expect(unseen).toEqual([]);
  }
});

test("a row's link leads to the delivery, whose tabs are changed by arrows", async ({
  page,
  world,
}) => {
  const webhook = await webhookOf(world);
  await open(page, world, `${portal}/webhooks/${webhook}/events`);
  await tabTo(page, page.getByRole("link", { name: "card.created" }));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "card.created" })).toBeFocused();
  await tabTo(page, page.getByRole("tab", { name: "Body", exact: true }));
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("tab", { name: "Raw body" })).toHaveAttribute(
    "aria-selected",
    "true",
  );
  await expect(page.getByRole("tabpanel")).toContainText('"card.created"');
});

test("a window keeps the focus until Escape closes it, and gives it back", async ({
  page,
  world,
}) => {
  const webhook = await webhookOf(world);
  await open(page, world, `${portal}/webhooks/${webhook}/events`);
  const opener = page.getByRole("button", { name: "Send many again" });
  await tabTo(page, opener);
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Send many again" });
  await expect(dialog).toBeVisible();
  for (let at = 0; at < 20; at += 1) {
    await page.keyboard.press("Tab");
    await expect(dialog.locator(":focus")).toHaveCount(1);
  }
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await expect(opener).toBeFocused();
});

test("a secret that is shown once is not closed by Escape", async ({ page, world }) => {
  const webhook = await webhookOf(world);
  await open(page, world, `${portal}/webhooks/${webhook}/settings`);
  const opener = page.getByRole("button", { name: "Rotate secret…" });
  await tabTo(page, opener);
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByRole("button", { name: "Make a new secret" }));
  await page.keyboard.press("Enter");
  const shown = page.getByRole("dialog", { name: "The new secret" });
  await expect(shown).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(shown).toBeVisible();
  await tabTo(page, shown.getByRole("button", { name: "I have kept it" }));
  await page.keyboard.press("Enter");
  await expect(shown).toHaveCount(0);
  await expect(opener).toBeFocused();
});

test.describe("a form", () => {
  // The browser itself notes each answer that is no success.
  test.use({ expected: [/status of 4\d\d/] });

  test("leads to what is wrong in it, and says so", async ({ page, world }) => {
    await webhookOf(world);
    await keepSignedIn(page);
    await page.goto(`${world.waxwing.url}${portal}/webhooks/new`);
    const url = page.getByLabel("URL");
    await expect(url).toBeFocused();
    await page.keyboard.press("End");
    await page.keyboard.type("10.0.0.1/private");
    await tabTo(page, page.getByLabel("All events"));
    await page.keyboard.press("Space");
    await tabTo(page, page.getByRole("button", { name: "Create webhook" }));
    await page.keyboard.press("Enter");
    await expect(page.getByRole("alert").first()).toBeVisible();
    await expect(url).toBeFocused();
    await expect(url).toHaveAttribute("aria-invalid", "true");
    await expect(url).toHaveAccessibleDescription(/10\.0\.0\.1|private|allowed/);
  });
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 } });

  test("the navigation unfolds, leads on, and folds again", async ({ page, world }) => {
    await open(page, world, "/dashboard/overview");
    const menu = page.getByRole("button", { name: /^Menu/ });
    const accounts = page.getByRole("navigation", { name: "Main" }).getByText("Accounts");
    await expect(accounts).toBeHidden();
    await tabTo(page, menu, "Shift+Tab");
    await page.keyboard.press("Enter");
    await expect(menu).toHaveAttribute("aria-expanded", "true");
    await page.keyboard.press("Escape");
    await expect(accounts).toBeHidden();
    await expect(menu).toBeFocused();
    await page.keyboard.press("Enter");
    await tabTo(page, accounts);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { level: 1, name: "Accounts" })).toBeVisible();
    await expect(menu).toHaveAttribute("aria-expanded", "false");
  });
});
