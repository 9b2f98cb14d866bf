import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { IdentifierSet } from "../../src/session/identifier-set.ts";

test("it holds what a Set would hold, few or many", () => {
  const identifier = fc.integer({ min: 1, max: 65_535 });
  const steps = fc.array(
    fc.record({ isAdded: fc.boolean(), identifier: fc.oneof(identifier, fc.integer({ min: 1, max: 20 })) }),
    {
      maxLength: 200,
    },
  );
  fc.assert(
    fc.property(fc.constantFrom(0, 200, 255, 256, 257, 1_000), steps, (before, rest) => {
      const set = new IdentifierSet();
      const model = new Set<number>();
      for (let count = 1; count <= before; count += 1) {
        set.add(count * 7);
        model.add(count * 7);
      }
      for (const { isAdded, identifier: each } of rest) {
        if (isAdded) {
          set.add(each);
          model.add(each);
        } else assert.equal(set.delete(each), model.delete(each));
        assert.equal(set.has(each), model.has(each));
        assert.equal(set.size, model.size);
      }
      const ascending = (one: number, other: number) => one - other;
      assert.deepEqual([...set].sort(ascending), [...model].sort(ascending));
    }),
    { numRuns: 50 },
  );
});

test("all 65,535 are told apart", () => {
  const set = new IdentifierSet();
  for (let identifier = 1; identifier <= 65_535; identifier += 1) {
    assert.ok(!set.has(identifier));
    set.add(identifier);
  }
  assert.equal(set.size, 65_535);
  assert.ok(set.delete(65_535));
  assert.ok(!set.has(65_535));
  assert.ok(set.has(1));
});
