// What axe-core finds on a page. It is evaluated by the test, past the page's security policy,
// which would refuse it as a script of its own.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import type { AxeResults } from "axe-core";
import { expect } from "./fixtures";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

declare const axe: { run: (context: { exclude: string[] }) => Promise<AxeResults> };

/** What React Aria has read out, for some seconds: it may name a button that is gone by then. */
const ANNOUNCER = "[data-live-announcer]";

/** Fails with what is wrong and where, for every rule of axe, of whatever weight. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(SOURCE);
  const found = await page.evaluate(async (announcer) => {
    const { violations } = await axe.run({ exclude: [announcer] });
    return violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      at: nodes.map((node) => node.html.slice(0, 200)),
    }));
  }, ANNOUNCER);
  expect(found, `axe on ${page.url()}`).toEqual([]);
}
