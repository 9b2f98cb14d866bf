import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { connectAsync } from "mqtt";
import type { Row } from "../../src/server/answer.ts";
import type { DeadLetterDoneRow, DeadLetterRequest, DeadLetterRow } from "../../src/server/dead-letter-request.ts";
import type { Server } from "../../src/server/options.ts";
import { type CreateServerOptions, createServer } from "../../src/service/create-server.ts";
import { storedDeadLetters } from "../../src/service/dead-letters.ts";

const everything: DeadLetterRequest = {
  action: "list",
  numbers: [],
  topicFilter: "",
  whole: true,
  skip: 0,
  limit: 0,
};
const limits = { deadLettersMax: 100, deadLetterBytesMax: 1_048_576 };

async function all<Kind extends Row>(slices: AsyncIterable<readonly Row[]>): Promise<Kind[]> {
  const rows: Kind[] = [];
  for await (const slice of slices) rows.push(...(slice as readonly Kind[]));
  return rows;
}

describe("dead letters of a server", { timeout: 30_000 }, () => {
  let directory: string;
  let server: Server;
  let isAllowed: boolean;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-dead-"));
    isAllowed = false;
  });
  afterEach(async () => {
    await server.close();
    rmSync(directory, { recursive: true });
  });

  async function start(options: Partial<CreateServerOptions> = {}): Promise<void> {
    server = await createServer({
      data: directory,
      store: "disk",
      policy: { mayPublish: () => isAllowed || { reasonCode: 0x99, reason: "no pet" } },
      ...options,
    });
  }

  const list = (replaced: Partial<DeadLetterRequest> = {}): Promise<DeadLetterRow[]> =>
    all(server.deadLetters({ ...everything, ...replaced }));
  const change = (action: "replay" | "remove", numbers: readonly number[] = []): Promise<DeadLetterDoneRow[]> =>
    all(server.deadLetters({ ...everything, action, numbers }));

  test("a refused message of 3.1.1 is acknowledged, kept over a restart, and replayed once the law allows it", async () => {
    await start();
    const publisher = await connectAsync(server.url, { protocolVersion: 4, clientId: "p", reconnectPeriod: 0 });
    await publisher.publishAsync("orders/1", "new", { qos: 2, retain: true });
    await publisher.endAsync();
    const [letter] = await list();
    assert.deepEqual(
      [letter?.cause, letter?.clientId, letter?.reasonCode, letter?.reason, letter?.payload, letter?.retain],
      ["refused", "p", 0x99, "no pet", "new", true],
    );
    await server.close();

    assert.equal((await all(storedDeadLetters(directory, limits, everything))).length, 1);
    await start();
    assert.deepEqual(await change("replay"), [{ number: 1, topicName: "orders/1", done: false, reason: "no pet" }]);
    assert.equal((await list()).length, 1);
    isAllowed = true;
    const heard: string[] = [];
    const client = await server.connect({ clientId: "s" });
    await client.subscribe("orders/#", ({ topicName, qos }) => void heard.push(`${topicName} ${qos}`), { qos: 2 });
    assert.equal((await change("replay"))[0]?.done, true);
    assert.deepEqual(await list(), []);
    const [retained] = await all(
      server.inspect({ about: "retainedMessage", name: "orders/1", whole: true, skip: 0, limit: 1 })!,
    );
    assert.equal((retained as DeadLetterRow).payload, "new");
    await client.end();
    assert.deepEqual(heard, ["orders/1 2"]);
  });

  test("what a full queue lost is read from the store, although nothing of it is in memory", async () => {
    isAllowed = true;
    await start({ limits: { queueMessagesMax: 2, messageCacheBytesMax: 0 } });
    const properties = { sessionExpiryInterval: 3_600 };
    const options = { protocolVersion: 5, clientId: "s", reconnectPeriod: 0, properties } as const;
    const subscriber = await connectAsync(server.url, options);
    await subscriber.subscribeAsync("t", { qos: 1 });
    await subscriber.endAsync();
    for (const payload of ["1", "2", "3", "4"]) await server.publish({ topicName: "t", payload, qos: 1 });
    const letters = await list();
    assert.deepEqual(
      letters.map(({ cause, clientId, payload }) => [cause, clientId, payload]),
      [
        ["overflowed", "s", "1"],
        ["overflowed", "s", "2"],
      ],
    );
    assert.equal((await change("replay", [1]))[0]?.reason, "Its queue is full");
    assert.equal((await change("remove", [1]))[0]?.done, true);
    const back = await connectAsync(server.url, { ...options, clean: false });
    const heard: string[] = [];
    const three = new Promise<void>((resolve) => {
      back.on("message", (_topic, payload) => {
        heard.push(payload.toString());
        if (heard.length === 3) resolve();
      });
    });
    while ((await change("replay", [2]))[0]?.done !== true);
    await three;
    assert.deepEqual(heard.toSorted(), ["2", "3", "4"]);
    await back.endAsync();
  });

  test("lists have pages, and are of a topic or a cause", async () => {
    await start({ store: "memory" });
    for (const topicName of ["a/1", "a/2", "b/1"]) {
      const client = await server.connect({ clientId: "p" });
      await client.publish({ topicName, qos: 1 });
      await client.end();
    }
    const topics = async (replaced: Partial<DeadLetterRequest>): Promise<string[]> =>
      (await list(replaced)).map(({ topicName }) => topicName);
    assert.deepEqual(await topics({ topicFilter: "a/+" }), ["a/1", "a/2"]);
    assert.deepEqual(await topics({ cause: "expired" }), []);
    assert.deepEqual(await topics({ skip: 1, limit: 1 }), ["a/2"]);
    assert.deepEqual(await topics({ numbers: [3, 9] }), ["b/1"]);
  });

  test("without a server they cannot be replayed, and a place without any is a sentence", async () => {
    await start({ store: "memory" });
    const replay = all(storedDeadLetters(directory, limits, { ...everything, action: "replay" }));
    await assert.rejects(replay, /only a server can replay messages/);
    await assert.rejects(all(storedDeadLetters(directory, limits, everything)), /there are no dead letters in/);
  });
});
