import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createServer, ProtocolError, ReasonCode } from "../../src/index.ts";
import { FakeStore } from "../server/stage.ts";

const inside = { listeners: [] };

describe("a program that publishes", () => {
  test("hears whether anybody subscribed", async () => {
    const server = await createServer(inside);
    const client = await server.connect();
    await client.subscribe("pets/#");
    assert.equal(await server.publish({ topicName: "pets/1", payload: "Rex", qos: 1 }), ReasonCode.Success);
    assert.equal(await server.publish({ topicName: "orders", qos: 1 }), ReasonCode.NoMatchingSubscribers);
    await server.close();
  });

  test("is the server itself: it needs no leave, and may publish below $", async () => {
    const server = await createServer({ ...inside, policy: { mayPublish: () => false } });
    const client = await server.connect();
    const stream = await client.subscribe("$SYS/own");
    assert.equal(await server.publish({ topicName: "$SYS/own", payload: "x" }), ReasonCode.Success);
    const { value } = await stream.next();
    assert.equal(value.text(), "x");
    await server.close();
  });

  test("as a Principal is asked about like a Client", async () => {
    const seen: string[] = [];
    const server = await createServer({
      ...inside,
      policy: {
        mayPublish: ({ name, roles }, { topicName }) => {
          seen.push(`${name} ${roles} ${topicName}`);
          return { reasonCode: ReasonCode.PayloadFormatInvalid };
        },
      },
    });
    const principal = { name: "alice", roles: ["staff"] };
    const reasonCode = await server.publish({ topicName: "pets/1" }, { principal });
    assert.equal(reasonCode, ReasonCode.PayloadFormatInvalid);
    assert.deepEqual(seen, ["alice staff pets/1"]);
    assert.equal(await server.publish({ topicName: "$SYS/x" }, { principal }), ReasonCode.TopicNameInvalid);
    await server.close();
  });

  test("is told of a Topic Name that is none, and stopped when it asks for what no PUBLISH can say", async () => {
    const server = await createServer({ ...inside, limits: { packetBytesMax: 1_024 } });
    for (const topicName of ["", "a/+", "#", "x".repeat(70_000)]) {
      assert.equal(await server.publish({ topicName }), ReasonCode.TopicNameInvalid, topicName.slice(0, 9));
    }
    const contentType = "a\u0000b";
    for (const wrong of [
      { topicName: "t", qos: 3 as 2 },
      { topicName: "t\u0000" },
      { topicName: "half \ud800" },
      { topicName: "t", payload: Buffer.alloc(1_024) },
      { topicName: "t", properties: { contentType } },
      { topicName: "t", properties: { messageExpiryIntervalSeconds: -1, contentType: "y".repeat(65_536) } },
    ]) {
      await assert.rejects(server.publish(wrong), ProtocolError, JSON.stringify(wrong).slice(0, 80));
    }
    assert.equal(await server.publish({ topicName: "t", qos: 1 }), ReasonCode.NoMatchingSubscribers);
    await server.close();
  });

  test("hears of it after the commit that keeps the message, and no sooner", async () => {
    const store = new FakeStore();
    const server = await createServer({ ...inside, store });
    let isKept = false;
    const published = server.publish({ topicName: "t", payload: "x", qos: 1, retain: true }).then((reasonCode) => {
      assert.ok(isKept);
      return reasonCode;
    });
    await store.asked(1);
    await new Promise(setImmediate);
    isKept = true;
    store.keep();
    assert.equal(await published, ReasonCode.NoMatchingSubscribers);
    await server.close();
  });

  test("is held above unflushedBytesMax until the store has caught up", async () => {
    const store = new FakeStore();
    const server = await createServer({ ...inside, store, limits: { unflushedBytesMax: 1_048_576 } });
    const payload = Buffer.alloc(100_000);
    let answered = 0;
    const published = Array.from({ length: 60 }, (_, index) =>
      server.publish({ topicName: `t/${index}`, payload, qos: 1, retain: true }).then(() => {
        answered += 1;
      }),
    );
    await store.asked(1);
    for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
    assert.equal(answered, 0);
    const begun = store.commits.reduce((sum, batch) => sum + batch.length, 0);
    assert.ok(begun <= 12, `${begun} messages were taken while nothing was flushed`);
    const keeping = setInterval(() => store.keep(), 1);
    await Promise.all(published);
    clearInterval(keeping);
    assert.equal(
      store.commits.reduce((sum, batch) => sum + batch.length, 0),
      60,
    );
    await server.close();
  });

  test("10,000 messages, each awaited, take no more memory than a few", async () => {
    const server = await createServer(inside);
    const client = await server.connect();
    let received = 0;
    await client.subscribe(
      "t",
      () => {
        received += 1;
      },
      { qos: 1 },
    );
    const payload = Buffer.alloc(10_000);
    const before = process.memoryUsage().rss;
    for (let count = 0; count < 10_000; count += 1) {
      assert.equal(await server.publish({ topicName: "t", payload, qos: 1 }), ReasonCode.Success);
    }
    // 100 MB went through.
    const grown = process.memoryUsage().rss - before;
    assert.ok(grown < 64 * 1_048_576, `grew by ${Math.round(grown / 1_048_576)} MiB`);
    await client.end();
    assert.ok(received > 9_000, `${received} received`);
    await server.close();
  });

  test("without waiting is refused with 0x97 when 65,535 wait already", async () => {
    const server = await createServer({ ...inside, store: new FakeStore() });
    const message = { topicName: "t", payload: "x", qos: 1, retain: true } as const;
    const many = Array.from({ length: 65_535 }, () => server.publish(message));
    assert.equal(await server.publish(message), ReasonCode.QuotaExceeded);
    void Promise.all(many);
  });

  test("to a server that is closed hears 0x8B", async () => {
    const server = await createServer(inside);
    await server.close();
    assert.equal(await server.publish({ topicName: "t" }), ReasonCode.ServerShuttingDown);
    await assert.rejects(server.connect(), /the server is closed/);
  });
});
