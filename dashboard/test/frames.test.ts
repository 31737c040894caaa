// The page inside of a product: only of those who may, and looking as its operator has set it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, keepSignedIn, test as base, type World } from "./support/fixtures";
import type { Receiver } from "./support/receiver";
import { createWebhook, publish, settled } from "./support/story";
import { Waxwing } from "./support/waxwing";

type Settings = Record<string, string>;

const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" width="96" height="28"><rect width="96" height="28" rx="6" fill="#0b5f4a"/></svg>`;

const test = base.extend<{ serve: (settings: Settings) => Promise<Waxwing> }>({
  /** A server with settings of its own, which ends with the test. */
  // eslint-disable-next-line no-empty-pattern -- Playwright reads from it what is needed
  serve: async ({}, provide) => {
    const folder = mkdtempSync(join(tmpdir(), "waxwing-frames-"));
    writeFileSync(join(folder, "logo.svg"), LOGO);
    const started: Waxwing[] = [];
    await provide(async (settings) => {
      const waxwing = await Waxwing.start(folder, settings);
      started.push(waxwing);
      return waxwing;
    });
    for (const waxwing of started) await waxwing.stop();
    rmSync(folder, { recursive: true });
  },
});

// The products are served by receivers, whose authority no browser knows.
test.use({ ignoreHTTPSErrors: true });

function originOf(receiver: Receiver): string {
  return new URL(receiver.url("/")).origin;
}

/** A page of a product with the dashboard in it. */
async function openProduct(page: Page, receiver: Receiver, dashboard: string): Promise<void> {
  receiver.answers("/product", {
    status: 200,
    headers: { "content-type": "text/html" },
    body: `<title>Product</title><link rel="icon" href="data:,"><h1>Product</h1>
      <iframe src="${dashboard}" title="Webhooks" width="1000" height="700"></iframe>`,
  });
  await page.goto(receiver.url("/product"));
}

/** A link that signs in to an account with one delivery. */
async function linkTo(waxwing: Waxwing, world: World): Promise<string> {
  await waxwing.call("POST", "/api/accounts", { body: { id: "framed", name: "Framed Ltd" } });
  const here = { ...world, waxwing };
  // Its certificate is trusted by the world's own server alone, so that the delivery fails.
  const webhook = await createWebhook(here, "framed", world.receiver.url("/framed"));
  await publish(here, "framed", ["deposit.completed"]);
  await settled(here, "framed", webhook);
  const { token } = await waxwing.call<{ token: string }>(
    "POST",
    "/api/accounts/framed/portal-tokens",
    { body: {} },
  );
  return `${waxwing.url}/dashboard/#token=${token}`;
}

const QUICK: Settings = { WAXWING_RETRY_SCHEDULE: "100ms" };

test.describe("a product that may", () => {
  // The product has TLS here, the server has not.
  test.use({ expected: [/^Mixed Content/] });

  test("shows the dashboard in a frame, signed in by its link", async ({ page, world, serve }) => {
    const waxwing = await serve({
      ...QUICK,
      WAXWING_DASHBOARD_FRAME_ANCESTORS: originOf(world.receiver),
    });
    await openProduct(page, world.receiver, await linkTo(waxwing, world));
    const frame = page.frameLocator("iframe");
    await expect(frame.getByText("Framed Ltd")).toBeVisible();
    await frame.getByRole("link", { name: /\/framed$/ }).click();
    await frame.getByRole("link", { name: "Events", exact: true }).click();
    await expect(frame.getByRole("table", { name: "Events" })).toContainText("deposit.completed");
  });
});

test.describe("another product", () => {
  test.use({ expected: [/frame-ancestors|ERR_BLOCKED_BY_RESPONSE/] });

  test("is refused the frame", async ({ page, world, serve }) => {
    const waxwing = await serve({
      ...QUICK,
      WAXWING_DASHBOARD_FRAME_ANCESTORS: originOf(world.receiver),
    });
    const refusal = page.waitForEvent("console", (said) => said.text().includes("frame-ancestors"));
    await openProduct(page, world.untrusted, await linkTo(waxwing, world));
    expect((await refusal).text()).toContain(originOf(world.receiver));
    const frame = page.frameLocator("iframe");
    await expect(frame.getByText("Framed Ltd")).toHaveCount(0);
    await expect(frame.getByRole("navigation", { name: "Main" })).toHaveCount(0);
  });
});

test("name, logo and colours are those that were set, in light and dark", async ({
  page,
  serve,
}) => {
  const waxwing = await serve({
    WAXWING_DASHBOARD_NAME: "Acme",
    WAXWING_DASHBOARD_LOGO_FILE: "logo.svg",
    WAXWING_DASHBOARD_ACCENT: "#0b5f4a",
    WAXWING_DASHBOARD_ACCENT_DARK: "#62d39d",
  });
  await page.goto(`${waxwing.url}/dashboard/`);
  await expect(page.locator(".brand")).toHaveText("Acme");
  await expect(page.getByText("Open the webhooks page from Acme")).toBeVisible();
  const width = await page.locator(".brand img").evaluate((image) => {
    return (image as HTMLImageElement).naturalWidth;
  });
  expect(width).toBe(96);

  await keepSignedIn(page);
  await page.goto(`${waxwing.url}/dashboard/accounts`);
  const button = page.getByRole("button", { name: "Create account" });
  await page.emulateMedia({ colorScheme: "light" });
  await expect(button).toHaveCSS("background-color", "rgb(11, 95, 74)");
  await page.emulateMedia({ colorScheme: "dark" });
  await expect(button).toHaveCSS("background-color", "rgb(98, 211, 157)");
});

for (const [scheme, ground] of [
  ["light", "rgb(245, 246, 248)"],
  ["dark", "rgb(15, 18, 22)"],
] as const) {
  test(`a page that is to be ${scheme} is so whatever the reader's system says`, async ({
    page,
    serve,
  }) => {
    const waxwing = await serve({ WAXWING_DASHBOARD_SCHEME: scheme });
    await page.emulateMedia({ colorScheme: scheme === "dark" ? "light" : "dark" });
    await page.goto(`${waxwing.url}/dashboard/`);
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
    await expect(page.locator("html")).toHaveCSS("background-color", ground);
  });
}

test.describe("a server without the dashboard", () => {
  test.use({ expected: [/status of 404/] });

  test("has no page there", async ({ page, serve }) => {
    const waxwing = await serve({ WAXWING_DASHBOARD: "off" });
    const answer = await page.goto(`${waxwing.url}/dashboard/`);
    expect(answer?.status()).toBe(404);
    await expect(page.getByRole("heading", { name: "Sign in" })).toHaveCount(0);
  });
});
