import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FairShare } from "../../src/base/fair-share.ts";

test("below the bound everybody takes what he likes", () => {
  const share = new FairShare(100);
  assert.ok(share.allows(0, 100));
  assert.ok(!share.allows(0, 101));
});

test("above the bound only those take more who hold less than an even part", () => {
  const share = new FairShare(120);
  share.changed(0, 90);
  share.changed(0, 30);
  assert.ok(!share.allows(90, 1));
  assert.ok(share.allows(30, 30));
  assert.ok(!share.allows(30, 31));
  // A third one: an even part is 40 now.
  assert.ok(share.allows(0, 40));
  assert.ok(!share.allows(0, 41));
});

test("what was given back is free for all", () => {
  const share = new FairShare(100);
  share.changed(0, 60);
  share.changed(0, 60);
  share.changed(60, 0);
  assert.equal(share.held, 60);
  assert.ok(share.allows(60, 40));
});

test("whoever asks in whatever order, all together never hold more than twice the bound", () => {
  const asks = fc.array(fc.record({ holder: fc.nat(30), bytes: fc.integer({ min: 1, max: 80 }) }), { maxLength: 300 });
  fc.assert(
    fc.property(asks, (wanted) => {
      const share = new FairShare(100);
      const held = new Map<number, number>();
      for (const { holder, bytes } of wanted) {
        const own = held.get(holder) ?? 0;
        if (!share.allows(own, bytes)) continue;
        share.changed(own, own + bytes);
        held.set(holder, own + bytes);
      }
      const all = [...held.values()].reduce((sum, each) => sum + each, 0);
      assert.equal(share.held, all);
      assert.ok(all <= 200);
    }),
  );
});
