// What there is to look at: where each page is, and when it shows what it has.
import type { Page } from "@playwright/test";
import { expect } from "./fixtures";
import { ACCOUNT, type Platform } from "./platform";

export interface Screen {
  name: string;
  path: string | ((platform: Platform) => string);
  /** Waits until the page has what it shows, and opens what is to be seen. */
  ready: (page: Page, platform: Platform) => Promise<void>;
}

export const portal = `/dashboard/accounts/${ACCOUNT}`;

async function table(page: Page, name: string): Promise<void> {
  await expect(page.getByRole("table", { name }).first()).toBeVisible();
}

async function charts(page: Page): Promise<void> {
  await expect(page.locator(".chart canvas")).toHaveCount(2);
}

export const SCREENS: readonly Screen[] = [
  {
    name: "overview",
    path: "/dashboard/overview",
    ready: async (page) => {
      await table(page, "Webhooks that fail most");
      await charts(page);
    },
  },
  { name: "accounts", path: "/dashboard/accounts", ready: (page) => table(page, "Accounts") },
  {
    name: "account-access",
    path: `${portal}/access`,
    ready: async (page) => {
      await expect(page.getByText("Reconciliation")).toBeVisible();
    },
  },
  {
    name: "catalog",
    path: "/dashboard/catalog",
    ready: async (page) => {
      await page.getByText("Example of data").first().click();
      await expect(page.getByRole("region", { name: /^Example of/ }).first()).toBeVisible();
    },
  },
  {
    name: "edit-event-type",
    path: "/dashboard/catalog",
    ready: async (page) => {
      await page.getByRole("button", { name: "Edit deposit.completed" }).click();
      await expect(page.getByRole("dialog")).toBeVisible();
    },
  },
  { name: "audit", path: "/dashboard/audit", ready: (page) => table(page, "Changes") },
  {
    name: "keys",
    path: "/dashboard/keys",
    ready: async (page) => {
      await expect(page.getByText("Core banking")).toBeVisible();
    },
  },
  {
    name: "webhooks",
    path: `${portal}/webhooks`,
    ready: async (page) => {
      await table(page, "Webhooks");
      await expect(page.getByText("…", { exact: true })).toHaveCount(0);
    },
  },
  {
    name: "create-webhook",
    path: `${portal}/webhooks/new`,
    ready: async (page) => {
      await page.getByLabel("URL").fill("https://hooks.example.com/waxwing");
      await page.getByRole("group", { name: "deposit" }).getByRole("button").click();
      await page.getByRole("checkbox", { name: "deposit.completed" }).check();
      await page.getByLabel("All of payout.*").check();
    },
  },
  {
    name: "secret",
    path: `${portal}/webhooks/new`,
    ready: async (page, { receiver }) => {
      await page.getByLabel("URL").fill(receiver.url("/new"));
      await page.getByLabel("All of payout.*").check();
      await page.getByRole("button", { name: "Create webhook" }).click();
      await expect(page.getByRole("heading", { name: "Verify what comes" })).toBeVisible();
    },
  },
  {
    name: "webhook",
    path: ({ hooks }) => `${portal}/webhooks/${hooks.failing}`,
    ready: async (page) => {
      await table(page, "Given up");
      await charts(page);
    },
  },
  {
    name: "webhook-disabled",
    path: ({ hooks }) => `${portal}/webhooks/${hooks.gone}`,
    ready: async (page) => {
      await expect(page.getByRole("region", { name: "Disabled" })).toBeVisible();
      await charts(page);
    },
  },
  {
    name: "test-event",
    path: ({ hooks }) => `${portal}/webhooks/${hooks.healthy}`,
    ready: async (page) => {
      await charts(page);
      await page.getByRole("button", { name: "Send test event" }).click();
      await expect(page.getByRole("dialog")).toContainText("It works");
    },
  },
  {
    name: "settings",
    path: ({ hooks }) => `${portal}/webhooks/${hooks.healthy}/settings`,
    ready: async (page) => {
      await expect(page.getByRole("region", { name: "Rotation under way" })).toBeVisible();
    },
  },
  {
    name: "events",
    path: ({ hooks }) => `${portal}/webhooks/${hooks.failing}/events`,
    ready: async (page) => {
      await table(page, "Events");
      await expect(page.getByText("Live: new events")).toBeVisible();
    },
  },
  {
    name: "delivery",
    path: ({ hooks, givenUp }) => `${portal}/webhooks/${hooks.failing}/events/${givenUp}`,
    ready: async (page) => {
      await page.getByText("Answer of the server").first().click();
      await expect(page.getByRole("heading", { name: "Request" })).toBeVisible();
    },
  },
  {
    name: "delivery-waiting",
    path: ({ hooks, waiting }) => `${portal}/webhooks/${hooks.failing}/events/${waiting}`,
    ready: async (page) => {
      await page.getByRole("tab", { name: "Headers" }).click();
      await expect(page.getByText("webhook-signature", { exact: true })).toBeVisible();
    },
  },
  {
    name: "replay",
    path: ({ hooks }) => `${portal}/webhooks/${hooks.failing}/events`,
    ready: async (page) => {
      await page.getByRole("button", { name: "Send many again" }).click();
      await expect(page.getByRole("dialog").getByRole("status")).toContainText("match");
    },
  },
  {
    name: "event-types",
    path: `${portal}/event-types`,
    ready: async (page) => {
      await expect(page.getByRole("heading", { name: "deposit.completed" })).toBeVisible();
    },
  },
  {
    name: "empty",
    path: "/dashboard/accounts/initech/webhooks",
    ready: async (page) => {
      await expect(page.getByText("There are no webhooks yet.")).toBeVisible();
    },
  },
  {
    name: "not-found",
    path: "/dashboard/there/is/nothing/here",
    ready: async (page) => {
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    },
  },
];
