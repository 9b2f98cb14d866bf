import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { PacketType } from "../../src/mqtt/packet-type.ts";
import { attack } from "./arena.ts";
import { bytesOf, many } from "./raw-client.ts";

const connectLine = "CONNECT slow clean keepAlive=60";

attack("connections that say nothing, or a CONNECT byte by byte, are closed after connectTimeoutSeconds", {
  limits: { connectTimeoutSeconds: 1 },
  heldMiBMax: 20,
  run: async (arena) => {
    const clients = await many(1_000, () => arena.open());
    const connect = bytesOf(connectLine);
    const slow = clients.filter((_, index) => index % 2 === 0);
    for (let at = 0; at < connect.length - 1 && slow.some(({ isClosed }) => !isClosed); at += 1) {
      for (const client of slow) client.socket.write(connect.subarray(at, at + 1));
      await sleep(100);
    }
    await Promise.all(clients.map((client) => client.closed()));
    return "1,000 connections";
  },
});

attack("CONNECTs that never come to their end hold connectBytesMax each, and larger ones are closed at once", {
  limits: { connectTimeoutSeconds: 60, connectBytesMax: 65_536 },
  heldMiBMax: 40,
  run: async (arena) => {
    const head = (bytes: number) => Buffer.from([0x10, (bytes & 127) | 128, ((bytes >> 7) & 127) | 128, bytes >> 14]);
    const clients = await many(400, () => arena.open());
    const body = Buffer.concat([head(65_000), Buffer.from([0, 4]), Buffer.from("MQTT"), Buffer.alloc(64_000)]);
    for (const client of clients) await client.write(body);
    const large = await arena.open();
    await large.write(head(65_536));
    await large.closed();
    assert.ok(clients.every(({ isClosed }) => !isClosed));
    return "400 × 64,000 bytes of a CONNECT";
  },
});

attack("connections that come and go at once cost nobody else", {
  heldMiBMax: 20,
  run: async (arena) => {
    await many(5_000, async () => {
      const client = await arena.open();
      client.socket.resetAndDestroy();
    });
    return "5,000 connections";
  },
});

attack("CONNECTs with wrong passwords are refused, most of them unchecked", {
  hasAccounts: true,
  heldMiBMax: 60,
  run: async (arena) => {
    const refused = await many(2_000, async (index) => {
      const client = await arena.connect(`CONNECT guess${index} clean userName="pair" password="guess${index}"`);
      await client.closed();
      return client.counted(PacketType.Connack);
    });
    assert.ok(refused.every((count) => count === 1));
    return "2,000 guesses";
  },
});

attack("many that fight for one Client Identifier disturb nobody else", {
  heldMiBMax: 20,
  run: async (arena) => {
    await many(3_000, async (index) => {
      const clean = index % 3 === 0 ? "clean " : "";
      await arena.connect(`CONNECT same ${clean}sessionExpiryInterval=60 will(q0 "will/same" payload="gone")`);
    });
    return "3,000 takeovers";
  },
});

attack("Sessions end at sessionsMax: who comes later is refused with 0x97", {
  limits: { sessionsMax: 2_000 },
  store: "disk",
  heldMiBMax: 30,
  run: async (arena) => {
    const refusals = await many(3_000, async (index) => {
      const client = await arena.connect(`CONNECT s${index} sessionExpiryInterval=1000`);
      const connack = await client.count(PacketType.Connack, 1);
      client.socket.destroy();
      return connack?.type === PacketType.Connack && connack.reasonCode === 0x97;
    });
    const refused = refusals.filter(Boolean).length;
    // Two are the pair's.
    assert.equal(refused, 1_002);
    return `3,000 Sessions, ${refused} refused`;
  },
});
