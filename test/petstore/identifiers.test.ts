import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { IdentifierSource, isIdentifier } from "../../src/petstore/identifiers.ts";
import { someDay } from "./stage.ts";

test("an id is a UUID of version 7 with the time of its making", () => {
  const id = new IdentifierSource(randomBytes).next(someDay);
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16), someDay);
  assert.ok(isIdentifier(id));
});

test("ids ascend, also many in one millisecond, and when the clock goes back", () => {
  const source = new IdentifierSource((length) => new Uint8Array(length).fill(0xff));
  let last = source.next(someDay);
  for (let count = 0; count < 10_000; count += 1) {
    const next = source.next(someDay - (count % 100));
    assert.ok(next > last, `${next} after ${last}`);
    last = next;
  }
});

test("short ids of the guide are ids, and what would mean something in a topic is none", () => {
  for (const id of ["abc123", "xyz789", "7", "leash-red", "a.b_c"]) assert.ok(isIdentifier(id), id);
  for (const id of ["", "+", "a/b", "#", "-a", "a b", "é", "a".repeat(65)]) assert.ok(!isIdentifier(id), id);
});
