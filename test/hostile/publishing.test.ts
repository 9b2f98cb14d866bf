import assert from "node:assert/strict";
import { PacketType } from "../../src/mqtt/packet-type.ts";
import { type Arena, attack, scale } from "./arena.ts";
import { bytesOf, many, type RawClient } from "./raw-client.ts";

const MiB = 1_048_576;

attack("a client that never reads holds linkBytesMax, however much QoS 0 there is for it", {
  heldMiBMax: 40,
  run: async (arena) => {
    const deaf = await arena.connect("CONNECT deaf clean");
    deaf.send('SUBSCRIBE #1 "flood" q0');
    await deaf.count(PacketType.Suback, 1);
    deaf.socket.pause();
    await flood(arena, "flood", 0, 2_000, 32_768);
    return "62 MiB for it";
  },
});

attack("clients that never read hold unsentBytesMax all together", {
  limits: { unsentBytesMax: 8 * MiB },
  heldMiBMax: 60,
  run: async (arena) => {
    const deaf = await many(100, async (index) => {
      const client = await arena.connect(`CONNECT deaf${index} clean`);
      client.send('SUBSCRIBE #1 "flood" q0');
      await client.count(PacketType.Suback, 1);
      client.socket.pause();
      return client;
    });
    await flood(arena, "flood", 0, 400, 32_768);
    assert.ok(deaf.every(({ isClosed }) => !isClosed));
    return "100 clients, 12 MiB for each";
  },
});

attack("a client that never acknowledges holds its queue", {
  limits: { queueBytesMax: 4 * MiB },
  heldMiBMax: 30,
  run: async (arena) => {
    await mute(arena, "mute", "flood");
    await flood(arena, "flood", 1, 2_000, 16_384);
    return "31 MiB at QoS 1 for it";
  },
});

attack("clients that never acknowledge hold queuedBytesMax all together", {
  limits: { queuedBytesMax: 8 * MiB },
  heldMiBMax: 45,
  run: async (arena) => {
    await many(40, async (index) => {
      await mute(arena, `mute${index}`, `flood/${index}`);
      await flood(arena, `flood/${index}`, 1, 200, 16_384);
    });
    return "40 clients, 3 MiB at QoS 1 for each";
  },
});

attack("the same for Sessions that stay, with a store in memory", {
  limits: { queuedBytesMax: 8 * MiB, messageCacheBytesMax: MiB },
  heldMiBMax: 60,
  run: async (arena) => {
    await many(40, async (index) => {
      await mute(arena, `mute${index}`, `flood/${index}`, "sessionExpiryInterval=1000 receiveMaximum=5");
      await flood(arena, `flood/${index}`, 1, 200, 16_384);
    });
    return "40 clients, 3 MiB at QoS 1 for each";
  },
});

attack("what is in flight to clients that never acknowledge is on disk, not in memory", {
  store: "disk",
  limits: { messageCacheBytesMax: MiB },
  heldMiBMax: 80,
  run: async (arena) => {
    await many(20, async (index) => {
      await mute(arena, `mute${index}`, `flood/${index}`, "sessionExpiryInterval=1000");
      await flood(arena, `flood/${index}`, 1, 100, 65_536);
    });
    return "20 clients, 100 × 64 KiB in flight to each";
  },
});

attack("Retained Messages end at retainedBytesMax: more are refused with 0x97", {
  limits: { retainedBytesMax: 8 * MiB },
  store: "disk",
  heldMiBMax: 60,
  run: async (arena) => {
    const client = await arena.connect("CONNECT keeper clean");
    const payload = "x".repeat(900);
    const count = 20_000;
    for (let first = 0; first < count; first += 100) {
      const lines = range(100).map((index) => `PUBLISH q1 #1 retain "kept/${first + index}" payload="${payload}"`);
      await client.write(bytesOf(...lines));
    }
    const puback = await client.count(PacketType.Puback, count);
    assert.ok(puback?.type === PacketType.Puback && puback.reasonCode === 0x97);
    return "20,000 Retained Messages of 900 bytes";
  },
});

attack("# over very many Retained Messages stalls nobody, also when its client never reads", {
  limits: { retainedBytesMax: 1_024 * MiB },
  heldMiBMax: 120 * scale,
  run: async (arena) => {
    const keeper = await arena.connect("CONNECT keeper clean");
    const count = 100_000 * scale;
    for (let first = 0; first < count; first += 500) {
      const lines = range(500).map(
        (index) => `PUBLISH q0 retain "kept/${(first + index) % 97}/${first + index}" payload="x"`,
      );
      await keeper.write(bytesOf(...lines));
    }
    await answered(keeper);
    await many(20, async (index) => {
      const deaf = await arena.connect(`CONNECT deaf${index} clean`);
      deaf.socket.pause();
      deaf.send('SUBSCRIBE #1 "#" q1');
    });
    const reader = await arena.connect("CONNECT reader clean receiveMaximum=65535");
    reader.send('SUBSCRIBE #1 "#" q0');
    await reader.count(PacketType.Publish, count);
    return `${count.toLocaleString("en")} Retained Messages, 21 subscriptions`;
  },
});

attack("clients that are cut at once, all with Wills that are retained", {
  store: "disk",
  heldMiBMax: 60 * scale,
  run: async (arena) => {
    const watcher = await arena.connect("CONNECT watcher clean");
    watcher.send('SUBSCRIBE #1 "will/#" q0');
    const payload = "x".repeat(1_000);
    const count = 1_000 * scale;
    const clients = await many(count, (index) => {
      return arena.connect(`CONNECT w${index} clean will(q1 retain "will/${index}" payload="${payload}")`);
    });
    for (const client of clients) client.socket.resetAndDestroy();
    await watcher.count(PacketType.Publish, count);
    return `${count.toLocaleString("en")} Wills of 1,000 bytes`;
  },
});

attack("floods of PINGREQ, Topic Aliases, User Properties and empty messages", {
  heldMiBMax: 30,
  run: async (arena) => {
    const client = await arena.connect("CONNECT flood clean");
    const properties = range(500)
      .map((index) => `userProperty="n${index}":"v"`)
      .join(" ");
    const pieces = [
      bytesOf(...range(1_000).map(() => "PINGREQ")),
      bytesOf(...range(1_000).map((index) => `PUBLISH q0 "alias/${index}" topicAlias=${1 + (index % 32)}`)),
      bytesOf(...range(20).map(() => `PUBLISH q0 "properties" ${properties}`)),
      bytesOf(...range(1_000).map(() => 'PUBLISH q0 "e"')),
    ];
    for (let round = 0; round < 50; round += 1) for (const piece of pieces) await client.write(piece);
    await client.count(PacketType.Pingresp, 50_000);
    assert.ok(!client.isClosed);
    return "50,000 of each";
  },
});

attack("packets that never come to their end hold incompleteBytesMax all together: the one begun first has to go", {
  limits: { incompleteBytesMax: 16 * MiB },
  heldMiBMax: 40,
  run: async (arena) => {
    const bytes = bytesOf(`PUBLISH q0 "big" payload="${"x".repeat(MiB - 100)}"`);
    const clients = await many(
      64,
      async (index) => {
        const client = await arena.connect(`CONNECT big${index} clean keepAlive=0`);
        await client.write(bytes.subarray(0, bytes.length - 1));
        return client;
      },
      1,
    );
    await Promise.all(clients.slice(0, 40).map((client) => client.closed()));
    const last = clients.at(-1)!;
    await last.write(bytes.subarray(-1));
    await answered(last);
    return "64 × 1 MiB but for a byte";
  },
});

/** Publishes so many messages from a client of its own; resolves when the server has dealt with them. */
async function flood(arena: Arena, topic: string, qos: 0 | 1, count: number, payloadBytes: number): Promise<void> {
  const client = await arena.connect(`CONNECT "" clean`);
  const bytes = bytesOf(`PUBLISH q${qos}${qos === 0 ? "" : " #1"} "${topic}" payload="${"x".repeat(payloadBytes)}"`);
  for (let sent = 0; sent < count; sent += 1) await client.write(bytes);
  if (qos === 1) await client.count(PacketType.Puback, count);
  await answered(client);
  client.socket.destroy();
}

/** A client that subscribed at QoS 1 and answers nothing. */
async function mute(arena: Arena, name: string, topic: string, properties = ""): Promise<RawClient> {
  const client = await arena.connect(`CONNECT ${name} clean ${properties}`);
  client.send(`SUBSCRIBE #1 "${topic}" q1`);
  await client.count(PacketType.Suback, 1);
  return client;
}

/** Everything that was sent before has been dealt with. */
async function answered(client: RawClient): Promise<void> {
  client.send("PINGREQ");
  const answer = await client.count(PacketType.Pingresp, 1);
  assert.ok(answer !== undefined, "the connection ended");
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
