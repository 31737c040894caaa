// The story that the dashboard is for: a webhook fails, its owner finds out why, repairs it, and
// sends again what was lost.
import { expect, test } from "./support/fixtures";
import { createWebhook, publish, settled } from "./support/story";

test("a failing webhook is found, understood, repaired and replayed", async ({ page, world }) => {
  const { waxwing, receiver } = world;
  await waxwing.call("POST", "/api/accounts", { body: { id: "acme", name: "Acme" } });
  receiver.answers("/wrong", { status: 404, body: "no such route" });
  const webhook = await createWebhook(world, "acme", receiver.url("/wrong"), ["*"], "Bookkeeping");
  await createWebhook(world, "acme", receiver.url("/healthy"));
  const events = await publish(world, "acme", [
    "deposit.completed",
    "payout.completed",
    "card.created",
  ]);
  await settled(world, "acme", webhook);
  const { token } = await waxwing.call<{ token: string }>(
    "POST",
    "/api/accounts/acme/portal-tokens",
    { body: {} },
  );

  // Found: the list says which one.
  await page.goto(`${waxwing.url}/dashboard/#token=${token}`);
  const row = page.getByRole("row").filter({ hasText: "Bookkeeping" });
  await expect(row).toContainText("failures in a row");
  await row.getByRole("link").click();
  const givenUp = page.getByRole("table", { name: "Given up" });
  await expect(givenUp.getByRole("row")).toHaveCount(1 + events.length);

  // Understood: one delivery says what happened and what to do.
  await givenUp.getByRole("link", { name: "deposit.completed" }).click();
  await expect(page.getByText("There is nothing at this URL (404)").first()).toBeVisible();
  await page.getByText("Answer of the server").first().click();
  await expect(page.getByText("no such route").first()).toBeVisible();
  await expect(page.getByText("Compare the path of the URL").first()).toBeVisible();
  await page.getByRole("tab", { name: "Raw body" }).click();
  const body = receiver
    .at("/wrong")
    .find((taken) => taken.body.includes("deposit.completed"))?.body;
  await expect(page.getByRole("tabpanel")).toContainText(body ?? "nothing was sent");

  // Repaired: another URL, tried on the spot.
  await page.getByRole("link", { name: receiver.url("/wrong") }).click();
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByLabel("URL").fill(receiver.url("/right"));
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("/right");
  await page.getByRole("link", { name: "Overview" }).click();
  await page.getByRole("button", { name: "Send test event" }).click();
  await expect(page.getByRole("dialog")).toContainText("It works");
  await page.getByRole("button", { name: "Close" }).click();

  // Replayed: counted first, then followed to its end.
  await page.getByRole("button", { name: "Send all again" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("status")).toHaveText("3 deliveries match.");
  await dialog.getByRole("button", { name: "Send 3 again" }).click();
  await expect(dialog.getByRole("progressbar", { name: "Done" })).toHaveAttribute(
    "aria-valuetext",
    "3 of 3",
  );
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(page.getByText("Nothing was given up.")).toBeVisible();

  const arrived = receiver.at("/right").map((taken) => taken.headers["webhook-id"]);
  for (const event of events) expect(arrived).toContain(event);
});
