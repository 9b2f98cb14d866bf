import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type OpenedStore, openEmbeddedStore } from "../../src/store/embedded/open-store.ts";
import { spaceProblem } from "../../src/store/embedded/space.ts";
import { keepFor, session, settle } from "../../src/testing/store-rows.ts";
import { stateOf } from "../../src/testing/store-state.ts";

const KiB = 1_024;
const MiB = 1_024 * KiB;

function spaceTest(sentence: string, body: (opened: OpenedStore, path: string) => Promise<void>): void {
  test(sentence, async () => {
    const directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-"));
    const opened = await openEmbeddedStore(directory);
    try {
      await stateOf(opened.store);
      await opened.store.commit([session(1), session(2)]);
      await body(opened, join(directory, "store.mdb"));
    } finally {
      await opened.store.close();
      rmSync(directory, { recursive: true });
    }
  });
}

spaceTest("what is settled is free again, and the file does not grow any more", async ({ store, space }, path) => {
  const empty = space().usedBytes;
  const sizes: number[] = [];
  let number = 0;
  for (let round = 0; round < 10; round += 1) {
    const kept = Array.from({ length: 2_000 }, () => keepFor(++number, [1, 2], { payload: new Uint8Array(500) }));
    await store.commit(kept);
    assert.ok(space().usedBytes > empty + MiB);
    await store.commit(kept.map((row) => settle(row.number, 1)));
    await store.commit(kept.map((row) => settle(row.number, 2)).reverse());
    await store.rest();
    assert.ok(space().usedBytes < empty + 64 * KiB, `${space().usedBytes}`);
    sizes.push(statSync(path).size);
  }
  assert.ok(sizes[9]! <= sizes[3]! + 256 * KiB, `${sizes}`);
});

spaceTest("a message that nobody settles does not hold the room of its neighbours", async ({ store, space }) => {
  const kept = Array.from({ length: 6_000 }, (_, index) => keepFor(index + 1, [1], { payload: new Uint8Array(500) }));
  await store.commit(kept);
  const full = space().usedBytes;
  await store.commit(kept.filter(({ number }) => number % 20 > 0).map(({ number }) => settle(number, 1)));
  await store.rest();
  const { usedBytes } = space();
  assert.ok(usedBytes < full / 2, `${usedBytes} of ${full}`);
  const left = kept.filter(({ number }) => number % 20 === 0).map(({ number }) => number);
  assert.deepEqual(
    (await store.read(left)).map((stored) => stored?.message.payload.length),
    left.map(() => 500),
  );
});

test("there is a problem when the store is too large or the disk too full, and it says with what", () => {
  const limits = { storeBytesMax: 10 * MiB, storeFreeBytesMin: 5 * MiB };
  assert.equal(spaceProblem({ usedBytes: 10 * MiB, freeBytes: 5 * MiB }, limits), undefined);
  assert.equal(
    spaceProblem({ usedBytes: 12 * MiB, freeBytes: 50 * MiB }, limits),
    "the store uses 12 MiB, storeBytesMax is 10 MiB",
  );
  assert.equal(
    spaceProblem({ usedBytes: 0, freeBytes: 4.9 * MiB }, limits),
    "the store's disk has 4 MiB left, storeFreeBytesMin is 5 MiB",
  );
});
