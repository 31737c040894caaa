// Every page of a platform with much going on: nothing stands out sideways on a phone, nothing is
// cut off silently. `SCREENSHOTS=1 npx playwright test screens` writes docs/dashboard.
import { expect, keepSignedIn, test as base } from "./support/fixtures";
import { look } from "./support/look";
import { ACCOUNT, type Platform, startPlatform } from "./support/platform";
import { portal, SCREENS } from "./support/screens";

const test = base.extend<object, { platform: Platform }>({
  platform: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads from it what is needed
    async ({}, provide) => {
      const platform = await startPlatform();
      await provide(platform);
      await platform.stop();
    },
    { scope: "worker" },
  ],
});

for (const screen of SCREENS) {
  test(`${screen.name} fits wide and narrow windows`, async ({ page, platform }) => {
    await keepSignedIn(page);
    const path = typeof screen.path === "string" ? screen.path : screen.path(platform);
    await page.goto(platform.waxwing.url + path);
    await screen.ready(page, platform);
    await look(page, screen.name);
  });
}

test("sign-in fits wide and narrow windows", async ({ page, platform }) => {
  await page.goto(`${platform.waxwing.url}/dashboard/`);
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await look(page, "sign-in");
});

for (const [name, body] of [
  ["portal", {}],
  ["portal-read-only", { read_only: true }],
] as const) {
  test(`${name} fits wide and narrow windows`, async ({ page, platform }) => {
    const { token } = await platform.waxwing.call<{ token: string }>(
      "POST",
      `/api/accounts/${ACCOUNT}/portal-tokens`,
      { body },
    );
    await page.goto(`${platform.waxwing.url}/dashboard/#token=${token}`);
    await expect(page.getByRole("table", { name: "Webhooks" })).toBeVisible();
    await expect(page.getByText("…", { exact: true })).toHaveCount(0);
    await look(page, name);
  });
}

test.describe("an error", () => {
  // The browser itself notes each answer that is no success.
  test.use({ expected: [/status of 404/] });

  test("fits wide and narrow windows", async ({ page, platform }) => {
    await keepSignedIn(page);
    await page.goto(`${platform.waxwing.url}${portal}/webhooks/wh_00000000000000000000000000`);
    await expect(page.getByRole("alert").first()).toContainText("There is no such");
    await look(page, "error");
  });
});
