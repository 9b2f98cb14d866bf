import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Refusal, type State, storeLimits, tables } from "../../src/petstore/domain.ts";
import { journalRowsMax } from "../../src/petstore/journal-book.ts";
import { placeOrder } from "../../src/petstore/orders.ts";
import { storeOwnership } from "../../src/petstore/ownership.ts";
import { openPetstore } from "../../src/petstore/petstore.ts";
import { changeProduct, restock } from "../../src/petstore/products.ts";
import { createMemoryRows, openRowFile, type RowChange, RowError, type RowFile } from "../../src/petstore/row-file.ts";
import { seed } from "../../src/petstore/seed.ts";
import { PetStore } from "../../src/petstore/store.ts";
import { policyOf, publish, somebody } from "../contract/kit.ts";
import { compilePetstore } from "../contract/petstore.ts";
import { silent, someDay } from "./stage.ts";

async function withDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-pets-"));
  try {
    await run(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Rows that are kept when the test says so, or not. */
class SlowRows implements RowFile {
  readonly kept: Map<string, string> = new Map();
  readonly #writes: { changes: readonly RowChange[]; resolve: () => void; reject: (error: Error) => void }[] = [];
  #asked: () => void = () => {};

  rows(): Iterable<readonly [string, string]> {
    return this.kept;
  }

  write(changes: readonly RowChange[]): Promise<void> {
    const written = new Promise<void>((resolve, reject) => this.#writes.push({ changes, resolve, reject }));
    this.#asked();
    return written;
  }

  async asked(): Promise<void> {
    while (this.#writes.length === 0) {
      await new Promise<void>((resolve) => {
        this.#asked = resolve;
      });
    }
  }

  async keep(): Promise<number> {
    await this.asked();
    const { changes, resolve } = this.#writes.shift()!;
    for (const { key, value } of changes) {
      if (value === undefined) this.kept.delete(key);
      else this.kept.set(key, value);
    }
    resolve();
    return changes.length;
  }

  async fail(isFinal: boolean): Promise<void> {
    await this.asked();
    this.#writes.shift()!.reject(new RowError("no space", isFinal, undefined));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const random = (length: number): Uint8Array => new Uint8Array(length);

function openStore(file: RowFile, now: () => number = () => someDay): PetStore {
  return new PetStore({ file, log: silent, now, random });
}

async function seeded(file: RowFile = createMemoryRows(), now?: () => number): Promise<PetStore> {
  const store = openStore(file, now);
  assert.equal(await store.perform(seed()), undefined);
  return store;
}

const order = placeOrder({ customerId: "bob", items: [{ productId: "ball", quantity: 1 }] });

function plain(state: State): unknown {
  return JSON.parse(
    JSON.stringify(tables.map((table) => [...state[table].values()].sort((a, b) => (a.id < b.id ? -1 : 1)))),
  );
}

describe("the pet store", () => {
  test("answers when a step and its events are kept, together, and not before", async () => {
    const file = new SlowRows();
    const store = openStore(file);
    const seeding = store.perform(seed());
    await file.keep();
    await seeding;
    const before = file.kept.size;
    let isDone = false;
    const placing = store.perform(order).then((result) => {
      isDone = true;
      return result;
    });
    await file.asked();
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
    assert.equal(isDone, false);
    assert.equal(await file.keep(), 3 + 4, "order, payment and product; four events");
    assert.ok(!((await placing) instanceof Refusal));
    assert.equal(file.kept.size, before + 2 + 4);
  });

  test("keeps steps of one turn together, and those that come meanwhile in the next batch", async () => {
    const file = new SlowRows();
    const store = openStore(file);
    const all = [store.perform(seed()), store.perform(order)];
    await file.asked();
    all.push(store.perform(order), store.perform(order));
    await file.keep();
    await Promise.all(all.slice(0, 2));
    assert.equal(await file.keep(), 2 * 2 + 1 + 2 * 4);
    await Promise.all(all);
  });

  test("tries again what could not be kept, and refuses new work meanwhile", async () => {
    const file = new SlowRows();
    const store = openStore(file);
    const seeding = store.perform(seed());
    await file.fail(false);
    await new Promise(setImmediate);
    const refused = await store.perform(order);
    assert.ok(refused instanceof Refusal && refused.reason === "full");
    assert.match(refused.sentence, /no space/);
    await file.keep();
    assert.equal(await seeding, undefined);
    assert.equal(store.problem, undefined);
  });

  test("says so when the disk failed for good", async () => {
    const file = new SlowRows();
    const store = openStore(file);
    const seeding = store.perform(seed());
    await file.fail(true);
    await assert.rejects(seeding, RowError);
    assert.ok((await store.perform(order)) instanceof Refusal);
    await store.close();
  });

  test("closes although the disk takes nothing", async () => {
    const file = new SlowRows();
    const store = openStore(file);
    const seeding = store.perform(seed());
    await file.asked();
    const closing = store.close();
    await file.fail(false);
    await assert.rejects(seeding, /no space/);
    await closing;
  });

  test("is after a restart what it was, with the events that were not published", async () => {
    await withDirectory(async (directory) => {
      const first = await seeded(openRowFile(directory));
      await first.perform(order);
      const waiting = first.book.size;
      assert.throws(() => openRowFile(directory), /in use by process/);
      await first.close();
      const second = openStore(openRowFile(directory));
      assert.equal(second.isNew, false);
      assert.deepEqual(plain(second.state), plain(first.state));
      assert.equal(second.book.size, waiting);
      await second.close();
    });
  });

  test("is made once, with what it has on its first day", async () => {
    await withDirectory(async (directory) => {
      const first = await openPetstore({ directory, log: silent });
      await first.store.perform(restock("ball", 5));
      await first.close();
      const second = await openPetstore({ directory, log: silent });
      assert.equal(second.store.state.products.get("ball")?.stock, 122);
      await second.close();
    });
  });

  test("does not open what another version wrote, or what cannot be read", () => {
    const file = new SlowRows();
    file.kept.set("format", "2");
    assert.throws(() => openStore(file), /is of format 2, this program reads format 1/);
    file.kept.set("format", "1").set("pets/milo", "{");
    assert.throws(() => openStore(file), /row pets\/milo of the pet store cannot be read/);
  });

  test("takes nothing new when too many events wait", async () => {
    const store = await seeded();
    let result: unknown;
    for (let count = 0; count < journalRowsMax && !(result instanceof Refusal); count += 1) {
      result = await store.perform(changeProduct("ball", { reorderThreshold: 25 + (count % 2) }));
    }
    assert.ok(result instanceof Refusal && result.reason === "full");
    assert.ok(store.book.size <= journalRowsMax && store.book.size > journalRowsMax - 2 * storeLimits.itemsMax - 20);
  });

  test("remembers a request with its step, until that is over", async () => {
    let now = someDay;
    const store = await seeded(createMemoryRows(), () => now);
    const remember = (id: string) => (_: unknown, at: number) => ({ id, expiresAt: at + 1_000, text: "done" });
    await store.perform(order, remember("one"));
    await store.perform(placeOrder({ customerId: "nobody", items: [] }), remember("refused"));
    now += 500;
    await store.perform(order, remember("two"));
    assert.deepEqual([...store.state.memos.keys()], ["one", "two"]);
    now += 600;
    await store.perform(order, remember("three"));
    assert.deepEqual([...store.state.memos.keys()], ["two", "three"]);
  });

  test("takes nothing when it is closed", async () => {
    const store = await seeded();
    await store.close();
    assert.ok((await store.perform(order)) instanceof Refusal);
  });
});

test("what the store knows belongs to its customer, and of the rest claims tell", async () => {
  const { state } = await seeded();
  const { owns } = storeOwnership(state);
  const alice = somebody("alice", ["customer"], { orders: ["abc123", "bob-1", "old"], payments: ["old"] });
  assert.equal(owns(alice, "orders", "abc123"), true);
  assert.equal(owns(alice, "orders", "bob-1"), false);
  assert.equal(owns(alice, "orders", "old"), true);
  assert.equal(owns(alice, "payments", "xyz789"), true);
  assert.equal(owns(alice, "payments", "bob-1-payment"), false);
  assert.equal(owns(somebody("bob", ["customer"]), "payments", "bob-1-payment"), true);
  assert.equal(owns(alice, "pets", "milo"), false);
});

test("by the contract a customer reads its own orders and answers, and asks for its own", async () => {
  const { state } = await seeded();
  const { policy } = policyOf(compilePetstore(), storeOwnership(state));
  const bob = somebody("bob", ["customer"]);
  assert.equal(policy.maySubscribe(bob, "orders/+/status"), undefined);
  assert.deepEqual(
    [
      "orders/bob-1/status",
      "orders/abc123/status",
      "payments/bob-1-payment/status",
      "replies/bob",
      "replies/alice",
    ].map((topicName) => policy.mayReceive(bob, topicName)),
    [true, false, true, true, false],
  );
  assert.equal(policy.mayPublish(bob, publish("order-requests/bob-1", {})), undefined);
  assert.equal(policy.mayPublish(bob, publish("order-requests/abc123", {}))?.reasonCode, 0x87);
});
