import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { presentRecord } from "../../src/store/embedded/records.ts";
import { readStoreFile } from "../../src/store/embedded/store-reading.ts";
import { type Change, TableWriter } from "../../src/store/embedded/table-writer.ts";
import { openTables } from "../../src/store/embedded/tables.ts";

const put = (table: Change["table"], name: string): Change => {
  const key = Buffer.from(name);
  return { table, key, value: presentRecord(key) };
};

test("all tables of a batch are in the file when it is confirmed, in the order of the calls", async () => {
  const directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-"));
  const path = join(directory, "store.mdb");
  const tables = openTables(path);
  const writer = new TableWriter(tables);
  try {
    const many = Array.from({ length: 4_000 }, (_, index) => put(index % 2 === 0 ? "settled" : "received", `${index}`));
    const first = writer.write(many);
    const second = writer.write([{ table: "settled", key: Buffer.from("0"), value: undefined }, put("wills", "one")]);
    await first;
    const { readable } = readStoreFile(path);
    assert.ok((readable.settled ?? 0) >= 1_999);
    assert.equal(readable.received, 2_000);
    await second;
    const after = readStoreFile(path);
    assert.deepEqual(after.problems, []);
    assert.deepEqual([after.readable.settled, after.readable.wills], [1_999, 1]);
    await writer.write([]);
    await writer.rest();
  } finally {
    await tables.root.close();
    rmSync(directory, { recursive: true });
  }
});
