import assert from "node:assert/strict";
import type { Packet, Subscribe, Unsubscribe } from "../../src/mqtt/packet.ts";
import { noUserProperties } from "../../src/mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { encoded } from "../../src/testing/recording-outbox.ts";
import { attack, scale } from "./arena.ts";
import { bytesOf, many, type RawClient } from "./raw-client.ts";

const connectLine = (name: string) => `CONNECT ${name} clean`;

attack("10,000 filters of 200 levels are bounded by subscriptionBytesPerSessionMax", {
  heldMiBMax: 60,
  run: async (arena) => {
    const client = await arena.connect(connectLine("deep"));
    const rest = "/a".repeat(198);
    const granted = await subscribeAll(client, 10_000, 100, (index) => `${index}${rest}/+`);
    assert.ok(granted > 100 && granted < 1_000, `${granted} were granted`);
    return `10,000 filters, ${granted} granted`;
  },
});

attack("many Sessions with many long filters are bounded by subscriptionBytesMax", {
  limits: { subscriptionBytesMax: 16_777_216 },
  heldMiBMax: 80,
  run: async (arena) => {
    const granted = await many(100, async (index) => {
      const client = await arena.connect(connectLine(`long${index}`));
      return await subscribeAll(client, 100, 25, (filter) => `${index}/${filter}/${"x".repeat(10_000)}`);
    });
    const all = granted.reduce((sum, each) => sum + each, 0);
    assert.ok(all > 1_500 && all < 3_300, `${all} were granted`);
    return `10,000 filters of 10,000 bytes, ${all} granted`;
  },
});

attack("very many subscriptions of many Sessions", {
  heldMiBMax: 160 * scale,
  run: async (arena) => {
    const granted = await many(100 * scale, async (index) => {
      const client = await arena.connect(connectLine(`many${index}`));
      return await subscribeAll(client, 1_000, 250, (filter) => `devices/${index}/${filter}/+`);
    });
    assert.ok(granted.every((each) => each === 1_000));
    return `${(granted.length * 1_000).toLocaleString("en")} subscriptions, all granted`;
  },
});

attack("filters that a Topic Name could follow in many ways at once are bounded by wildcardShapesPerSessionMax", {
  heldMiBMax: 20,
  run: async (arena) => {
    const client = await arena.connect(connectLine("ways"));
    const levels = 13;
    const filter = (index: number) => {
      const way = Array.from({ length: levels }, (_, level) => ((index >> level) & 1 ? "+" : "a"));
      return `${way.join("/")}/b`;
    };
    const granted = await subscribeAll(client, 2 ** levels, 512, filter);
    assert.ok(granted <= 101, `${granted} were granted`);
    const topic = "a/".repeat(levels);
    for (let first = 0; first < 5_000; first += 100) {
      const lines = Array.from({ length: 100 }, (_, index) => `PUBLISH q0 "${topic}x${first + index}"`);
      await client.write(bytesOf(...lines));
    }
    await answered(client);
    return `8,192 filters, ${granted} granted; 5,000 messages`;
  },
});

attack("200,000 filters in one SUBSCRIBE are answered, those beyond subscriptionsMax with 0x97", {
  store: "disk",
  heldMiBMax: 60,
  run: async (arena) => {
    const client = await arena.connect("CONNECT wide clean sessionExpiryInterval=10");
    const filters = Array.from({ length: 200_000 }, (_, index) => (index % 36).toString(36));
    await client.write(encoded(subscribe(1, filters), ProtocolVersion.V5));
    const suback = await client.count(PacketType.Suback, 1);
    assert.ok(suback?.type === PacketType.Suback);
    assert.equal(suback.reasonCodes.length, 200_000);
    assert.equal(suback.reasonCodes.filter((code) => code === 0x97).length, 190_000);
    await client.write(encoded(unsubscribe(2, filters), ProtocolVersion.V5));
    await client.count(PacketType.Unsuback, 1);
    return "200,000 filters in one packet";
  },
});

attack("SUBSCRIBE and UNSUBSCRIBE in turn, over many Topic Names whose subscribers are known", {
  heldMiBMax: 60,
  run: async (arena) => {
    const client = await arena.connect(connectLine("war"));
    for (let first = 0; first < 50_000; first += 500) {
      const lines = Array.from({ length: 500 }, (_, index) => `PUBLISH q0 "known/${first + index}"`);
      await client.write(bytesOf(...lines));
    }
    const turns = 10_000;
    const turn = bytesOf('SUBSCRIBE #1 "war/+" q0', 'PUBLISH q0 "known/1"', 'UNSUBSCRIBE #2 "war/+"');
    for (let count = 0; count < turns; count += 100) await client.write(Buffer.concat(Array(100).fill(turn)));
    await client.count(PacketType.Unsuback, turns);
    return "50,000 Topic Names, 10,000 turns";
  },
});

attack("Topic Names of 65,535 bytes and of 10,000 levels are refused", {
  heldMiBMax: 30,
  run: async (arena) => {
    const client = await arena.connect(connectLine("size"));
    const count = 500;
    for (const topic of ["x".repeat(65_535), "a/".repeat(10_000)]) {
      const bytes = bytesOf(`PUBLISH q1 #1 "${topic}"`, `SUBSCRIBE #2 "${topic}" q1`);
      for (let round = 0; round < count; round += 1) await client.write(bytes);
    }
    const puback = await client.count(PacketType.Puback, 2 * count);
    const suback = await client.count(PacketType.Suback, 2 * count);
    assert.ok(puback?.type === PacketType.Puback && puback.reasonCode === 0x90);
    assert.ok(suback?.type === PacketType.Suback && suback.reasonCodes[0] === 0x8f);
    return "2,000 PUBLISH and SUBSCRIBE";
  },
});

/** Subscribes `perPacket` at a time; how many were granted. */
async function subscribeAll(
  client: RawClient,
  count: number,
  perPacket: number,
  filter: (index: number) => string,
): Promise<number> {
  let granted = 0;
  for (let first = 0; first < count; first += perPacket) {
    const filters = Array.from({ length: Math.min(perPacket, count - first) }, (_, index) => filter(first + index));
    const subacks = client.counted(PacketType.Suback);
    await client.write(encoded(subscribe(1, filters), ProtocolVersion.V5));
    const suback = await client.count(PacketType.Suback, subacks + 1);
    assert.ok(suback?.type === PacketType.Suback, "the connection ended");
    granted += suback.reasonCodes.filter((code) => code < 0x80).length;
  }
  return granted;
}

/** Everything that was sent before has been dealt with. */
async function answered(client: RawClient): Promise<void> {
  const before = client.counted(PacketType.Pingresp);
  client.send("PINGREQ");
  const last: Packet | undefined = await client.count(PacketType.Pingresp, before + 1);
  assert.ok(last !== undefined, "the connection ended");
}

function subscribe(packetIdentifier: number, filters: readonly string[]): Subscribe {
  return {
    type: PacketType.Subscribe,
    packetIdentifier,
    subscriptionIdentifier: undefined,
    userProperties: noUserProperties,
    subscriptions: filters.map((topicFilter) => {
      return { topicFilter, qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 };
    }),
  };
}

function unsubscribe(packetIdentifier: number, topicFilters: readonly string[]): Unsubscribe {
  return { type: PacketType.Unsubscribe, packetIdentifier, userProperties: noUserProperties, topicFilters };
}
