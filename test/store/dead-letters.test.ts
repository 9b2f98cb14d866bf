import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { openDeadLetterFiles } from "../../src/store/dead-letter-files.ts";
import { createMemoryDeadLetters, type DeadLetter, type DeadLetterStore } from "../../src/store/dead-letters.ts";
import { message } from "../../src/testing/store-rows.ts";

const limits = { deadLettersMax: 100, deadLetterBytesMax: 1_048_576 };

function letter(topicName: string, payload: Uint8Array = Buffer.from(topicName)): DeadLetter {
  return {
    cause: "refused",
    at: 1_000,
    clientId: "c/ü\u0000",
    principal: { tenant: 0, name: "alice", roles: ["customer"], clientId: "c", claims: new Map([["orders", ["7"]]]) },
    reasonCode: 0x99,
    reason: "payload/quantity must be >= 0",
    place: "api.yaml:3:1",
    message: message({ topicName, payload }),
  };
}

async function topics(store: DeadLetterStore): Promise<(string | undefined)[]> {
  const letters = await Promise.all([...store.numbers()].map((number) => store.read(number)));
  return letters.map((each) => each?.message.topicName);
}

for (const kind of ["memory", "files"] as const) {
  describe(`dead letters in ${kind}`, () => {
    let directory: string;
    let store: DeadLetterStore;
    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-letters-"));
    });
    afterEach(async () => {
      await store.close();
      rmSync(directory, { recursive: true });
    });
    async function open(replaced: Partial<typeof limits> = {}): Promise<void> {
      const all = { ...limits, ...replaced };
      store = kind === "memory" ? createMemoryDeadLetters(all) : await openDeadLetterFiles(directory, all);
    }

    test("come back as they were, whatever bytes are in them", async () => {
      await open();
      const whole = letter("t", Buffer.of(0, 0xff, 0x0a, 0x22));
      const properties = { ...whole.message.properties, correlationData: Buffer.of(1, 0xfe), contentType: "x\ny" };
      const given = { ...whole, message: { ...whole.message, properties, retain: true, qos: 2 as const } };
      await store.add([given]);
      const read = await store.read(1);
      assert.deepEqual(Buffer.from(read!.message.payload), Buffer.of(0, 0xff, 0x0a, 0x22));
      assert.deepEqual(Buffer.from(read!.message.properties.correlationData!), Buffer.of(1, 0xfe));
      assert.equal(read!.message.properties.contentType, "x\ny");
      assert.equal(read!.message.retain, true);
      assert.equal(read!.message.qos, 2);
      const { message: _, ...rest } = given;
      const { message: __, ...restRead } = read!;
      assert.deepEqual(restRead, rest);
      assert.equal(await store.read(2), undefined);
    });

    test("the oldest go when there are too many", async () => {
      await open({ deadLettersMax: 3 });
      await store.add([letter("1"), letter("2")]);
      await store.add([letter("3"), letter("4"), letter("5")]);
      assert.deepEqual([...store.numbers()], [3, 4, 5]);
      await store.add(["6", "7", "8", "9", "10"].map((topic) => letter(topic)));
      assert.deepEqual(await topics(store), ["8", "9", "10"]);
      assert.equal(store.count, 3);
    });

    test("the oldest go when their bytes are too many", async () => {
      await open();
      const large = Buffer.alloc(100_000);
      for (let step = 0; step < 30; step += 1) await store.add([letter(`t/${step}`, large)]);
      const kept = await topics(store);
      assert.ok(kept.length >= 4 && kept.length <= 8, String(kept.length));
      assert.equal(kept.at(-1), "t/29");
    });

    test("what is removed is gone, and is not removed twice", async () => {
      await open();
      await store.add([letter("1"), letter("2"), letter("3")]);
      assert.equal(await store.remove([2, 2, 9]), 1);
      assert.equal(await store.remove([2]), 0);
      assert.deepEqual(await topics(store), ["1", "3"]);
    });
  });
}

describe("files of dead letters", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-letters-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  async function opened<Result>(
    work: (store: DeadLetterStore) => Promise<Result>,
    replaced: Partial<typeof limits> = {},
  ): Promise<Result> {
    const store = await openDeadLetterFiles(directory, { ...limits, ...replaced });
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  }
  const files = (): string[] => readdirSync(directory).filter((name) => name.endsWith(".letters"));

  test("outlive the process: letters, what was removed, and what was too many", async () => {
    const few = { deadLettersMax: 4 };
    await opened((store) => store.add(["1", "2", "3", "4"].map((topic) => letter(topic))), few);
    await opened((store) => store.add([letter("5"), letter("6")]), few);
    await opened((store) => store.remove([5]), few);
    await opened(async (store) => assert.deepEqual(await topics(store), ["3", "4", "6"]), few);
  });

  test("numbers do not start again when all letters are gone", async () => {
    await opened((store) => store.add([letter("1"), letter("2")]));
    await opened((store) => store.remove([1, 2]));
    await opened((store) => store.add([letter("3")]));
    await opened(async (store) => assert.deepEqual([...store.numbers()], [3]));
  });

  test("a line that was cut off or changed costs nothing but itself", async () => {
    await opened((store) => store.add(["1", "2", "3"].map((topic) => letter(topic))));
    const path = join(directory, files()[0]!);
    const text = readFileSync(path, "latin1");
    writeFileSync(path, text.replace('"topicName":"2"', '"topicName":"X"'), "latin1");
    appendFileSync(path, text.slice(0, 40));
    await opened(async (store) => {
      assert.deepEqual(await topics(store), ["1", "3"]);
      await store.add([letter("4")]);
    });
    await opened(async (store) => assert.deepEqual(await topics(store), ["1", "3", "4"]));
  });

  test("the disk holds no more than its bound and a part of it", async () => {
    const large = Buffer.alloc(50_000);
    await opened(async (store) => {
      for (let step = 0; step < 60; step += 1) await store.add([letter("t", large)]);
      const bytes = files().reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
      assert.ok(bytes <= limits.deadLetterBytesMax + 200_000, String(bytes));
    });
  });

  test("belong to one process", async () => {
    await opened(async () => {
      await assert.rejects(openDeadLetterFiles(directory, limits), /is in use by process \d+/);
    });
  });
});
