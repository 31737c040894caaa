// Every page, in light and dark: it loads under the server's security policy, complains of
// nothing, and axe finds nothing.
import type { Page } from "@playwright/test";
import { expectAccessible } from "./support/axe";
import { expect, keepSignedIn, test, type World } from "./support/fixtures";
import { createWebhook, loadCatalog, publish, settled } from "./support/story";

const ACCOUNT = "pages";

interface Visit {
  name: string;
  path: (ids: Ids) => string;
  /** What stands there once the page has what it shows. */
  shows: (page: Page, ids: Ids) => Promise<void>;
}

interface Ids {
  webhook: string;
  event: string;
}

const portal = `/dashboard/accounts/${ACCOUNT}`;

async function heading(page: Page, name: string | RegExp): Promise<void> {
  await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
}

const VISITS: readonly Visit[] = [
  {
    name: "overview",
    path: () => "/dashboard/overview",
    shows: async (page) => {
      await heading(page, "Overview");
      await expect(page.getByRole("table", { name: "Webhooks that fail most" })).toBeVisible();
    },
  },
  {
    name: "accounts",
    path: () => "/dashboard/accounts",
    shows: async (page) => {
      await expect(page.getByRole("table", { name: "Accounts" })).toBeVisible();
    },
  },
  {
    name: "catalog",
    path: () => "/dashboard/catalog",
    shows: async (page) => {
      await expect(page.getByText("deposit.completed").first()).toBeVisible();
    },
  },
  {
    name: "audit log",
    path: () => "/dashboard/audit",
    shows: async (page) => {
      await expect(page.getByRole("table")).toBeVisible();
    },
  },
  {
    name: "operator keys",
    path: () => "/dashboard/keys",
    shows: (page) => heading(page, /keys/i),
  },
  {
    name: "access of an account",
    path: () => `${portal}/access`,
    shows: async (page) => {
      await heading(page, "Access");
      await expect(page.getByText("No link is valid now.")).toBeVisible();
    },
  },
  {
    name: "webhooks",
    path: () => `${portal}/webhooks`,
    shows: async (page) => {
      await expect(page.getByRole("table", { name: "Webhooks" })).toContainText(
        "failures in a row",
      );
    },
  },
  {
    name: "create webhook",
    path: () => `${portal}/webhooks/new`,
    shows: async (page) => {
      await expect(page.getByLabel("All events")).toBeVisible();
    },
  },
  {
    name: "webhook",
    path: ({ webhook }) => `${portal}/webhooks/${webhook}`,
    shows: async (page) => {
      await expect(page.getByRole("table", { name: "Given up" })).toBeVisible();
      await expect(page.getByText("Success rate")).toBeVisible();
    },
  },
  {
    name: "settings of a webhook",
    path: ({ webhook }) => `${portal}/webhooks/${webhook}/settings`,
    shows: async (page) => {
      await expect(page.getByRole("heading", { name: "Signing secret" })).toBeVisible();
    },
  },
  {
    name: "event log",
    path: ({ webhook }) => `${portal}/webhooks/${webhook}/events`,
    shows: async (page, { event }) => {
      await expect(page.getByRole("table", { name: "Events" })).toContainText(event);
    },
  },
  {
    name: "delivery",
    path: ({ webhook, event }) => `${portal}/webhooks/${webhook}/events/${event}`,
    shows: async (page) => {
      await expect(page.getByRole("heading", { name: "Request" })).toBeVisible();
    },
  },
  {
    name: "event types",
    path: () => `${portal}/event-types`,
    shows: (page) => heading(page, "Event types"),
  },
  {
    name: "nothing",
    path: () => "/dashboard/there/is/nothing/here",
    shows: async (page) => {
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    },
  },
];

let made: Ids | undefined;

/** One failing webhook with deliveries, made once for all pages. */
async function ids(world: World): Promise<Ids> {
  if (made !== undefined) return made;
  await loadCatalog(world);
  await world.waxwing.call("POST", "/api/accounts", { body: { id: ACCOUNT, name: "Pages Ltd" } });
  world.receiver.answers("/pages", { status: 500, body: "database is locked" });
  const webhook = await createWebhook(world, ACCOUNT, world.receiver.url("/pages"));
  const events = await publish(world, ACCOUNT, ["deposit.completed", "card.created"]);
  await settled(world, ACCOUNT, webhook);
  made = { webhook, event: events[0] ?? "" };
  return made;
}

/** In both schemes: contrast differs. */
async function expectAccessibleInBoth(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page);
  }
}

test("sign-in loads cleanly and is accessible", async ({ page, world }) => {
  await page.goto(`${world.waxwing.url}/dashboard/`);
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expectAccessibleInBoth(page);
});

for (const visit of VISITS) {
  test(`${visit.name} loads cleanly and is accessible`, async ({ page, world }) => {
    const story = await ids(world);
    await keepSignedIn(page);
    await page.goto(world.waxwing.url + visit.path(story));
    await visit.shows(page, story);
    await expectAccessibleInBoth(page);
  });
}
