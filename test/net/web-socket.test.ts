import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import type { Socket } from "node:net";
import { describe, test } from "node:test";
import { WebSocket } from "ws";
import { FairShare } from "../../src/base/fair-share.ts";
import type { Packet } from "../../src/mqtt/packet.ts";
import { ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import type { ByteStream } from "../../src/net/byte-stream.ts";
import { ChunkPool } from "../../src/net/chunk-pool.ts";
import { IncompletePackets } from "../../src/net/incomplete-packets.ts";
import { Link, type LinkOptions, type LinkOwner } from "../../src/net/link.ts";
import { type Door, openDoor } from "./door.ts";
import { bytesOf, numberOf, publish, range, throwAwayCertificate } from "./pair.ts";

const certificate = throwAwayCertificate();

/** Remembers what it heard; emits each word, so that tests can wait for it. */
class Owner extends EventEmitter implements LinkOwner {
  readonly protocolVersion: ProtocolVersion = ProtocolVersion.V5;
  readonly isConnected = true;
  mayRead = true;
  readonly heard: string[] = [];
  readonly numbers: number[] = [];
  onPacket: (packet: Packet) => void = () => {};

  received(packet: Packet): void {
    this.numbers.push(numberOf(packet));
    this.onPacket(packet);
    this.emit("received");
  }
  failed(): void {
    this.#hear("failed");
  }
  waiting(): void {
    this.#hear("waiting");
  }
  drained(): void {
    this.#hear("drained");
  }
  closed(): void {
    this.#hear("closed");
  }
  destroyed(): void {
    this.#hear("destroyed");
  }
  async packets(count: number): Promise<void> {
    while (this.numbers.length < count) await once(this, "received");
  }
  async word(word: string): Promise<void> {
    while (!this.heard.includes(word)) await once(this, word);
  }
  #hear(word: string): void {
    this.heard.push(word);
    this.emit(word);
  }
}

interface Stage {
  readonly door: Door;
  readonly stream: ByteStream;
  readonly link: Link;
  readonly owner: Owner;
  readonly client: WebSocket;
  /** The socket under the client. */
  readonly socket: Socket;
  /** What the client has received, a buffer a message. */
  readonly messages: Buffer[];
  /** Resolves when so many bytes have come. */
  bytes(count: number): Promise<Buffer>;
  close(): Promise<void>;
}

async function stage(replaced: Partial<LinkOptions> = {}, protocol: "ws" | "wss" = "ws"): Promise<Stage> {
  const door = await openDoor({ protocol, tls: certificate });
  const accepted = once(door.owner, "accepted");
  const client = new WebSocket(`${protocol}://127.0.0.1:${door.to.port}/mqtt`, ["mqtt"], { ca: certificate.cert });
  client.on("error", () => {});
  const messages: Buffer[] = [];
  client.on("message", (data: Buffer) => {
    messages.push(data);
    client.emit("progress");
  });
  const [upgraded] = await once(client, "upgrade");
  const [stream] = (await accepted) as [ByteStream];
  const owner = new Owner();
  const link = new Link(stream, owner, {
    pool: new ChunkPool(),
    traffic: { bytesReceived: 0, bytesSent: 0 },
    packetBytesMax: 1_048_576,
    connectBytesMax: 1_048_576,
    linkBytesMax: 1_048_576,
    incomplete: new IncompletePackets(1_048_576),
    unsent: new FairShare(1_000_000_000),
    ...replaced,
  });
  return {
    door,
    stream,
    link,
    owner,
    client,
    socket: upgraded.socket,
    messages,
    bytes: async (count) => {
      while (messages.reduce((sum, { length }) => sum + length, 0) < count) await once(client, "progress");
      return Buffer.concat(messages);
    },
    close: async () => {
      client.terminate();
      await door.close();
    },
  };
}

describe("a message that came in part", () => {
  test("counts like a packet that came in part: above incompleteBytesMax it has to go", async () => {
    const { client, owner, close } = await stage({ incomplete: new IncompletePackets(200_000) });
    client.send(Buffer.alloc(100_000), { fin: false });
    client.send(Buffer.alloc(200_000), { fin: false });
    await owner.word("failed");
    await close();
  });

  test("counts no longer when it is whole, and pings between its parts never do", async () => {
    const held: number[] = [];
    const incomplete = new IncompletePackets(1_048_576);
    const holds = incomplete.holds.bind(incomplete);
    incomplete.holds = (holder, bytes, isNew) => {
      held.push(bytes);
      holds(holder, bytes, isNew);
    };
    const { client, owner, close } = await stage({ incomplete });
    const bytes = bytesOf([publish(0, 200_000)]);
    client.send(bytes.subarray(0, 100_000), { fin: false });
    client.send(bytes.subarray(100_000), { fin: true });
    await owner.packets(1);
    assert.ok(Math.max(...held) >= 50_000, `${held}`);
    for (let count = 0; count < 100; count += 1) {
      client.ping(Buffer.alloc(100));
      await once(client, "pong");
    }
    assert.equal(held.at(-1), 0);
    await close();
  });
});

describe("what comes in over a WebSocket", () => {
  test("packets may be split between messages at every byte [MQTT-6.0.0-2] [MQTT311-6.0.0-2]", async () => {
    const packets = [publish(0, 4, 1), publish(1, 300), publish(2)];
    const bytes = bytesOf(packets);
    const { client, owner, close } = await stage();
    for (let split = 1; split < bytes.length; split += 1) {
      client.send(bytes.subarray(0, split));
      client.send(bytes.subarray(split));
    }
    const rounds = bytes.length - 1;
    await owner.packets(rounds * packets.length);
    assert.deepEqual(
      owner.numbers,
      range(rounds).flatMap(() => [0, 1, 2]),
    );
    await close();
  });

  test("packets may share a message, come byte by byte, and in fragments of one message [MQTT-6.0.0-2] [MQTT311-6.0.0-2]", async () => {
    const { client, owner, close } = await stage();
    const bytes = bytesOf(range(1_000).map((number) => publish(number)));
    client.send(bytes);
    await owner.packets(1_000);
    for (const byte of bytesOf([publish(1_000)])) client.send(Uint8Array.of(byte));
    await owner.packets(1_001);
    for (const byte of bytesOf([publish(1_001)])) client.send(Uint8Array.of(byte), { fin: false });
    client.send(Buffer.alloc(0), { fin: true });
    await owner.packets(1_002);
    assert.deepEqual(owner.numbers, range(1_002));
    await close();
  });

  test("a text frame closes the connection, and nothing behind it is handed in [MQTT-6.0.0-1] [MQTT311-6.0.0-1]", async () => {
    const { client, owner, link, close } = await stage();
    client.send(bytesOf([publish(0)]));
    client.send("text");
    client.send(bytesOf([publish(1)]));
    owner.once("closed", () => link.flush(0));
    const [code] = await once(client, "close");
    assert.equal(code, 1_003);
    await owner.word("destroyed");
    assert.deepEqual(owner.numbers, [0]);
    assert.deepEqual(owner.heard, ["closed", "destroyed"]);
    await close();
  });

  for (const [what, send, expected] of [
    [
      "a message larger than it may be",
      (socket: Socket) => socket.write(Buffer.from("82ff0000000000200001", "hex")),
      1_009,
    ],
    ["an unmasked frame", (socket: Socket) => socket.write(Buffer.from("820131", "hex")), 1_002],
    ["a reserved bit", (socket: Socket) => socket.write(Buffer.from("c28100000000ff", "hex")), 1_002],
  ] as const) {
    test(`${what} closes the connection with ${expected}`, async () => {
      const { client, socket, owner, close } = await stage();
      send(socket);
      const [code] = await once(client, "close");
      assert.equal(code, expected);
      await owner.word("closed");
      assert.deepEqual(owner.numbers, []);
      await close();
    });
  }

  test("a paused link stops reading, and loses nothing of what follows, the end included", async () => {
    const traffic = { bytesReceived: 0, bytesSent: 0 };
    const { client, link, owner, stream, close } = await stage({ traffic });
    const paused = new Promise<void>((resolve) => {
      const { pause } = stream;
      stream.pause = () => {
        pause.call(stream);
        resolve();
      };
    });
    link.pause();
    for (const number of range(2_000)) client.send(bytesOf([publish(number, 4_096)]));
    client.close();
    await paused;
    for (const _ of range(20)) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(traffic.bytesReceived <= 131_072, `read ${traffic.bytesReceived} bytes while paused`);
    assert.deepEqual(owner.numbers, []);
    assert.deepEqual(owner.heard, []);
    link.resume();
    link.read();
    await owner.word("closed");
    assert.deepEqual(owner.numbers, range(2_000));
    link.flush(0);
    await owner.word("destroyed");
    await close();
  });

  test("what came in one piece with the closing handshake is handed in once the link goes on", async () => {
    const { client, socket, link, owner, close } = await stage();
    owner.onPacket = () => link.pause();
    socket.cork();
    for (const number of range(10)) client.send(bytesOf([publish(number)]));
    client.close();
    socket.uncork();
    await Promise.all([owner.packets(1), once(client, "close")]);
    assert.deepEqual(owner.numbers, [0]);
    assert.deepEqual(owner.heard, []);
    owner.onPacket = () => {};
    link.resume();
    link.read();
    await owner.word("closed");
    assert.deepEqual(owner.numbers, range(10));
    link.flush(0);
    await owner.word("destroyed");
    assert.deepEqual(owner.heard, ["closed", "destroyed"]);
    await close();
  });
});

describe("what goes out over a WebSocket", () => {
  for (const protocol of ["ws", "wss"] as const) {
    test(`a turn's packets leave as one message (${protocol})`, async () => {
      const { link, messages, bytes, close } = await stage({ linkBytesMax: 10_000_000 }, protocol);
      const packets = range(1_000).map((number) => publish(number));
      for (const packet of packets) link.send(packet, 0);
      link.flush(0);
      const expected = bytesOf(packets);
      assert.ok((await bytes(expected.length)).equals(expected));
      assert.equal(messages.length, 1);
      await close();
    });

    test(`a client that reads slowly costs bounded memory, and gets everything in order (${protocol})`, async () => {
      const linkBytesMax = 262_144;
      const { link, owner, client, stream, bytes, close } = await stage({ linkBytesMax }, protocol);
      client.pause();
      let sent = 0;
      while (link.send(publish(sent, 1_024), 0)) {
        sent += 1;
        link.flush(0);
        if (sent % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      link.flush(0);
      // A frame has up to 4 bytes of its own at this size.
      assert.ok(stream.writableLength <= linkBytesMax * 1.01 + 2_048, `${stream.writableLength} bytes un-sent`);
      assert.deepEqual(owner.heard, []);
      client.resume();
      await owner.word("drained");
      const expected = bytesOf(range(sent + 1).map((number) => publish(number, 1_024)));
      assert.ok((await bytes(expected.length)).equals(expected));
      await close();
    });
  }

  test("pings are answered, and a client that sends them without end and reads nothing is cut off", async () => {
    const { client, socket, owner, close } = await stage();
    client.ping("x");
    const [data] = (await once(client, "pong")) as [Buffer];
    assert.equal(data.toString(), "x");
    client.pause();
    const flood = setInterval(() => {
      for (const _ of range(2_000)) client.ping(Buffer.alloc(125));
    }, 1);
    await owner.word("destroyed");
    clearInterval(flood);
    socket.destroy();
    await close();
  });
});

describe("the end of a WebSocket", () => {
  for (const protocol of ["ws", "wss"] as const) {
    test(`close delivers what was sent before, held bytes too, and closes well (${protocol})`, async () => {
      const { client, link, owner, messages, close } = await stage({}, protocol);
      link.send(publish(0), 0);
      link.send(publish(1), 5);
      link.close();
      link.flush(0);
      link.flush(5);
      const [code] = await once(client, "close");
      assert.equal(code, 1_000);
      await owner.word("destroyed");
      assert.ok(Buffer.concat(messages).equals(bytesOf([publish(0), publish(1)])));
      assert.deepEqual(owner.heard, ["destroyed"]);
      await close();
    });
  }

  test("a client that does not answer the closing handshake is not waited for", async () => {
    const { client, socket, link, owner, close } = await stage();
    socket.pause();
    client.pause();
    link.close();
    link.flush(0);
    await owner.word("destroyed");
    await close();
  });

  test("a client that is lost is heard of once", async () => {
    const { socket, link, owner, close } = await stage();
    for (const number of range(100)) link.send(publish(number, 100_000), 0);
    link.flush(0);
    socket.resetAndDestroy();
    await owner.word("destroyed");
    assert.deepEqual(
      owner.heard.filter((word) => word !== "drained"),
      ["closed", "destroyed"],
    );
    assert.ok(link.send(publish(0), 0));
    link.flush(0);
    await close();
  });

  test("a client that only ends its TCP connection is gone when all that it sent was handed in", async () => {
    const { client, socket, link, owner, close } = await stage();
    client.send(bytesOf([publish(0), publish(1)]), () => socket.end());
    owner.once("closed", () => link.flush(0));
    await owner.word("destroyed");
    assert.deepEqual(owner.numbers, [0, 1]);
    assert.deepEqual(owner.heard, ["closed", "destroyed"]);
    await close();
  });

  test("one that waits for room while the client goes is not forgotten", async () => {
    const { client, link, owner, close } = await stage({ linkBytesMax: 1_000 });
    link.pause();
    assert.ok(!link.send(publish(0, 2_000), 1));
    client.close();
    await once(client, "close");
    link.flush(1);
    await owner.word("drained");
    link.resume();
    link.read();
    await owner.word("closed");
    link.flush(1);
    await owner.word("destroyed");
    await close();
  });

  test("destroy ends it at once, before and behind the other end", async () => {
    const first = await stage();
    first.link.destroy();
    const [code] = await once(first.client, "close");
    assert.equal(code, 1_006);
    await first.owner.word("destroyed");
    await first.close();
    const second = await stage();
    second.link.pause();
    second.client.send(bytesOf([publish(0)]));
    second.client.close();
    await once(second.client, "close");
    second.link.destroy();
    await second.owner.word("destroyed");
    assert.deepEqual(second.owner.heard, ["destroyed"]);
    await second.close();
  });
});
