// What every test has: a server, a receiver, and a page on which any error is a failure.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base, expect, type Page } from "@playwright/test";
import { makeCertificates, makeSelfSigned } from "./certificates";
import { Receiver } from "./receiver";
import { OPERATOR_KEY, Waxwing } from "./waxwing";

interface WorkerFixtures {
  /** Settings of the server that differ from those of other tests. */
  settings: Record<string, string>;
  world: World;
}

interface TestFixtures {
  /** Errors on the page that a test expects, such as the server's refusals. */
  expected: RegExp[];
  page: Page;
}

export interface World {
  waxwing: Waxwing;
  receiver: Receiver;
  /** A receiver whose certificate nobody trusts. */
  untrusted: Receiver;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  settings: [{}, { option: true, scope: "worker" }],
  world: [
    async ({ settings }, provide) => {
      const folder = mkdtempSync(join(tmpdir(), "waxwing-dashboard-"));
      const certificates = makeCertificates(folder);
      const receiver = await Receiver.start(certificates);
      const untrusted = await Receiver.start(makeSelfSigned(folder));
      const waxwing = await Waxwing.start(folder, {
        WAXWING_EXTRA_CA_FILE: certificates.caFile,
        // Two attempts, the second at once: a failing delivery is given up within a second.
        WAXWING_RETRY_SCHEDULE: "100ms",
        WAXWING_REQUEST_TIMEOUT: "1s",
        ...settings,
      });
      await provide({ waxwing, receiver, untrusted });
      await waxwing.stop();
      await receiver.stop();
      await untrusted.stop();
      rmSync(folder, { recursive: true });
    },
    { scope: "worker" },
  ],
  expected: [[], { option: true }],
  page: async ({ page, expected }, provide) => {
    const errors = watchErrors(page);
    await provide(page);
    expect(errors.filter((error) => !expected.some((pattern) => pattern.test(error)))).toEqual([]);
  },
});

export { expect };

/** Everything that the page complains of: errors, refusals of its security policy, failed loads. */
export function watchErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") errors.push(message.text());
  });
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText ?? "";
    // A view that is left gives up what it was loading.
    if (why !== "net::ERR_ABORTED") errors.push(`${request.url()}: ${why}`);
  });
  return errors;
}

/** Begins signed in, as a tab that is loaded again does. */
export async function keepSignedIn(page: Page, key = OPERATOR_KEY): Promise<void> {
  await page.addInitScript((kept) => sessionStorage.setItem("waxwing.key", kept), key);
}

/** Signs in by typing a key. */
export async function signIn(page: Page, world: World, key = OPERATOR_KEY): Promise<void> {
  await page.goto(`${world.waxwing.url}/dashboard/`);
  await page.getByLabel("Key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();
}

/** Follows a portal link of an account, as a customer does. */
export async function followLink(page: Page, world: World, account: string): Promise<void> {
  const path = `/api/accounts/${account}/portal-tokens`;
  const { token } = await world.waxwing.call<{ token: string }>("POST", path, { body: {} });
  await page.goto(`${world.waxwing.url}/dashboard/#token=${token}`);
  await expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();
}

/** What a button has copied, by pasting it elsewhere: the page itself may not read the clipboard. */
export async function clipboard(page: Page): Promise<string> {
  const other = await page.context().newPage();
  await other.setContent("<textarea></textarea>");
  const field = other.locator("textarea");
  await field.press("Control+V");
  const text = await field.inputValue();
  await other.close();
  return text;
}
