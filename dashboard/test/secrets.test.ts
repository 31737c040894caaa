// What is changed about a webhook: its secret without a gap, a pause, its end. Each asks first.
import { createHmac } from "node:crypto";
import type { Page } from "@playwright/test";
import { clipboard, expect, followLink, test, type World } from "./support/fixtures";
import type { Taken } from "./support/receiver";
import { createWebhook, publish, settled } from "./support/story";

// One after the other, so that there is an order.
test.use({ settings: { WAXWING_IN_FLIGHT_PER_WEBHOOK: "1" } });

interface Made {
  webhook: string;
  secret: string;
}

/** A webhook of an account of its own, whose settings are open. */
async function openSettings(page: Page, world: World, account: string): Promise<Made> {
  const { waxwing, receiver } = world;
  await waxwing.call("POST", "/api/accounts", { body: { id: account } });
  const made = await waxwing.call<{ id: string; secret: string }>("POST", "/api/webhook/create", {
    body: { url: receiver.url(`/${account}`), events: ["*"] },
    account,
  });
  await followLink(page, world, account);
  await page.goto(`${waxwing.url}/dashboard/webhooks/${made.id}/settings`);
  return { webhook: made.id, secret: made.secret };
}

/** The request with which the next event arrives. */
async function nextRequest(world: World, account: string, webhook: string): Promise<Taken> {
  const [event = ""] = await publish(world, account, ["deposit.completed"]);
  await settled(world, account, webhook);
  const found = world.receiver
    .at(`/${account}`)
    .find((taken) => taken.headers["webhook-id"] === event);
  if (found === undefined) throw new Error(`${event} did not arrive`);
  return found;
}

/** `X-Webhook-Signature`, as docs/receiving has it. */
function plainSignature(secret: string, taken: Taken): string {
  return createHmac("sha256", secret).update(taken.body).digest("hex");
}

/** A part of `webhook-signature`, by Standard Webhooks. */
function standardSignature(secret: string, taken: Taken): string {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const { "webhook-id": id, "webhook-timestamp": timestamp } = taken.headers;
  const signed = `${String(id)}.${String(timestamp)}.${taken.body}`;
  return `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
}

function signaturesOf(taken: Taken): { plain: unknown; standard: string[] } {
  const { "x-webhook-signature": plain, "webhook-signature": standard } = taken.headers;
  return { plain, standard: String(standard).split(" ") };
}

/** Asks for a new secret, and gives what was copied. */
async function rotate(page: Page, grace: string): Promise<string> {
  await page.getByRole("button", { name: "Rotate secret…" }).click();
  const question = page.getByRole("dialog", { name: "Rotate the secret?" });
  await question.getByLabel("How long the old one stays valid").selectOption({ label: grace });
  if (grace.startsWith("Not at all")) {
    await expect(question).toContainText("refuses everything until it has the new secret");
  }
  await question.getByRole("button", { name: "Make a new secret" }).click();
  const shown = page.getByRole("dialog", { name: "The new secret" });
  await shown.getByRole("button", { name: "Copy" }).click();
  await expect(shown.getByRole("button", { name: "Copied" })).toBeVisible();
  const secret = await clipboard(page);
  await expect(shown.getByRole("region", { name: "New signing secret" })).toHaveText(secret);
  await shown.getByRole("button", { name: "I have kept it" }).click();
  await expect(page.getByText(secret)).toHaveCount(0);
  return secret;
}

test("while old and new secret overlap, the page says until when and requests carry both", async ({
  page,
  world,
}) => {
  const { webhook, secret: before } = await openSettings(page, world, "rotating");
  const after = await rotate(page, "1 hour");
  const overlap = page.getByRole("region", { name: "Rotation under way" });
  await expect(overlap).toContainText("Two secrets are valid");
  await expect(overlap).toContainText(/in 5\d min/);

  const both = await nextRequest(world, "rotating", webhook);
  const signatures = signaturesOf(both);
  expect(signatures.plain).toBe(plainSignature(before, both));
  expect(signatures.standard.toSorted()).toEqual(
    [standardSignature(before, both), standardSignature(after, both)].toSorted(),
  );

  await overlap.getByRole("button", { name: "End the old secret now…" }).click();
  const question = page.getByRole("dialog", { name: "End the old secret now?" });
  await question.getByRole("button", { name: "End the old secret" }).click();
  await expect(overlap).toHaveCount(0);
  const alone = await nextRequest(world, "rotating", webhook);
  expect(signaturesOf(alone)).toEqual({
    plain: plainSignature(after, alone),
    standard: [standardSignature(after, alone)],
  });
});

test("a secret that has leaked ends at once", async ({ page, world }) => {
  const { webhook } = await openSettings(page, world, "leaked");
  const after = await rotate(page, "Not at all: it has leaked");
  await expect(page.getByRole("region", { name: "Rotation under way" })).toHaveCount(0);
  const taken = await nextRequest(world, "leaked", webhook);
  expect(signaturesOf(taken)).toEqual({
    plain: plainSignature(after, taken),
    standard: [standardSignature(after, taken)],
  });
});

test("what happens during a pause is kept, and goes out in its order afterwards", async ({
  page,
  world,
}) => {
  const { webhook } = await openSettings(page, world, "pausing");
  await page.getByRole("button", { name: "Pause webhook…" }).click();
  const question = page.getByRole("dialog", { name: "Pause this webhook?" });
  await question.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("button", { name: "Pause webhook…" })).toBeFocused();
  await page.keyboard.press("Enter");
  await question.getByRole("button", { name: "Pause webhook" }).click();
  await expect(page.getByRole("heading", { name: "Activate" })).toBeVisible();

  const events = await publish(world, "pausing", ["deposit.created", "deposit.completed"]);
  await page.getByRole("link", { name: "Events" }).click();
  await expect(page.getByRole("row").filter({ hasText: "held" })).toHaveCount(events.length);
  expect(world.receiver.at("/pausing")).toEqual([]);

  await page.getByRole("link", { name: "Overview" }).click();
  const paused = page.getByRole("region", { name: "Paused" });
  await paused.getByRole("button", { name: "Activate…" }).click();
  await page.getByRole("button", { name: "Activate webhook" }).click();
  await expect(paused).toHaveCount(0);
  await settled(world, "pausing", webhook);
  const arrived = world.receiver.at("/pausing").map((taken) => taken.headers["webhook-id"]);
  expect(arrived).toEqual(events);
});

test("a webhook is changed, and only what was typed", async ({ page, world }) => {
  const { webhook } = await openSettings(page, world, "changing");
  const save = page.getByRole("button", { name: "Save" });
  await expect(save).toBeDisabled();
  await page.getByLabel("Description").fill("Books of the north");
  await save.click();
  await expect(page.getByText("Saved.")).toBeVisible();
  await expect(save).toBeDisabled();
  const told = await world.waxwing.call<object>("GET", `/api/webhook/${webhook}`, {
    account: "changing",
  });
  expect(told).toMatchObject({
    url: world.receiver.url("/changing"),
    description: "Books of the north",
    events: ["*"],
  });
});

test("a webhook is deleted only after its host was typed, and gets nothing more", async ({
  page,
  world,
}) => {
  const { webhook } = await openSettings(page, world, "leaving");
  const other = await createWebhook(world, "leaving", world.receiver.url("/stays"));
  await page.getByRole("button", { name: "Delete webhook…" }).click();
  const question = page.getByRole("dialog", { name: "Delete this webhook?" });
  const remove = question.getByRole("button", { name: "Delete webhook" });
  await expect(question).toContainText("This cannot be undone.");
  await expect(remove).toBeDisabled();
  await question.getByRole("textbox").fill("127.0.0.1:1");
  await expect(remove).toBeDisabled();
  await question.getByRole("textbox").fill(new URL(world.receiver.url("/")).host);
  await remove.click();
  await expect(page.getByText("The webhook is deleted.")).toBeVisible();
  const list = page.getByRole("table", { name: "Webhooks" });
  await expect(list).toContainText("/stays");
  await expect(list).not.toContainText("/leaving");

  await publish(world, "leaving", ["deposit.completed"]);
  await settled(world, "leaving", other);
  expect(world.receiver.at("/stays")).toHaveLength(1);
  expect(world.receiver.at("/leaving")).toEqual([]);
  const read = world.waxwing.call("GET", `/api/webhook/${webhook}`, { account: "leaving" });
  await expect(read).rejects.toThrow("404");
});
