import { doesNotThrow, throws } from "node:assert/strict";
import { test } from "node:test";
import { assert } from "../../src/base/assert.ts";

test("what is so passes", () => {
  for (const condition of [true, 1, "0", {}]) doesNotThrow(() => assert(condition, "it holds"));
});

test("what is not so throws the sentence that was broken", () => {
  for (const condition of [false, 0, "", undefined, null]) {
    throws(() => assert(condition, "a ring has a head"), /^Error: This cannot be: a ring has a head$/);
  }
});
