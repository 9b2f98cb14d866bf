import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Random } from "../../src/testing/random.ts";

const draw = (seed: number): number[] => {
  const random = new Random(seed);
  return Array.from({ length: 20 }, () => random.integer(1, 1_000_000));
};

describe("a seeded source of chance", () => {
  test("gives the same numbers for the same seed, and others for the next one", () => {
    assert.deepEqual(draw(7), draw(7));
    assert.notDeepEqual(draw(7), draw(8));
    assert.notDeepEqual(draw(7), draw(7 + 0x1_0000_0000));
  });

  test("keeps to its bounds and reaches them", () => {
    const random = new Random(1);
    const drawn = new Set(Array.from({ length: 1_000 }, () => random.integer(3, 5)));
    assert.deepEqual([...drawn].sort(), [3, 4, 5]);
    assert.ok(!random.chance(0) && random.chance(1));
    assert.throws(() => random.pick([]), /nothing to pick/);
  });
});
