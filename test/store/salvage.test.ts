import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { openEmbeddedStore } from "../../src/store/embedded/open-store.ts";
import { numberRecord } from "../../src/store/embedded/records.ts";
import { readStoreFile } from "../../src/store/embedded/store-reading.ts";
import { TableWriter } from "../../src/store/embedded/table-writer.ts";
import { formatKey, openTables } from "../../src/store/embedded/tables.ts";
import { keepFor, session } from "../../src/testing/store-rows.ts";
import { type StoreState, stateOf } from "../../src/testing/store-state.ts";
import { loaded, makeVariedStore } from "./varied-store.ts";

const pageBytes = 4_096;
const root = mkdtempSync(join(tmpdir(), "petstore-mqtt-"));
const whole = join(root, "whole");
let wholeState: StoreState;
let wholeFile: Buffer;
let directories = 0;

before(async () => {
  wholeState = await makeVariedStore(whole);
  wholeFile = readFileSync(join(whole, "store.mdb"));
});
after(() => rmSync(root, { recursive: true }));

/** A store whose file is as it was but for what `damage` did to it. */
function damaged(damage: (file: Buffer) => Buffer): { readonly directory: string; readonly file: Buffer } {
  const directory = join(root, `damaged-${++directories}`);
  cpSync(whole, directory, { recursive: true });
  const file = damage(Buffer.from(wholeFile));
  writeFileSync(join(directory, "store.mdb"), file);
  return { directory, file };
}

/** Pages of this kind that are in use, or were. */
function pagesOf(kind: number): number[] {
  const pages = Array.from({ length: wholeFile.length / pageBytes }, (_, page) => page);
  return pages.filter((page) => page > 1 && wholeFile.readUInt16LE(page * pageBytes + 18) === kind);
}

function zeroed(...pages: readonly number[]): (file: Buffer) => Buffer {
  return (file) => {
    for (const page of pages) file.fill(0, page * pageBytes, (page + 1) * pageBytes);
    return file;
  };
}

describe("a damaged store", { concurrency: true }, () => {
  test("is told from a whole one, whichever page is gone", async () => {
    assert.deepEqual(readStoreFile(join(whole, "store.mdb")).problems, []);
    let free = 0;
    for (let page = 0; page < wholeFile.length / pageBytes; page += 1) {
      const { directory } = damaged(zeroed(page));
      if (readStoreFile(join(directory, "store.mdb")).problems.length === 0) {
        free += 1;
        assert.deepEqual(await loaded(directory), wholeState, `page ${page}`);
      }
      rmSync(directory, { recursive: true });
    }
    assert.ok(free < wholeFile.length / pageBytes / 2);
  });

  test("is told from a whole one, whichever bit is another, unless the bit means nothing", async () => {
    let told = 0;
    for (let step = 0; step < 400; step += 1) {
      // Heads of pages more often than what follows: there LMDB believes what it reads.
      const page = 2 + ((step * 7_919) % (wholeFile.length / pageBytes - 2));
      const at = page * pageBytes + ((step * 97) % (step % 2 === 0 ? 64 : pageBytes));
      const { directory } = damaged((file) => {
        file[at]! ^= 1 << (step % 8);
        return file;
      });
      if (readStoreFile(join(directory, "store.mdb")).problems.length > 0) told += 1;
      else assert.deepEqual(await loaded(directory), wholeState, `byte ${at}`);
      rmSync(directory, { recursive: true });
    }
    assert.ok(told > 200);
  });

  const leaf = 2;
  const overflow = 4;
  const damages: Readonly<Record<string, () => (file: Buffer) => Buffer>> = {
    "cut in half": () => (file) => file.subarray(0, Math.floor(file.length / 2)),
    "cut to one page": () => (file) => file.subarray(0, pageBytes),
    "cut within its head": () => (file) => file.subarray(0, 100),
    empty: () => () => Buffer.alloc(0),
    "of random bytes": () => (file) => Buffer.from(file.map((_, index) => (index * 7_919) >> 3)),
    "another kind of file": () => () => Buffer.from("SQLite format 3\0".repeat(1_000)),
    "without some leaves": () => zeroed(...pagesOf(leaf).filter((_, index) => index % 10 === 0)),
    "without some long values": () => zeroed(...pagesOf(overflow).filter((_, index) => index % 4 === 0)),
    "without the table of its tables": () => zeroed(readStoreFile(join(whole, "store.mdb")).snapshot?.main.root ?? 0),
    "without the first of its heads": () => zeroed(0),
  };
  for (const [what, damage] of Object.entries(damages)) {
    test(`${what} is set aside; what can be read is kept, and what is lost is said`, {
      concurrency: true,
    }, async () => {
      const { directory, file } = damaged(damage());
      const { store, salvaged } = await openEmbeddedStore(directory);
      assert.ok(salvaged !== undefined && salvaged.problems.length > 0);
      assert.match(salvaged.setAside, /store\.mdb\.damaged-\d{4}-\d\d-\d\dT/);
      assert.deepEqual(readFileSync(salvaged.setAside), file);
      const state = await stateOf(store);
      for (const [key, row] of state.rows) if (key !== "alive") assert.deepEqual(row, wholeState.rows.get(key));
      await store.commit([session(1_000), keepFor(9_000, [1_000])]);
      await store.close();
      const again = await openEmbeddedStore(directory);
      assert.equal(again.salvaged, undefined);
      assert.equal((await stateOf(again.store)).messages.has(9_000), true);
      await again.store.close();
      const files = readdirSync(directory).filter((name) => !name.includes("damaged"));
      assert.deepEqual(files.sort(), ["store.mdb", "store.mdb-lock"]);
    });
  }

  test("gives every row back that is not on a damaged page, and counts the others", async () => {
    const { readable } = readStoreFile(join(whole, "store.mdb"));
    const { directory } = damaged(zeroed(...pagesOf(leaf).filter((_, index) => index % 15 === 0)));
    const { store, salvaged } = await openEmbeddedStore(directory);
    await store.close();
    const { kept = {}, lost = {} } = salvaged ?? {};
    assert.ok(Object.keys(lost).length > 0);
    const tables = Object.keys(readable) as (keyof typeof readable)[];
    for (const table of tables) assert.equal((kept[table] ?? 0) + (lost[table] ?? 0), readable[table], table);
  });

  test("whose counters are lost goes on above every number that it still names", async () => {
    const name = Buffer.from("counters");
    const { directory } = damaged((file) => {
      for (let at = file.indexOf(name); at >= 0; at = file.indexOf(name, at + 1)) file.fill(0xff, at + 8, at + 12);
      return file;
    });
    const { store, salvaged } = await openEmbeddedStore(directory);
    assert.deepEqual(salvaged?.lost, { meta: 1 });
    const { lastNumber, lastOwner, messages } = await stateOf(store);
    await store.close();
    assert.deepEqual([lastNumber, lastOwner], [wholeState.lastNumber, wholeState.lastOwner]);
    assert.deepEqual(messages, wholeState.messages);
  });
});

test("a store of another format is refused, and left as it is", async () => {
  const { directory } = damaged((file) => file);
  const tables = openTables(join(directory, "store.mdb"));
  await new TableWriter(tables).write([{ table: "meta", key: formatKey, value: numberRecord(formatKey, 2) }]);
  await tables.root.close();
  const file = readFileSync(join(directory, "store.mdb"));
  for (let time = 0; time < 2; time += 1) {
    await assert.rejects(openEmbeddedStore(directory), { message: /of format 2, this program reads format 1/ });
    assert.deepEqual(readFileSync(join(directory, "store.mdb")), file);
  }
});
