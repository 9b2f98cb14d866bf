import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openEmbeddedStore } from "../../src/store/embedded/open-store.ts";
import { startCommitting } from "./committing.ts";
import { numberIn } from "./numbered-batch.ts";

const rounds = Number(process.env["STORE_KILL_ROUNDS"] ?? (process.env["CI"] === undefined ? 4 : 20));

test(`what was acknowledged is there after kill -9, each batch whole, ${rounds} times`, async () => {
  const directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-"));
  try {
    let before = 0;
    for (let round = 0; round < rounds; round += 1) {
      const process = await startCommitting(directory);
      await process.acknowledged(1 + Math.floor(Math.random() * 200));
      const acknowledged = await process.kill();
      const { store, salvaged } = await openEmbeddedStore(directory);
      try {
        assert.equal(salvaged, undefined);
        const number = await numberIn(store);
        assert.ok(number >= acknowledged, `${acknowledged} was acknowledged, ${number} is the last that is there`);
        assert.ok(acknowledged > before);
        before = number;
      } finally {
        await store.close();
      }
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});
