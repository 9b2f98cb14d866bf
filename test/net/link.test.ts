import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { describe, test } from "node:test";
import { FairShare } from "../../src/base/fair-share.ts";
import type { Packet } from "../../src/mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { ProtocolError } from "../../src/mqtt/protocol-error.ts";
import { SharedPublish } from "../../src/mqtt/shared-publish.ts";
import { ChunkPool } from "../../src/net/chunk-pool.ts";
import { IncompletePackets } from "../../src/net/incomplete-packets.ts";
import { Link, type LinkOptions, type LinkOwner } from "../../src/net/link.ts";
import { bytesOf, connectPair, numberOf, type Pair, publish, range, throwAwayCertificate } from "./pair.ts";

const certificate = throwAwayCertificate();

/** Remembers what it heard; emits each word, so that tests can wait for it. */
class Owner extends EventEmitter implements LinkOwner {
  readonly protocolVersion: ProtocolVersion = ProtocolVersion.V5;
  readonly isConnected = true;
  mayRead = true;
  readonly heard: string[] = [];
  readonly numbers: number[] = [];
  error: unknown = undefined;
  onPacket: (packet: Packet) => void = () => {};

  received(packet: Packet): void {
    this.numbers.push(numberOf(packet));
    this.onPacket(packet);
    this.emit("received");
  }
  failed(error: unknown): void {
    this.error = error;
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
  /** Resolves when so many packets have come. */
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

interface Stage extends Pair {
  readonly link: Link;
  readonly owner: Owner;
  /** How often the socket was written to. */
  readonly writes: () => number;
}

async function stage(replaced: Partial<LinkOptions> = {}, tls = false): Promise<Stage> {
  const pair = await connectPair(tls ? certificate : undefined);
  const owner = new Owner();
  const link = new Link(pair.socket, owner, {
    pool: new ChunkPool(),
    traffic: { bytesReceived: 0, bytesSent: 0 },
    packetBytesMax: 1_048_576,
    connectBytesMax: 1_048_576,
    linkBytesMax: 1_048_576,
    incomplete: new IncompletePackets(1_048_576),
    unsent: new FairShare(1_000_000_000),
    ...replaced,
  });
  let writes = 0;
  const write = pair.socket.write.bind(pair.socket) as (...args: unknown[]) => boolean;
  pair.socket.write = ((...args: unknown[]) => {
    writes += 1;
    return write(...args);
  }) as typeof pair.socket.write;
  return { ...pair, link, owner, writes: () => writes };
}

describe("what comes in", () => {
  test("pipelined packets are handed in one by one, in their order", async () => {
    const { client, owner, close } = await stage();
    client.write(bytesOf(range(1_000).map((number) => publish(number))));
    await owner.packets(1_000);
    assert.deepEqual(owner.numbers, range(1_000));
    close();
  });

  test("a packet that comes byte by byte is handed in once", async () => {
    const { client, owner, close } = await stage();
    client.setNoDelay(true);
    for (const byte of bytesOf([publish(7, 20)])) {
      client.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await owner.packets(1);
    assert.deepEqual(owner.numbers, [7]);
    close();
  });

  test("pause takes effect behind the packet in which it was called, and read goes on with the next", async () => {
    const { client, link, owner, close } = await stage();
    owner.onPacket = () => link.pause();
    client.write(bytesOf([publish(0), publish(1), publish(2)]));
    await owner.packets(1);
    assert.deepEqual(owner.numbers, [0]);
    link.resume();
    assert.deepEqual(owner.numbers, [0], "resume hands nothing in by itself");
    link.read();
    assert.deepEqual(owner.numbers, [0, 1]);
    owner.onPacket = () => {};
    link.resume();
    link.read();
    assert.deepEqual(owner.numbers, [0, 1, 2]);
    close();
  });

  test("a paused link stops reading its socket, and loses nothing", async () => {
    const traffic = { bytesReceived: 0, bytesSent: 0 };
    const { client, socket, link, owner, close } = await stage({ traffic });
    link.pause();
    const paused = once(socket, "pause");
    const sent = bytesOf(range(2_000).map((number) => publish(number, 4_096)));
    client.write(sent);
    await paused;
    assert.ok(traffic.bytesReceived <= 131_072, `read ${traffic.bytesReceived} bytes while paused`);
    assert.equal(owner.numbers.length, 0);
    link.resume();
    link.read();
    await owner.packets(2_000);
    assert.deepEqual(owner.numbers, range(2_000));
    assert.equal(traffic.bytesReceived, sent.length);
    close();
  });

  test("while the owner forbids reading, the link says that it waits, and goes on when told", async () => {
    const { client, link, owner, close } = await stage();
    owner.mayRead = false;
    client.write(bytesOf([publish(0), publish(1)]));
    await owner.word("waiting");
    assert.deepEqual(owner.numbers, []);
    owner.mayRead = true;
    link.read();
    assert.deepEqual(owner.numbers, [0, 1]);
    close();
  });

  test("behind a malformed packet nothing is handed in any more", async () => {
    const { client, link, owner, close } = await stage();
    client.write(Buffer.concat([bytesOf([publish(0)]), Buffer.from([0x00, 0x00]), bytesOf([publish(1)])]));
    await owner.word("failed");
    client.end(bytesOf([publish(2)]));
    link.close();
    link.flush(0);
    await owner.word("destroyed");
    assert.ok(owner.error instanceof ProtocolError);
    assert.deepEqual(owner.numbers, [0]);
    assert.equal(owner.heard.filter((word) => word === "failed").length, 1);
    close();
  });
});

describe("what goes out", () => {
  test("ten thousand packets of a turn leave in one write", async () => {
    const { link, writes, bytes, close } = await stage({ linkBytesMax: 10_000_000 });
    const packets = range(10_000).map((number) => publish(number));
    for (const packet of packets) link.send(packet, 0);
    assert.equal(writes(), 0);
    link.flush(0);
    assert.equal(writes(), 1);
    const expected = bytesOf(packets);
    assert.ok((await bytes(expected.length)).equals(expected));
    close();
  });

  test("a packet that waits for a commit holds what follows it", async () => {
    const { link, writes, bytes, close } = await stage();
    link.send(publish(0), 0);
    link.send(publish(1), 3);
    link.send(publish(2), 0);
    link.send(publish(3), 4);
    link.flush(2);
    const one = bytesOf([publish(0)]).length;
    assert.ok((await bytes(one)).equals(bytesOf([publish(0)])));
    link.flush(2);
    assert.equal(writes(), 1, "nothing more may go");
    link.flush(3);
    assert.ok((await bytes(3 * one)).equals(bytesOf([publish(0), publish(1), publish(2)])));
    link.flush(4);
    assert.ok((await bytes(4 * one)).equals(bytesOf(range(4).map((number) => publish(number)))));
    close();
  });

  for (const tls of [false, true]) {
    test(`whatever is held, flushed and read slowly arrives in the order of the calls (${tls ? "tls" : "tcp"})`, async () => {
      const { link, client, bytes, close } = await stage({ linkBytesMax: 1_000_000_000 }, tls);
      const packets: Packet[] = [];
      let seed = 42;
      const random = (below: number): number => {
        seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
        return (seed >> 8) % below;
      };
      let commit = 0;
      for (const turn of range(300)) {
        for (const _ of range(random(20))) {
          const packet = publish(packets.length, 4 + random(random(10) === 0 ? 60_000 : 300));
          packets.push(packet);
          if (random(3) === 0) commit += random(2);
          link.send(packet, random(3) === 0 ? commit : 0);
        }
        link.flush(Math.max(commit - random(3), 0));
        if (turn % 50 === 10) client.pause();
        if (turn % 50 === 40) client.resume();
        if (turn % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      link.flush(commit);
      const expected = bytesOf(packets);
      assert.ok((await bytes(expected.length)).equals(expected));
      close();
    });
  }

  test("a shared PUBLISH has each subscriber's own Packet Identifier", async () => {
    const stages = await Promise.all([stage(), stage(), stage()]);
    const { properties } = publish(0);
    const payload = Buffer.alloc(100, 1);
    const shared = new SharedPublish(ProtocolVersion.V5, 1, false, "t", properties, undefined, [], payload);
    for (const [index, { link }] of stages.entries()) link.deliver(shared, index + 1, index === 2, 0);
    for (const [index, { link, bytes, close }] of stages.entries()) {
      link.flush(0);
      const expected = bytesOf([{ ...publish(0, 100, 1), payload, packetIdentifier: index + 1, dup: index === 2 }]);
      assert.ok((await bytes(expected.length)).equals(expected));
      close();
    }
  });

  for (const tls of [false, true]) {
    test(`a peer that stops reading costs bounded memory and no one else's time (${tls ? "tls" : "tcp"})`, async () => {
      const linkBytesMax = 262_144;
      const slow = await stage({ linkBytesMax }, tls);
      const other = await stage({ linkBytesMax }, tls);
      slow.client.pause();
      let sent = 0;
      while (slow.link.send(publish(sent, 1_024), 0)) {
        sent += 1;
        slow.link.flush(0);
        if (sent % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      slow.link.flush(0);
      assert.ok(slow.socket.writableLength <= linkBytesMax + 2_048, `${slow.socket.writableLength} bytes un-sent`);
      assert.ok(other.link.send(publish(0), 0));
      other.link.flush(0);
      await other.bytes(bytesOf([publish(0)]).length);
      assert.deepEqual(slow.owner.heard, []);
      slow.client.resume();
      await slow.owner.word("drained");
      assert.ok(slow.socket.writableLength < linkBytesMax / 2);
      const expected = bytesOf(range(sent + 1).map((number) => publish(number, 1_024)));
      assert.ok((await slow.bytes(expected.length)).equals(expected));
      assert.deepEqual(slow.owner.heard, ["drained"]);
      slow.close();
      other.close();
    });
  }

  test("bytes that are held count as un-sent", async () => {
    const { link, owner, close } = await stage({ linkBytesMax: 2_000 });
    assert.ok(link.send(publish(0, 1_500), 1));
    assert.ok(!link.send(publish(1, 1_500), 1));
    link.flush(0);
    assert.deepEqual(owner.heard, []);
    link.flush(1);
    assert.deepEqual(owner.heard, [], "never from inside flush");
    await owner.word("drained");
    close();
  });
});

describe("the end", () => {
  for (const tls of [false, true]) {
    test(`close delivers what was sent before, held bytes too, though the peer still sends (${tls ? "tls" : "tcp"})`, async () => {
      const { link, owner, client, received, close } = await stage({}, tls);
      const errors: unknown[] = [];
      client.on("error", (error) => errors.push(error));
      client.write(bytesOf([publish(0)]));
      await owner.packets(1);
      link.send(publish(1), 0);
      link.send(publish(2), 5);
      link.close();
      assert.ok(!link.isOpen);
      assert.ok(link.send(publish(3), 0), "what is sent after close is left out");
      link.flush(0);
      client.write(bytesOf(range(500).map((number) => publish(number, 1_000))));
      link.flush(5);
      await once(client, "end");
      client.end();
      await owner.word("destroyed");
      assert.ok(received().equals(bytesOf([publish(1), publish(2)])));
      assert.deepEqual(errors, []);
      assert.deepEqual(owner.numbers, [0], "nothing is handed in after close");
      assert.deepEqual(owner.heard, ["destroyed"], "closed is not said of our own close");
      close();
    });
  }

  test("a peer that does not close its side is not waited for", async () => {
    const { link, owner, client, close } = await stage();
    link.close();
    link.flush(0);
    await once(client, "end");
    await owner.word("destroyed");
    close();
  });

  test("a peer that shuts down only its sending side gets the answers to what it sent", async () => {
    const { link, owner, client, received, close } = await stage();
    owner.onPacket = (packet) => link.send(packet, 0);
    owner.once("closed", () => link.flush(0));
    client.end(bytesOf([publish(0), publish(1)]));
    await once(client, "end");
    assert.ok(received().equals(bytesOf([publish(0), publish(1)])));
    await owner.word("destroyed");
    assert.deepEqual(owner.heard, ["closed", "destroyed"]);
    close();
  });

  test("what a peer sent before it closed is handed in, also when the link is paused meanwhile", async () => {
    const { link, owner, client, socket, close } = await stage();
    owner.onPacket = () => link.pause();
    client.end(bytesOf([publish(0), publish(1)]));
    await once(socket, "end");
    assert.deepEqual(owner.numbers, [0]);
    assert.deepEqual(owner.heard, []);
    owner.onPacket = () => {};
    link.resume();
    link.read();
    assert.deepEqual(owner.numbers, [0, 1]);
    assert.deepEqual(owner.heard, ["closed"]);
    link.flush(0);
    await owner.word("destroyed");
    close();
  });

  test("a peer that is lost in the middle of a write is heard of once", async () => {
    const { link, owner, client, close } = await stage();
    client.pause();
    for (const number of range(100)) link.send(publish(number, 100_000), 0);
    link.flush(0);
    client.resetAndDestroy();
    await owner.word("destroyed");
    assert.deepEqual(owner.heard, ["closed", "destroyed"]);
    assert.ok(link.send(publish(0), 0));
    link.flush(0);
    close();
  });

  test("destroy ends it at once", async () => {
    const { link, owner, client, close } = await stage();
    link.destroy();
    await Promise.all([owner.word("destroyed"), once(client, "end")]);
    assert.deepEqual(owner.heard, ["destroyed"]);
    close();
  });

  test("traffic counts every byte in and out", async () => {
    const traffic = { bytesReceived: 0, bytesSent: 0 };
    const { link, owner, client, bytes, close } = await stage({ traffic });
    const one = bytesOf([publish(0)]);
    client.write(one);
    await owner.packets(1);
    link.send({ type: PacketType.Pingresp }, 0);
    link.flush(0);
    await bytes(2);
    assert.deepEqual(traffic, { bytesReceived: one.length, bytesSent: 2 });
    close();
  });
});
