import assert from "node:assert/strict";
import { test } from "node:test";
import { Attempts } from "../../src/server/attempts.ts";
import { Strikes } from "../../src/server/strikes.ts";

function fail(attempts: Attempts, times: number, name: string, address: string, now = 0): void {
  for (let time = 0; time < times; time += 1) attempts.failed(name, address, now);
}

test("the delay of one account at one address grows from a second to a minute, and no further", () => {
  const attempts = new Attempts();
  fail(attempts, 5, "alice", "192.0.2.1");
  const waits: number[] = [];
  for (let failure = 0; failure < 9; failure += 1) {
    waits.push(attempts.waitMilliseconds("alice", "192.0.2.1", 0));
    attempts.failed("alice", "192.0.2.1", 0);
  }
  assert.deepEqual(waits, [0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
});

test("a success forgets the failures of its pair, and time forgets one a minute", () => {
  const attempts = new Attempts();
  fail(attempts, 10, "alice", "192.0.2.1");
  attempts.succeeded("alice", "192.0.2.1", 0);
  assert.equal(attempts.waitMilliseconds("alice", "192.0.2.1", 0), 0);
  fail(attempts, 5, "bob", "192.0.2.1");
  attempts.failed("bob", "192.0.2.1", 120_000);
  assert.equal(attempts.waitMilliseconds("bob", "192.0.2.1", 120_000), 0);
});

test("a guesser at one address does not lock the owner of the name out at another", () => {
  const attempts = new Attempts();
  fail(attempts, 50, "alice", "192.0.2.1");
  assert.ok(attempts.waitMilliseconds("alice", "192.0.2.1", 0) > 0);
  assert.equal(attempts.waitMilliseconds("alice", "198.51.100.1", 0), 0);
});

test("many addresses that guess at one name slow each other, but not the pair that was right within a day", () => {
  const attempts = new Attempts();
  attempts.succeeded("alice", "198.51.100.1", 0);
  for (let host = 1; host <= 110; host += 1) attempts.failed("alice", `192.0.2.${host}`, 1_000);
  assert.ok(attempts.waitMilliseconds("alice", "203.0.113.1", 1_000) > 0);
  assert.equal(attempts.waitMilliseconds("alice", "198.51.100.1", 1_000), 0);
  assert.equal(attempts.waitMilliseconds("bob", "203.0.113.1", 1_000), 0);
  const aDayLater = 86_400_000;
  for (let host = 1; host <= 110; host += 1) attempts.failed("alice", `192.0.2.${host}`, aDayLater);
  assert.ok(attempts.waitMilliseconds("alice", "198.51.100.1", aDayLater) > 0);
});

test("one address that tries many names is slowed, but not the accounts that were right behind it", () => {
  const attempts = new Attempts();
  attempts.succeeded("collar-1", "192.0.2.1", 0);
  for (let name = 0; name < 110; name += 1) attempts.failed(`user ${name}`, "192.0.2.1", 0);
  assert.equal(attempts.waitMilliseconds("somebody", "192.0.2.1", 0), 30_000);
  assert.equal(attempts.waitMilliseconds("collar-1", "192.0.2.1", 0), 0);
  assert.equal(attempts.waitMilliseconds("somebody", "192.0.2.1", 30_000), 0);
});

for (const [one, other, isSame] of [
  ["192.0.2.1", "::ffff:192.0.2.1", true],
  ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true],
  ["2001:db8:1:2::1", "2001:db8:1:3::1", false],
  ["fe80::1%eth0", "fe80:0:0:0:1::", true],
  ["::1", "192.0.2.1", false],
] as const) {
  test(`${one} and ${other} are ${isSame ? "one network" : "two networks"}`, () => {
    const attempts = new Attempts();
    fail(attempts, 20, "alice", one);
    assert.equal(attempts.waitMilliseconds("alice", other, 0) > 0, isSame);
  });
}

test("a table holds 10,000 keys and forgets the one that failed longest ago", () => {
  const strikes = new Strikes({ free: 0, forgottenMilliseconds: 60_000, delayMillisecondsMax: 60_000 });
  strikes.add("first", 0);
  strikes.add("second", 0);
  strikes.add("first", 0);
  for (let key = 0; key < 9_999; key += 1) strikes.add(`key ${key}`, 0);
  assert.equal(strikes.waitMilliseconds("second", 0), 0);
  assert.ok(strikes.waitMilliseconds("first", 0) > 0);
});

test("names that are too long for an account count as one, so that they take no room", () => {
  const attempts = new Attempts();
  for (let guess = 0; guess < 10; guess += 1) attempts.failed(`${guess}${"x".repeat(60_000)}`, "192.0.2.1", 0);
  assert.ok(attempts.waitMilliseconds("y".repeat(60_000), "192.0.2.1", 0) > 0);
});
