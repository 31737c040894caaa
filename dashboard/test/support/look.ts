// Looks at a page as people do: light and dark, wide and narrow. Says what is cut off, and keeps
// pictures for docs/dashboard when SCREENSHOTS is set.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expectAccessible } from "./axe";
import { expect } from "./fixtures";

const FOLDER = join(import.meta.dirname, "../../../docs/dashboard");
const WIDTHS = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 844 } };
const SCHEMES = ["light", "dark"] as const;
/** The end of longer pages says nothing new. */
const MAX_HEIGHT = 1400;

export async function look(page: Page, name: string): Promise<void> {
  for (const [width, size] of Object.entries(WIDTHS)) {
    await page.setViewportSize(size);
    await expectNothingCut(page, `${name}, ${width}`);
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      if (process.env.SCREENSHOTS) await keep(page, `${name}-${width}-${colorScheme}.webp`);
    }
  }
  // As it is last, narrow and dark; pages.test.ts looks at the wide ones.
  await expectAccessible(page);
}

/** Nothing stands out sideways, and what is cut off says its whole text to who points at it. */
async function expectNothingCut(page: Page, where: string): Promise<void> {
  await expect
    .poll(
      () =>
        page.evaluate(() => {
          const root = document.documentElement;
          return root.scrollWidth - root.clientWidth;
        }),
      { message: `${where}: pixels that stand out sideways` },
    )
    .toBeLessThanOrEqual(0);
  const cut = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("body *")]
      .filter((element) => element.clientWidth > 1 && element.scrollWidth > element.clientWidth + 1)
      .filter((element) => ["hidden", "clip"].includes(getComputedStyle(element).overflowX))
      .filter((element) => element.closest("[title]") === null)
      .map((element) => `${element.className}: ${element.textContent.slice(0, 80)}`),
  );
  expect.soft(cut, `${where}: cut off without a title`).toEqual([]);
}

/** The whole page in a small file. Playwright itself writes no WebP. */
async function keep(page: Page, file: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  const view = page.viewportSize() ?? WIDTHS.wide;
  // A window covers what can be seen, not the whole page.
  const isWindow = (await page.getByRole("dialog").count()) > 0;
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send("Page.captureScreenshot", {
    format: "webp",
    quality: 52,
    captureBeyondViewport: !isWindow,
    clip: isWindow
      ? undefined
      : { x: 0, y: 0, width: view.width, height: Math.min(height, MAX_HEIGHT), scale: 1 },
  });
  await session.detach();
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, file), Buffer.from(data, "base64"));
}
