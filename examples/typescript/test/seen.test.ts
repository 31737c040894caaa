// What remembers ids, on a real Redis and a real PostgreSQL.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chownSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Pool } from "pg";
import { createClient } from "redis";
import { webhooks } from "waxwing-receiver/web";
import { once, SCHEMA } from "../postgres.js";
import { RedisSeen } from "../redis.js";
import { freePort, start } from "./programs.js";
import { event, SECRET } from "./requests.js";

const AT_ONCE = 20;

/** A folder that goes with the test. */
function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "waxwing-examples-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

// What a test registers first to be ended ends first: clients before their servers.
async function redis(t: TestContext) {
  const port = await freePort();
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  t.after(() => client.isOpen && client.destroy());
  const dir = folder(t);
  const options = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--dir", dir];
  await start(t, ["redis-server", ...options]).line(/Ready to accept connections/);
  await client.connect();
  return client;
}

/** PostgreSQL refuses to run as root; the package has made a user for it. */
function postgresUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"]).toString());
  return { uid: id("-u"), gid: id("-g") };
}

async function postgres(t: TestContext): Promise<Pool> {
  const port = await freePort();
  const pool = new Pool({ host: "127.0.0.1", port, user: "test", database: "postgres", max: 5 });
  t.after(() => pool.end());
  const versions = "/usr/lib/postgresql";
  const programs = join(versions, readdirSync(versions).sort().at(-1) ?? "", "bin");
  const dir = folder(t);
  const user = postgresUser();
  if (user.uid !== undefined && user.gid !== undefined) chownSync(dir, user.uid, user.gid);
  const data = join(dir, "data");
  const initdb = ["-D", data, "-U", "test", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"];
  execFileSync(join(programs, "initdb"), initdb, { ...user, cwd: dir });
  const settings = [`port=${port}`, "listen_addresses=127.0.0.1", "unix_socket_directories="];
  const options = [...settings, "fsync=off"].flatMap((setting) => ["-c", setting]);
  const command = [join(programs, "postgres"), "-D", data, ...options];
  await start(t, command, { ...user, cwd: dir }).line(/ready to accept connections/);
  await pool.query(SCHEMA);
  await pool.query("CREATE TABLE deposit (id text NOT NULL)");
  return pool;
}

test("Redis: of many at once one is new, and expires", async (t) => {
  const client = await redis(t);
  const seen = new RedisSeen(client);
  const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => seen.seen("evt_1")));
  assert.equal(answers.filter((wasThere) => !wasThere).length, 1);
  const ttl = await client.ttl("webhook:evt_1");
  assert.ok(ttl > 172_000 && ttl <= 172_800, String(ttl));
});

test("Redis: a failed event is new again", async (t) => {
  let handled = 0;
  const seen = new RedisSeen(await redis(t));
  const receive = webhooks({ secrets: SECRET, seen }, () => {
    handled += 1;
    if (handled === 1) throw new Error("the disk is full");
  });
  const { body, headers } = event("deposit.completed");
  const request = () => new Request("http://localhost/", { method: "POST", body, headers });
  await assert.rejects(receive(request()), /the disk is full/);
  assert.equal((await receive(request())).status, 204);
  assert.equal((await receive(request())).status, 200);
  assert.equal(handled, 2);
});

test("PostgreSQL: the id and the work are one commit", async (t) => {
  const pool = await postgres(t);
  const rows = async () => (await pool.query("SELECT id FROM deposit")).rowCount;
  const work = (id: string) =>
    once(pool, id, (client) => client.query("INSERT INTO deposit (id) VALUES ($1)", [id]));

  const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => work("evt_1")));
  assert.equal(answers.filter((isNew) => isNew).length, 1);
  assert.equal(await rows(), 1);

  const failing = once(pool, "evt_2", async (client) => {
    await client.query("INSERT INTO deposit (id) VALUES ('evt_2')");
    throw new Error("the work failed");
  });
  await assert.rejects(failing, /the work failed/);
  assert.equal(await rows(), 1);
  assert.equal(await work("evt_2"), true);
  assert.equal(await work("evt_2"), false);
  assert.equal(await rows(), 2);
});

test("PostgreSQL: the helper without `seen` answers a duplicate 204", async (t) => {
  const pool = await postgres(t);
  const receive = webhooks({ secrets: SECRET }, ({ id }) =>
    once(pool, id, (client) => client.query("INSERT INTO deposit (id) VALUES ($1)", [id])),
  );
  const { body, headers } = event("deposit.completed");
  for (const _ of [1, 2]) {
    const request = new Request("http://localhost/", { method: "POST", body, headers });
    assert.equal((await receive(request)).status, 204);
  }
  assert.equal((await pool.query("SELECT id FROM deposit")).rowCount, 1);
});
