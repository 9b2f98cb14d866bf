import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createServer, type LocalConnection, ProtocolError, type Server } from "../../src/index.ts";
import {
  type Connect,
  noAcknowledgementProperties,
  noConnectProperties,
  noPublishProperties,
  type Packet,
  PacketType,
  ProtocolVersion,
  type Publish,
} from "../../src/mqtt/index.ts";
import { FakeStore } from "../server/stage.ts";

/** One end that speaks MQTT itself. */
class Peer {
  readonly packets: Packet[] = [];
  isClosed = false;
  consumes = true;
  readonly connection: LocalConnection;
  #changed: () => void = () => {};

  constructor(server: Server) {
    this.connection = server.openConnection({
      received: (packet) => {
        this.packets.push(packet);
        if (packet.type === PacketType.Publish && this.consumes) this.connection.consumed(packet);
        this.#changed();
      },
      drained: () => this.#changed(),
      closed: () => {
        this.isClosed = true;
        this.#changed();
      },
    });
  }

  async until(isReached: () => boolean): Promise<void> {
    while (!isReached()) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /** The first packet of this type that was not taken yet. */
  async next<Type extends Packet["type"]>(type: Type): Promise<Extract<Packet, { type: Type }>> {
    const find = (): number => this.packets.findIndex((packet) => packet.type === type);
    await this.until(() => find() >= 0);
    const [packet] = this.packets.splice(find(), 1);
    return packet as Extract<Packet, { type: Type }>;
  }
}

function connectPacket(clientId: string, sessionExpiryIntervalSeconds: number | undefined): Connect {
  return {
    type: PacketType.Connect,
    protocolVersion: ProtocolVersion.V5,
    cleanStart: false,
    keepAliveSeconds: 0,
    clientId,
    will: undefined,
    userName: undefined,
    password: undefined,
    properties: { ...noConnectProperties, sessionExpiryIntervalSeconds },
  };
}

function publishPacket(packetIdentifier: number, qos: 0 | 1 | 2, dup: boolean, payload: Uint8Array): Publish {
  return {
    type: PacketType.Publish,
    dup,
    qos,
    retain: false,
    topicName: "t",
    packetIdentifier,
    topicAlias: undefined,
    subscriptionIdentifiers: [],
    properties: noPublishProperties,
    payload,
  };
}

const pubrel = (packetIdentifier: number): Packet => ({
  type: PacketType.Pubrel,
  packetIdentifier,
  reasonCode: 0,
  properties: noAcknowledgementProperties,
});

async function withData<Result>(run: (data: string) => Promise<Result>): Promise<Result> {
  const data = mkdtempSync(join(tmpdir(), "petstore-mqtt-"));
  try {
    return await run(data);
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

describe("a connection inside the process", () => {
  test("holds packets behind the commit of what they promise, in their order", async () => {
    const store = new FakeStore();
    const server = await createServer({ listeners: [], store });
    const peer = new Peer(server);
    peer.connection.send(connectPacket("c", 60));
    await store.asked(1);
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
    assert.deepEqual(peer.packets, []);
    store.keep();
    assert.equal((await peer.next(PacketType.Connack)).reasonCode, 0);
    peer.connection.send(publishPacket(1, 2, false, Buffer.from("x")));
    peer.connection.send({ type: PacketType.Pingreq });
    await store.asked(2);
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
    assert.deepEqual(peer.packets, []);
    store.keep();
    await peer.next(PacketType.Pingresp);
    assert.equal((peer.packets as Packet[])[0]?.type, PacketType.Pubrec);
    const keeping = setInterval(() => store.keep(), 1);
    await server.close();
    clearInterval(keeping);
    assert.ok(peer.isClosed);
  });

  test("a sender that sends again with DUP after a restart is heard exactly once, whatever it had heard", async () => {
    await withData(async (data) => {
      const options = { listeners: [], store: "disk", data } as const;
      const messages = 20;
      const acknowledged = 7;
      const first = await createServer(options);
      const subscriber = await first.connect({ clientId: "subscriber", sessionExpirySeconds: 60 });
      await subscriber.subscribe("t", { qos: 2 });
      await subscriber.end();
      const sender = new Peer(first);
      sender.connection.send(connectPacket("journal", 60));
      await sender.next(PacketType.Connack);
      for (let number = 1; number <= messages; number += 1) {
        sender.connection.send(publishPacket(number, 2, false, Buffer.from(String(number))));
      }
      for (let number = 1; number <= acknowledged; number += 1) {
        assert.equal((await sender.next(PacketType.Pubrec)).packetIdentifier, number);
      }
      await first.close();
      assert.ok(sender.isClosed);

      const second = await createServer(options);
      const again = new Peer(second);
      again.connection.send(connectPacket("journal", 60));
      assert.equal((await again.next(PacketType.Connack)).sessionPresent, true);
      assert.equal(again.connection.unreleased.length, messages);
      for (let number = 1; number <= messages; number += 1) {
        again.connection.send(publishPacket(number, 2, true, Buffer.from(String(number))));
        await again.next(PacketType.Pubrec);
        again.connection.send(pubrel(number));
        assert.equal((await again.next(PacketType.Pubcomp)).reasonCode, 0);
      }
      const reader = await second.connect({ clientId: "subscriber", sessionExpirySeconds: 60 });
      const stream = await reader.subscribe("t", { qos: 2, retainHandling: 2 });
      await second.publish({ topicName: "t", payload: "last", qos: 2 });
      const got: string[] = [];
      for await (const message of stream) {
        if (message.text() === "last") break;
        got.push(message.text());
      }
      assert.deepEqual(
        got,
        Array.from({ length: messages }, (_, index) => String(index + 1)),
      );
      await second.close();
    });
  });

  test("a subscriber at QoS 2 in a Session that lasts gets everything once over several restarts", async () => {
    await withData(async (data) => {
      const options = { listeners: [], store: "disk", data } as const;
      const got: string[] = [];
      for (let life = 0; life < 3; life += 1) {
        const server = await createServer(options);
        const client = await server.connect({ clientId: "c", sessionExpirySeconds: 60 });
        assert.equal(client.sessionPresent, life > 0);
        await client.subscribe(
          "t",
          async (message) => {
            assert.equal(message.dup && got.includes(message.text()), false);
            got.push(message.text());
            await new Promise(setImmediate);
          },
          { qos: 2 },
        );
        // Its own publishes at QoS 2 use Packet Identifiers that the life before used too.
        const said = Array.from({ length: 30 }, (_, index) => {
          return client.publish({ topicName: "t", payload: `${life}/${index}`, qos: 2 });
        });
        assert.deepEqual(new Set(await Promise.all(said)), new Set([0]));
        await server.close();
      }
      const server = await createServer(options);
      const last = await server.connect({ clientId: "c", sessionExpirySeconds: 60 });
      const stream = await last.subscribe("t", { qos: 2 });
      await server.publish({ topicName: "t", payload: "last", qos: 2 });
      for await (const message of stream) {
        if (message.text() === "last") break;
        got.push(message.text());
      }
      const wanted = [0, 1, 2].flatMap((life) => Array.from({ length: 30 }, (_, index) => `${life}/${index}`));
      assert.deepEqual(got, wanted);
      await server.close();
    });
  });

  test("one that does not consume is not sent more than linkBytesMax, and all of QoS 1 once it does", async () => {
    const server = await createServer({ listeners: [], limits: { linkBytesMax: 10_000 } });
    const peer = new Peer(server);
    peer.consumes = false;
    peer.connection.send(connectPacket("c", undefined));
    const subscription = {
      topicFilter: "t",
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    } as const;
    peer.connection.send({
      type: PacketType.Subscribe,
      packetIdentifier: 1,
      subscriptions: [subscription],
      subscriptionIdentifier: undefined,
      userProperties: [],
    });
    await peer.next(PacketType.Suback);
    for (let number = 0; number < 50; number += 1) {
      await server.publish({ topicName: "t", payload: Buffer.alloc(1_000, number), qos: 1 });
    }
    const isPublish = (packet: Packet): packet is Publish => packet.type === PacketType.Publish;
    const held = peer.packets.filter(isPublish);
    assert.ok(held.length > 0 && held.length < 12, `${held.length} messages`);
    // Answers come all the same: what it asks for has its own bound.
    peer.connection.send({ type: PacketType.Pingreq });
    await peer.next(PacketType.Pingresp);
    peer.consumes = true;
    for (const publish of held) peer.connection.consumed(publish);
    await peer.until(() => peer.packets.filter(isPublish).length === 50);
    const numbers = peer.packets.filter(isPublish).map(({ payload }) => payload[0]);
    assert.deepEqual(
      numbers,
      Array.from({ length: 50 }, (_, index) => index),
    );
    await server.close();
  });

  test("says when there is no room, and when there is again", async () => {
    const store = new FakeStore();
    const server = await createServer({ listeners: [], store, limits: { linkBytesMax: 4_096 } });
    let drained = 0;
    const connection = server.openConnection({ received: () => {}, drained: () => (drained += 1), closed: () => {} });
    assert.equal(connection.send(connectPacket("c", undefined)), true);
    assert.equal(connection.send(publishPacket(0, 0, false, Buffer.alloc(4_000))), false);
    while (drained === 0) await new Promise(setImmediate);
    assert.equal(connection.send({ type: PacketType.Pingreq }), true);
    await server.close();
  });

  test("throws at what no Client could send, and goes on", async () => {
    const server = await createServer({ listeners: [], limits: { packetBytesMax: 1_024 } });
    const peer = new Peer(server);
    assert.throws(() => peer.connection.send(publishPacket(70_000, 1, false, Buffer.alloc(0))), ProtocolError);
    assert.throws(() => peer.connection.send(publishPacket(0, 0, false, Buffer.alloc(1_024))), ProtocolError);
    assert.throws(() => peer.connection.send({ ...pubrel(1), packetIdentifier: 0 } as Packet), ProtocolError);
    peer.connection.send(connectPacket("c", undefined));
    assert.equal((await peer.next(PacketType.Connack)).reasonCode, 0);
    await server.close();
  });

  test("that breaks the protocol is ended like any other: here with a second CONNECT", async () => {
    const server = await createServer({ listeners: [] });
    const peer = new Peer(server);
    peer.connection.send(connectPacket("c", undefined));
    peer.connection.send(connectPacket("c", undefined));
    await peer.until(() => peer.isClosed);
    assert.equal((await peer.next(PacketType.Disconnect)).reasonCode, 0x82);
    await server.close();
  });

  test("that closes without DISCONNECT is a lost one", async () => {
    const server = await createServer({ listeners: [] });
    const watcher = await server.connect();
    const wills = await watcher.subscribe("will");
    const peer = new Peer(server);
    const will = {
      topicName: "will",
      payload: Buffer.from("gone"),
      qos: 0,
      retain: false,
      delayIntervalSeconds: 0,
      properties: noPublishProperties,
    } as const;
    peer.connection.send({ ...connectPacket("c", undefined), will });
    await peer.next(PacketType.Connack);
    peer.connection.close();
    assert.equal((await wills.next()).value.text(), "gone");
    await peer.until(() => peer.isClosed);
    await server.close();
  });
});
