// Ids in memory: remembered, bounded, expiring.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MemorySeen } from "waxwing-receiver";

test("an id is new once", () => {
  const seen = new MemorySeen();
  assert.equal(seen.seen("evt_1"), false);
  assert.equal(seen.seen("evt_1"), true);
  assert.equal(seen.seen("evt_2"), false);
});

test("a forgotten id is new again, and others are not", () => {
  const seen = new MemorySeen();
  seen.seen("evt_1");
  seen.seen("evt_2");
  seen.forget("evt_1");
  seen.forget("evt_that_never_came");
  assert.equal(seen.seen("evt_1"), false);
  assert.equal(seen.seen("evt_2"), true);
});

test("beyond its capacity the oldest ids go first", () => {
  const seen = new MemorySeen({ capacity: 3 });
  for (let n = 1; n <= 1000; n += 1) seen.seen(`evt_${n}`);
  assert.equal(seen.size, 3);
  assert.equal(seen.seen("evt_998"), true);
  assert.equal(seen.seen("evt_997"), false);
});

test("a duplicate does not push another id out", () => {
  const seen = new MemorySeen({ capacity: 2 });
  for (const id of ["evt_1", "evt_2", "evt_2", "evt_2"]) seen.seen(id);
  assert.equal(seen.seen("evt_1"), true);
});

test("an id expires after its time, counted from its first coming", () => {
  let now = 0;
  const seen = new MemorySeen({ ttl: 10, now: () => now });
  seen.seen("evt_1");
  now = 9.9;
  assert.equal(seen.seen("evt_1"), true);
  now = 10;
  assert.equal(seen.seen("evt_1"), false);
});

test("what has expired is not kept", () => {
  let now = 0;
  const seen = new MemorySeen({ ttl: 10, now: () => now });
  for (let n = 0; n < 100; n += 1) seen.seen(`evt_${n}`);
  now = 10;
  seen.seen("evt_new");
  assert.equal(seen.size, 1);
});

test("the defaults are 100,000 ids and two days", () => {
  let now = 0;
  const seen = new MemorySeen({ now: () => now });
  for (let n = 0; n <= 100_000; n += 1) seen.seen(`evt_${n}`);
  assert.equal(seen.size, 100_000);
  now = 48 * 60 * 60 - 1;
  assert.equal(seen.seen("evt_100000"), true);
  now += 1;
  assert.equal(seen.seen("evt_100000"), false);
});

test("bounds that are none are refused", () => {
  for (const capacity of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => new MemorySeen({ capacity }), RangeError);
  }
  for (const ttl of [0, -1, Number.NaN]) assert.throws(() => new MemorySeen({ ttl }), RangeError);
});
