import assert from "node:assert/strict";
import { after, afterEach, before, describe } from "node:test";
import type { IClientOptions } from "mqtt";
import { boundedTest as test } from "./bounded-test.ts";
import { type BrokerProcess, packetBytesMax, startOpenBroker } from "./broker-process.ts";
import { closeClients, connect, event } from "./mqttjs.ts";

let broker: BrokerProcess;
before(async () => {
  broker = await startOpenBroker();
});
after(() => broker?.stop());
afterEach(closeClients);

for (const protocolVersion of [4, 5] as const) {
  const isV5 = protocolVersion === 5;

  describe(`MQTT.js with MQTT ${isV5 ? "5.0" : "3.1.1"}`, () => {
    const clean: IClientOptions = { protocolVersion, clean: true };
    const persistent = (clientId: string): IClientOptions => ({
      protocolVersion,
      clientId,
      clean: false,
      ...(isV5 && { properties: { sessionExpiryInterval: 300 } }),
    });
    const topic = (name: string) => `v${protocolVersion}/${name}`;

    test("QoS 0, 1 and 2 arrive with their QoS", async () => {
      const subscriber = await connect(broker.url, clean);
      await subscriber.client.subscribeAsync(topic("qos"), { qos: 2 });
      const publisher = await connect(broker.url, clean);
      for (const qos of [0, 1, 2] as const) await publisher.client.publishAsync(topic("qos"), `at ${qos}`, { qos });
      const received = await subscriber.receivedCount(3);
      assert.deepEqual(received.map(({ packet, payload }) => [packet.qos, payload]).sort(), [
        [0, "at 0"],
        [1, "at 1"],
        [2, "at 2"],
      ]);
    });

    for (const qos of [1, 2] as const) {
      test(`500 messages at QoS ${qos} arrive once each and in order`, async () => {
        const subscriber = await connect(broker.url, clean);
        await subscriber.client.subscribeAsync(topic(`burst/${qos}`), { qos });
        const publisher = await connect(broker.url, clean);
        const numbers = Array.from({ length: 500 }, (_, index) => String(index));
        // MQTT.js does not keep to the Receive Maximum of 100 that MQTT 5.0 Servers announce; 3.1.1 knows none.
        const atOnce = isV5 ? 100 : numbers.length;
        for (let from = 0; from < numbers.length; from += atOnce) {
          const burst = numbers.slice(from, from + atOnce);
          await Promise.all(burst.map((each) => publisher.client.publishAsync(topic(`burst/${qos}`), each, { qos })));
        }
        const received = await subscriber.receivedCount(numbers.length);
        assert.deepEqual(
          received.map(({ payload }) => payload),
          numbers,
        );
      });
    }

    test("a payload of 60,000 bytes arrives whole", async () => {
      const subscriber = await connect(broker.url, clean);
      await subscriber.client.subscribeAsync(topic("large"), { qos: 1 });
      const payload = Array.from({ length: 10_000 }, (_, index) => String(index).padStart(6, "0")).join("");
      await subscriber.client.publishAsync(topic("large"), payload, { qos: 1 });
      const [message] = await subscriber.receivedCount(1);
      assert.equal(message?.payload, payload);
    });

    test("a Retained Message reaches a later subscriber, until an empty one clears it", async () => {
      const publisher = await connect(broker.url, clean);
      await publisher.client.publishAsync(topic("retained/a"), "kept", { qos: 1, retain: true });
      await publisher.client.publishAsync(topic("retained/b"), "kept", { qos: 1, retain: true });
      await publisher.client.publishAsync(topic("retained/a"), "", { qos: 1, retain: true });
      const subscriber = await connect(broker.url, clean);
      await subscriber.client.subscribeAsync(topic("retained/+"), { qos: 1 });
      await subscriber.client.subscribeAsync(topic("retained-end"), { qos: 1 });
      await publisher.client.publishAsync(topic("retained-end"), "", { qos: 1 });
      const received = await subscriber.receivedCount(2);
      assert.deepEqual(
        received.map((each) => [each.topic, each.payload, each.packet.retain]),
        [
          [topic("retained/b"), "kept", true],
          [topic("retained-end"), "", false],
        ],
      );
    });

    test("wildcards match what they should and nothing else", async () => {
      const subscriber = await connect(broker.url, clean);
      await subscriber.client.subscribeAsync([topic("w/+/x"), topic("w/deep/#"), topic("w/end")], { qos: 0 });
      const publisher = await connect(broker.url, clean);
      for (const name of ["w/1/x", "w/1/y", "w/1/2/x", "w/deep", "w/deep/1/2", "w/end"]) {
        await publisher.client.publishAsync(topic(name), name, { qos: 1 });
      }
      const received = await subscriber.receivedCount(4);
      assert.deepEqual(
        received.map(({ payload }) => payload),
        ["w/1/x", "w/deep", "w/deep/1/2", "w/end"],
      );
    });

    test("the Will is published when the connection breaks, and not after a good DISCONNECT", async () => {
      const watcher = await connect(broker.url, clean);
      await watcher.client.subscribeAsync(topic("will/+"), { qos: 1 });
      const polite = await connect(broker.url, {
        ...clean,
        will: { topic: topic("will/polite"), payload: Buffer.from("no"), qos: 1, retain: false },
      });
      await polite.client.endAsync();
      const broken = await connect(broker.url, {
        ...clean,
        will: { topic: topic("will/broken"), payload: Buffer.from("gone"), qos: 1, retain: false },
      });
      broken.client.stream.destroy();
      const [will] = await watcher.receivedCount(1);
      assert.deepEqual([will?.topic, will?.payload], [topic("will/broken"), "gone"]);
    });

    test("a persistent Session gets in order what came while its Client was away", async () => {
      const first = await connect(broker.url, persistent(topic("away")));
      assert.equal(first.sessionPresent, false);
      await first.client.subscribeAsync(topic("away/#"), { qos: 2 });
      await first.client.endAsync();
      const publisher = await connect(broker.url, clean);
      const numbers = Array.from({ length: 10 }, (_, index) => String(index));
      for (const each of numbers) {
        await publisher.client.publishAsync(topic("away/x"), each, { qos: 1 });
        await publisher.client.publishAsync(topic("away/x"), each, { qos: 2 });
      }
      const again = await connect(broker.url, persistent(topic("away")));
      assert.equal(again.sessionPresent, true);
      const received = await again.receivedCount(20);
      // MQTT.js hands a QoS 2 message on at its PUBREL, so only messages of one QoS keep their order with it.
      for (const qos of [1, 2]) {
        const atQoS = received.filter(({ packet }) => packet.qos === qos);
        assert.deepEqual(
          atQoS.map(({ payload }) => payload),
          numbers,
        );
      }
      await again.client.endAsync();
      const cleaned = await connect(broker.url, { ...clean, clientId: topic("away") });
      assert.equal(cleaned.sessionPresent, false);
    });

    test("members of a shared subscription divide the messages among them", async () => {
      const members = await Promise.all([connect(broker.url, clean), connect(broker.url, clean)]);
      for (const { client } of members) await client.subscribeAsync(`$share/crew/${topic("jobs")}`, { qos: 1 });
      const publisher = await connect(broker.url, clean);
      for (let each = 0; each < 20; each += 1) {
        await publisher.client.publishAsync(topic("jobs"), String(each), { qos: 1 });
      }
      const deadline = Date.now() + 10_000;
      const got = () => members.flatMap(({ received }) => received.map(({ payload }) => Number(payload)));
      while (got().length < 20 && Date.now() < deadline) await new Promise(setImmediate);
      assert.deepEqual(
        got().sort((a, b) => a - b),
        Array.from({ length: 20 }, (_, index) => index),
      );
      for (const { received } of members) assert.ok(received.length > 0, "one member got nothing");
    });

    test("a second connection with the same Client Identifier takes over", async () => {
      const first = await connect(broker.url, { ...clean, clientId: topic("twin") });
      const ended = event(first.client, isV5 ? "disconnect" : "close");
      await connect(broker.url, { ...clean, clientId: topic("twin") });
      const packet = await ended;
      if (isV5) assert.equal((packet as { reasonCode: number }).reasonCode, 0x8e);
    });

    test("a packet above the limit ends the connection", async () => {
      const { client } = await connect(broker.url, clean);
      const ended = event(client, isV5 ? "disconnect" : "close");
      client.publish(topic("oversize"), Buffer.alloc(packetBytesMax), { qos: 0 });
      const packet = await ended;
      if (isV5) assert.equal((packet as { reasonCode: number }).reasonCode, 0x95);
    });

    test("a refused subscription says so, and the other filters of its SUBSCRIBE are granted", async () => {
      const { client } = await connect(broker.url, clean);
      const suback = new Promise<readonly number[]>((resolve) => {
        client.on("packetreceive", (packet) => {
          if (packet.cmd === "suback") resolve(packet.granted as number[]);
        });
      });
      client.subscribe(["test/nosubscribe", topic("granted")], { qos: 1 }, () => {});
      assert.deepEqual(await suback, [isV5 ? 0x87 : 0x80, 1]);
    });

    test("$SYS tells the version, and a leading wildcard does not see it", async () => {
      const subscriber = await connect(broker.url, clean);
      await subscriber.client.subscribeAsync("+/broker/version", { qos: 0 });
      await subscriber.client.subscribeAsync("$SYS/broker/version", { qos: 0 });
      const [version] = await subscriber.receivedCount(1);
      assert.equal(version?.topic, "$SYS/broker/version");
      assert.match(version?.payload ?? "", /\d+\.\d+\.\d+/);
      assert.equal(version?.packet.retain, true);
    });

    test("an empty Client Identifier is accepted", async () => {
      const { client, connack } = await connect(broker.url, { ...clean, clientId: "" });
      if (isV5) assert.match(String(connack.properties?.["assignedClientIdentifier"]), /./);
      await client.publishAsync(topic("nameless"), "", { qos: 1 });
    });
  });
}

describe("MQTT.js with the properties of MQTT 5.0", () => {
  const clean: IClientOptions = { protocolVersion: 5, clean: true };

  test("every property of a PUBLISH arrives as it was sent", async () => {
    const subscriber = await connect(broker.url, clean);
    await subscriber.client.subscribeAsync("p/all", { qos: 1 });
    const publisher = await connect(broker.url, clean);
    await publisher.client.publishAsync("p/all", "ü", {
      qos: 1,
      properties: {
        payloadFormatIndicator: true,
        messageExpiryInterval: 60,
        contentType: "text/plain",
        responseTopic: "p/answer",
        correlationData: Buffer.from([0, 1, 255]),
        userProperties: { b: "1", a: ["2", "3"] },
      },
    });
    const [message] = await subscriber.receivedCount(1);
    const { messageExpiryInterval, ...properties } = message?.packet.properties ?? {};
    assert.deepEqual(
      { ...properties, userProperties: { ...properties.userProperties } },
      {
        payloadFormatIndicator: true,
        contentType: "text/plain",
        responseTopic: "p/answer",
        correlationData: Buffer.from([0, 1, 255]),
        userProperties: { b: "1", a: ["2", "3"] },
      },
    );
    assert.ok(messageExpiryInterval !== undefined && messageExpiryInterval > 50 && messageExpiryInterval <= 60);
  });

  test("overlapping subscriptions bring one delivery at the highest QoS with both Subscription Identifiers", async () => {
    const subscriber = await connect(broker.url, clean);
    await subscriber.client.subscribeAsync("over/+", { qos: 0, properties: { subscriptionIdentifier: 7 } });
    await subscriber.client.subscribeAsync("over/x", { qos: 2, properties: { subscriptionIdentifier: 9 } });
    await subscriber.client.publishAsync("over/x", "", { qos: 2 });
    await subscriber.client.publishAsync("over/y", "", { qos: 0 });
    const received = await subscriber.receivedCount(2);
    const [both, one] = received.map(({ packet }) => packet);
    assert.equal(both?.qos, 2);
    assert.deepEqual([both?.properties?.subscriptionIdentifier].flat().map(Number).sort(), [7, 9]);
    assert.deepEqual([one?.properties?.subscriptionIdentifier].flat().map(Number), [7]);
  });

  test("Topic Aliases work in both directions", async () => {
    const subscriber = await connect(broker.url, { ...clean, properties: { topicAliasMaximum: 10 } });
    await subscriber.client.subscribeAsync("alias/#", { qos: 1 });
    const publisher = await connect(broker.url, { ...clean, autoAssignTopicAlias: true });
    for (let each = 0; each < 3; each += 1) {
      await publisher.client.publishAsync("alias/one", String(each), { qos: 1 });
      await publisher.client.publishAsync("alias/two", String(each), { qos: 1 });
    }
    const received = await subscriber.receivedCount(6);
    assert.deepEqual(
      received.map(({ topic, payload }) => `${topic} ${payload}`),
      [0, 1, 2].flatMap((each) => [`alias/one ${each}`, `alias/two ${each}`]),
    );
  });

  test("No Local, Retain As Published and Retain Handling are kept", async () => {
    const { client, receivedCount } = await connect(broker.url, clean);
    await client.publishAsync("options/old", "old", { qos: 1, retain: true });
    await client.subscribeAsync("options/old", { qos: 1, rh: 2 });
    await client.subscribeAsync("options/own", { qos: 1, nl: true });
    await client.subscribeAsync("options/kept", { qos: 1, rap: true });
    await client.publishAsync("options/own", "own", { qos: 1 });
    await client.publishAsync("options/kept", "kept", { qos: 1, retain: true });
    const [message] = await receivedCount(1);
    assert.deepEqual([message?.topic, message?.packet.retain], ["options/kept", true]);
  });

  test("a PUBLISH that nobody subscribed to is acknowledged with 0x10", async () => {
    const { client } = await connect(broker.url, clean);
    const reasonCode = new Promise((resolve) => {
      client.on("packetreceive", (packet) => {
        if (packet.cmd === "puback") resolve(packet.reasonCode);
      });
    });
    await client.publishAsync("nobody/listens", "", { qos: 1 });
    assert.equal(await reasonCode, 0x10);
  });
});
