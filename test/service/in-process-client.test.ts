import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { createServer, ProtocolError, ReasonCode, RefusedError } from "../../src/index.ts";

const inside = { listeners: [] };

describe("a client inside the process", () => {
  test("gets messages of each QoS as they were published, with their Properties", async () => {
    const server = await createServer(inside);
    const client = await server.connect({ clientId: "c" });
    assert.equal(client.clientId, "c");
    assert.equal(client.sessionPresent, false);
    const stream = await client.subscribe("t/#", { qos: 2 });
    assert.equal(stream.grantedQoS, 2);
    const properties = { contentType: "text/plain", correlationData: Buffer.from("7") };
    for (const qos of [0, 1, 2] as const) {
      assert.equal(await client.publish({ topicName: `t/${qos}`, payload: `p${qos}`, qos, properties }), 0);
    }
    for (const qos of [0, 1, 2]) {
      const { value } = await stream.next();
      assert.equal(value.topicName, `t/${qos}`);
      assert.equal(value.text(), `p${qos}`);
      assert.equal(value.qos, qos);
      assert.equal(value.properties.contentType, "text/plain");
      assert.deepEqual(Buffer.from(value.properties.correlationData), Buffer.from("7"));
    }
    await server.close();
  });

  test("is given a Client Identifier when it has none", async () => {
    const server = await createServer(inside);
    const client = await server.connect();
    assert.notEqual(client.clientId, "");
    await server.close();
  });

  test("a handler is given the next message when it is done with the one before, and may publish meanwhile", async () => {
    const server = await createServer(inside);
    const client = await server.connect();
    const steps: string[] = [];
    await client.subscribe("job", async (message) => {
      steps.push(`begin ${message.text()}`);
      assert.equal(await client.publish({ topicName: "done", payload: message.payload, qos: 2 }), 0);
      steps.push(`end ${message.text()}`);
    });
    const done = await client.subscribe("done", { qos: 2 });
    for (const payload of ["a", "b", "c"]) await server.publish({ topicName: "job", payload });
    for (let count = 0; count < 3; count += 1) await done.next();
    assert.deepEqual(steps.slice(0, 5), ["begin a", "end a", "begin b", "end b", "begin c"]);
    await server.close();
  });

  test("leaving a loop over a stream unsubscribes, and unsubscribing ends the loop", async () => {
    const server = await createServer(inside);
    const client = await server.connect();
    const first = await client.subscribe("t");
    await server.publish({ topicName: "t", payload: "x" });
    for await (const message of first) {
      assert.equal(message.text(), "x");
      break;
    }
    assert.equal(await server.publish({ topicName: "t", qos: 1 }), ReasonCode.NoMatchingSubscribers);
    const second = await client.subscribe("t");
    const over = second.next();
    assert.equal(await client.unsubscribe("t"), ReasonCode.Success);
    assert.equal((await over).done, true);
    assert.equal(await client.unsubscribe("t"), ReasonCode.NoSubscriptionExisted);
    await server.close();
  });

  test("each message goes to every subscription that matches, once", async () => {
    const server = await createServer(inside);
    const client = await server.connect();
    const [all, own] = [await client.subscribe("a/#", { qos: 1 }), await client.subscribe("a/+", { qos: 1 })];
    await server.publish({ topicName: "a/b", payload: "1", qos: 1 });
    await server.publish({ topicName: "a/b/c", payload: "2", qos: 1 });
    assert.equal((await all.next()).value.text(), "1");
    assert.equal((await all.next()).value.text(), "2");
    assert.equal((await own.next()).value.text(), "1");
    await server.close();
  });

  test("a slow one is bounded: QoS 0 is dropped for it, QoS 1 waits in its queue and is all there", async () => {
    const linkBytesMax = 65_536;
    const server = await createServer({ ...inside, limits: { linkBytesMax } });
    const client = await server.connect({ receiveMaximum: 10 });
    let goOn = (): void => {};
    const mayGoOn = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const got: Record<string, number> = { zero: 0, one: 0 };
    const wantedOnes = 200;
    let finished = (): void => {};
    const all = new Promise<void>((resolve) => {
      finished = resolve;
    });
    await client.subscribe(
      "+",
      async ({ topicName }) => {
        await mayGoOn;
        got[topicName] = (got[topicName] ?? 0) + 1;
        if (got["one"] === wantedOnes) finished();
      },
      { qos: 1 },
    );
    const payload = Buffer.alloc(1_000);
    for (let count = 0; count < 1_000; count += 1) await server.publish({ topicName: "zero", payload });
    for (let count = 0; count < wantedOnes; count += 1) await server.publish({ topicName: "one", payload, qos: 1 });
    goOn();
    await all;
    assert.ok(got["zero"]! > 10 && got["zero"]! <= 80, `${got["zero"]} of QoS 0 came`);
    await server.close();
  });

  test("a handler that fails ends its client: the Will is published, and what was not acknowledged comes again", async () => {
    const server = await createServer(inside);
    const watcher = await server.connect();
    const wills = await watcher.subscribe("will");
    const options = { clientId: "c", sessionExpirySeconds: 60, will: { topicName: "will", payload: "gone" } };
    const client = await server.connect(options);
    await client.subscribe("t", () => Promise.reject(new Error("no")), { qos: 1 });
    const failed = assert.rejects(client.closed, /^Error: no$/);
    assert.equal(await server.publish({ topicName: "t", payload: "x", qos: 1 }), 0);
    await failed;
    assert.equal((await wills.next()).value.text(), "gone");
    const again = await server.connect(options);
    assert.ok(again.sessionPresent);
    const stream = await again.subscribe("t", { qos: 1 });
    const { value } = await stream.next();
    assert.equal(value.text(), "x");
    await server.close();
  });

  test("what no subscription takes waits for one, or goes to onMessage", async () => {
    const warnings: string[] = [];
    const { pino } = await import("pino");
    const log = pino({ level: "warn" }, { write: (line: string) => warnings.push(JSON.parse(line).msg) });
    const server = await createServer({ ...inside, log });
    const options = { clientId: "c", sessionExpirySeconds: 60 };
    const before = await server.connect(options);
    await before.subscribe("t", { qos: 1 });
    await before.end();
    for (const payload of ["1", "2"]) await server.publish({ topicName: "t", payload, qos: 1 });
    const client = await server.connect(options);
    const stream = await client.subscribe("t", { qos: 1 });
    assert.equal((await stream.next()).value.text(), "1");
    await client.end();
    assert.deepEqual(warnings, [
      "a message waits that no subscription of this client takes; subscribe to its topic, or give connect an onMessage",
    ]);
    const got: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const onMessage = ({ dup, ...message }: { dup: boolean; text(): string }): void => {
        got.push(`${message.text()} ${dup}`);
        resolve();
      };
      server.connect({ ...options, onMessage }).catch(reject);
    });
    assert.deepEqual(got, ["2 true"]);
    await server.close();
  });

  test("is refused with the Reason Code and the reason", async () => {
    const server = await createServer({
      ...inside,
      capabilities: { maximumQoS: 1 },
      policy: { maySubscribe: (_, topicFilter) => topicFilter !== "secret" || { reason: "It is secret" } },
    });
    const will = { topicName: "t", qos: 2 } as const;
    await assert.rejects(server.connect({ will }), (error) => {
      return error instanceof RefusedError && error.reasonCode === ReasonCode.QoSNotSupported;
    });
    await assert.rejects(server.connect({ clientId: "a\u0000b" }), ProtocolError);
    const client = await server.connect();
    await assert.rejects(client.subscribe("secret"), (error) => {
      return (
        error instanceof RefusedError &&
        error.reasonCode === ReasonCode.NotAuthorized &&
        /secret: It is secret/.test(error.message)
      );
    });
    await assert.rejects(client.subscribe("a/#/b"), ProtocolError);
    assert.equal(await client.publish({ topicName: "$SYS/x", qos: 1 }), ReasonCode.TopicNameInvalid);
    assert.equal(await client.publish({ topicName: "t", qos: 1 }), ReasonCode.NoMatchingSubscribers);
    await server.close();
  });

  test("keeps within the server's Receive Maximum, and its Keep Alive", { timeout: 20_000 }, async () => {
    const server = await createServer({ ...inside, limits: { receiveMaximum: 2, keepAliveSecondsMax: 1 } });
    const client = await server.connect();
    const many = Array.from({ length: 50 }, () => client.publish({ topicName: "t", qos: 2 }));
    assert.deepEqual(new Set(await Promise.all(many)), new Set([ReasonCode.NoMatchingSubscribers]));
    // Without PINGREQ it would be gone after one and a half times the Keep Alive.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    assert.equal(await client.publish({ topicName: "t", qos: 1 }), ReasonCode.NoMatchingSubscribers);
    await server.close();
  });

  test("is told why it was ended: taken over, disconnected, server closed; what it had under way hears the same", async () => {
    const server = await createServer(inside);
    const first = await server.connect({ clientId: "c" });
    const second = await server.connect({ clientId: "c" });
    assert.equal(await first.closed, ReasonCode.SessionTakenOver);
    await assert.rejects(first.publish({ topicName: "t" }), /the client has ended/);
    const disconnected = once(server, "disconnected");
    assert.equal(server.disconnect("c", ReasonCode.UseAnotherServer), true);
    assert.equal(server.disconnect("c"), false);
    assert.equal(await second.closed, ReasonCode.UseAnotherServer);
    assert.deepEqual((await disconnected)[0].reasonCode, ReasonCode.UseAnotherServer);
    const third = await server.connect();
    const closed = server.close();
    const published = await third.publish({ topicName: "t", qos: 1 });
    assert.ok(published === ReasonCode.NoMatchingSubscribers || published === ReasonCode.ServerShuttingDown);
    assert.equal(await third.closed, ReasonCode.ServerShuttingDown);
    await closed;
  });

  test("belongs to the Principal that it was given, and shares Client Identifiers with nobody else", async () => {
    const server = await createServer(inside);
    const options = { clientId: "c", sessionExpirySeconds: 60 };
    await server.connect({ ...options, principal: { name: "alice" } });
    await assert.rejects(server.connect({ ...options, principal: { name: "bob" } }), (error) => {
      return error instanceof RefusedError && error.reasonCode === ReasonCode.NotAuthorized;
    });
    await server.close();
  });
});
