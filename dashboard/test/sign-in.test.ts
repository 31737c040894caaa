// Ways in: a key, and a link that an operator's backend mints. And the refusals.
import { expect, signIn, test } from "./support/fixtures";
import { OPERATOR_KEY } from "./support/waxwing";

test("a key signs in until its tab is closed, and signing out forgets it", async ({
  page,
  world,
}) => {
  await signIn(page, world);
  await expect(page.getByText("Operator", { exact: true })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();
  expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([]);
  expect(await page.context().cookies()).toEqual([]);

  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByText("You are signed out.")).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});

test("a portal link signs in to one account, and leaves no token in the address", async ({
  page,
  world,
}) => {
  await world.waxwing.call("POST", "/api/accounts", { body: { id: "linked", name: "Linked Ltd" } });
  const { token } = await world.waxwing.call<{ token: string }>(
    "POST",
    "/api/accounts/linked/portal-tokens",
    { body: { expires_in_seconds: 600 } },
  );
  await page.goto(`${world.waxwing.url}/dashboard/#token=${token}`);
  await expect(page.getByText("Linked Ltd")).toBeVisible();
  await expect(page.getByText("There are no webhooks yet.")).toBeVisible();
  expect(page.url()).toBe(`${world.waxwing.url}/dashboard/webhooks`);
  await expect(page.getByRole("button", { name: "Sign out" })).toHaveCount(0);
});

test.describe("refusals", () => {
  // The browser itself notes each answer that is no success.
  test.use({ expected: [/status of 401/] });

  test("an unknown key is refused in plain words", async ({ page, world }) => {
    await page.goto(`${world.waxwing.url}/dashboard/`);
    await page.getByLabel("Key").fill(`${OPERATOR_KEY}_wrong`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert")).toContainText("Your key or link is not valid any more");
  });

  test("a link that is revoked ends the open page", async ({ page, world }) => {
    await world.waxwing.call("POST", "/api/accounts", { body: { id: "revoked" } });
    const link = await world.waxwing.call<{ id: string; token: string }>(
      "POST",
      "/api/accounts/revoked/portal-tokens",
      { body: {} },
    );
    await page.goto(`${world.waxwing.url}/dashboard/#token=${link.token}`);
    await expect(page.getByText("There are no webhooks yet.")).toBeVisible();
    await world.waxwing.call("DELETE", `/api/accounts/revoked/keys/${link.id}`);
    await page.getByRole("link", { name: "Event types" }).click();
    await expect(page.getByRole("alert")).toContainText("Your key or link is not valid any more");
  });
});
