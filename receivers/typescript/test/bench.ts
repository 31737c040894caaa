// What a verification costs, beside the bare HMAC of the same bytes: `npm run bench`. With
// --quick it only shows that it works.

import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { performance } from "node:perf_hooks";
import { type Secrets, verify } from "waxwing-receiver";
import { primitives } from "../dist/esm/crypto/web.js";
import { verifyWith } from "../dist/esm/verify.js";
import { eventBody, NOW, SECRET, signed } from "./requests.js";

const QUICK = process.argv.includes("--quick");
const ROUNDS = QUICK ? 3 : 15;
const ROUND_MS = QUICK ? 1 : 30;
const WARM_UP = QUICK ? 10 : 5000;

const frame = eventBody("evt_1", { text: "" }).length;
const body = Buffer.from(eventBody("evt_1", { text: "x".repeat(1024 - frame) }));

const standard = signed(body, { now: NOW });
const plain = { "x-webhook-signature": createHmac("sha256", SECRET).update(body).digest("hex") };
const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const raw = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
const message = Buffer.concat([Buffer.from(`evt_1.${NOW}.`), body]);
const signature = sign(null, message, privateKey).toString("base64");
const byKey = { ...standard, "webhook-signature": `v1a,${signature}` };

const web = verifyWith(primitives);
const verified = (run: typeof verify, headers: Record<string, string>, secrets: Secrets) => () =>
  run(body, headers, secrets, { now: NOW, scheme: headers === plain ? "plain" : "standard" });

const candidates: Record<string, () => unknown> = {
  "bare HMAC-SHA256": () => createHmac("sha256", SECRET).update(body).digest(),
  "standard, v1": verified(verify, standard, SECRET),
  plain: verified(verify, plain, SECRET),
  "standard, v1a": verified(verify, byKey, `whpk_${raw.toString("base64")}`),
  "Web Crypto: standard, v1": verified(web, standard, SECRET),
  "Web Crypto: standard, v1a": verified(web, byKey, `whpk_${raw.toString("base64")}`),
};

/** Microseconds of one call, over so many. */
async function time(run: () => unknown, calls: number): Promise<number> {
  const start = performance.now();
  for (let n = 0; n < calls; n += 1) await run();
  return ((performance.now() - start) / calls) * 1000;
}

async function median(run: () => unknown): Promise<number> {
  // The first calls are for the compiler, and tell how many make a round.
  await time(run, WARM_UP);
  const calls = Math.ceil((ROUND_MS * 1000) / (await time(run, WARM_UP / 10)));
  const times: number[] = [];
  for (let n = 0; n < ROUNDS; n += 1) times.push(await time(run, calls));
  return times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
}

let bare = 0;
console.log(`an event of ${body.length} bytes, Node ${process.versions.node}`);
for (const [name, run] of Object.entries(candidates)) {
  const cost = await median(run);
  bare ||= cost;
  console.log(
    `${name.padEnd(26)} ${cost.toFixed(1).padStart(7)} µs  ${(cost / bare).toFixed(1)} ×`,
  );
}
