// Steps of stories: a catalog, webhooks, events, and waiting until they are delivered.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "@playwright/test";
import type { World } from "./fixtures";

const SAMPLES = join(import.meta.dirname, "../../../samples");

export async function loadCatalog(world: World): Promise<void> {
  const file = readFileSync(join(SAMPLES, "event-types.json"), "utf8");
  const { event_types: types } = JSON.parse(file) as { event_types: { type: string }[] };
  for (const { type, ...body } of types) {
    await world.waxwing.call("PUT", `/api/event-types/${type}`, { body });
  }
}

/** Publishes samples as they stand in their files: numbers keep their digits. */
export async function publish(world: World, account: string, types: string[]): Promise<string[]> {
  const events = types.map((type) => {
    const text = readFileSync(join(SAMPLES, "events", `${type}.json`), "utf8");
    return text.replace("{", `{"account_id":"${account}",`);
  });
  const answer = await world.waxwing.call<{ data: { id: string }[] }>("POST", "/api/events/batch", {
    json: `{"events":[${events.join(",")}]}`,
  });
  return answer.data.map((event) => event.id);
}

export async function createWebhook(
  world: World,
  account: string,
  url: string,
  events = ["*"],
  description?: string,
): Promise<string> {
  const body = { url, events, description };
  const made = await world.waxwing.call<{ id: string }>("POST", "/api/webhook/create", {
    body,
    account,
  });
  return made.id;
}

/** Waits until no delivery of a webhook waits for an attempt. */
export async function settled(world: World, account: string, webhook: string): Promise<void> {
  for (const status of ["pending", "retrying"]) {
    await expect
      .poll(async () => {
        const path = `/api/webhook/${webhook}/events?status=${status}&limit=1`;
        return (await world.waxwing.call<{ data: unknown[] }>("GET", path, { account })).data
          .length;
      })
      .toBe(0);
  }
}
