import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { describe, test } from "node:test";
import { FairShare } from "../../src/base/fair-share.ts";
import type { Packet } from "../../src/mqtt/packet.ts";
import { ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { ProtocolError } from "../../src/mqtt/protocol-error.ts";
import { ChunkPool } from "../../src/net/chunk-pool.ts";
import { IncompletePackets } from "../../src/net/incomplete-packets.ts";
import { Link, type LinkOptions, type LinkOwner } from "../../src/net/link.ts";
import { bytesOf, connectPair, type Pair, publish } from "./pair.ts";

class Owner extends EventEmitter implements LinkOwner {
  readonly protocolVersion: ProtocolVersion = ProtocolVersion.V5;
  readonly mayRead = true;
  isConnected = true;
  received(packet: Packet): void {
    this.emit("received", packet);
  }
  failed(error: unknown): void {
    this.emit("failed", error);
  }
  waiting(): void {}
  drained(): void {
    this.emit("drained");
  }
  closed(): void {
    this.emit("closed");
  }
  destroyed(): void {
    this.emit("destroyed");
  }
}

interface Stage extends Pair {
  readonly link: Link;
  readonly owner: Owner;
}

/** Links that share these bounds, as those of one server do. */
async function stages(count: number, bounds: Partial<LinkOptions>): Promise<Stage[]> {
  const options: LinkOptions = {
    pool: new ChunkPool(),
    traffic: { bytesReceived: 0, bytesSent: 0 },
    packetBytesMax: 1_048_576,
    connectBytesMax: 1_048_576,
    linkBytesMax: 1_048_576,
    incomplete: new IncompletePackets(1_000_000_000),
    unsent: new FairShare(1_000_000_000),
    ...bounds,
  };
  const made: Stage[] = [];
  for (let index = 0; index < count; index += 1) {
    const pair = await connectPair();
    const owner = new Owner();
    const link = new Link(pair.socket, owner, options);
    owner.on("closed", () => link.flush(0));
    made.push({ ...pair, owner, link });
  }
  return made;
}

describe("before the Client is known", () => {
  test("a packet above connectBytesMax is not taken, and after it one up to packetBytesMax is", async () => {
    const [first, second] = await stages(2, { connectBytesMax: 1_000, packetBytesMax: 10_000 });
    first!.owner.isConnected = false;
    const failed = once(first!.owner, "failed");
    // The head is enough.
    first!.client.write(bytesOf([publish(0, 2_000)]).subarray(0, 3));
    const [error] = await failed;
    assert.ok(error instanceof ProtocolError && error.reasonCode === 0x95);
    second!.link.pause();
    second!.link.resume();
    const received = once(second!.owner, "received");
    second!.client.write(bytesOf([publish(0, 2_000)]));
    await received;
    for (const each of [first, second]) each!.close();
  });
});

describe("packets that came in part", () => {
  test("the Link whose packet was begun first fails with 0x97 and holds nothing, the other one goes on", async () => {
    const [slow, honest] = await stages(2, { incomplete: new IncompletePackets(100_000) });
    const packet = bytesOf([publish(0, 60_000)]);
    const failed = once(slow!.owner, "failed");
    slow!.client.write(packet.subarray(0, 50_000));
    while (slow!.socket.bytesRead < 50_000) await new Promise((resolve) => setImmediate(resolve));
    honest!.client.write(packet.subarray(0, 55_000));
    const [error] = await failed;
    assert.ok(error instanceof ProtocolError && error.reasonCode === 0x97);
    assert.match(error.message, /incompleteBytesMax/);
    const received = once(honest!.owner, "received");
    honest!.client.write(packet.subarray(55_000));
    await received;
    for (const each of [slow, honest]) each!.close();
  });

  test("a Link that is gone holds nothing", async () => {
    const incomplete = new IncompletePackets(100_000);
    const [gone, other] = await stages(2, { incomplete });
    const packet = bytesOf([publish(0, 60_000)]);
    gone!.client.write(packet.subarray(0, 55_000));
    while (gone!.socket.bytesRead < 55_000) await new Promise((resolve) => setImmediate(resolve));
    const destroyed = once(gone!.owner, "destroyed");
    gone!.client.destroy();
    await destroyed;
    other!.owner.on("failed", () => assert.fail("it has room"));
    const received = once(other!.owner, "received");
    other!.client.write(packet.subarray(0, 59_000));
    other!.client.write(packet.subarray(59_000));
    await received;
    other!.close();
  });
});

describe("un-sent bytes of all Links", () => {
  test("above the bound who holds more than an even part has no room, who holds less has", async () => {
    const unsent = new FairShare(400_000);
    const [deaf, other] = await stages(2, { linkBytesMax: 100_000_000, unsent });
    deaf!.client.pause();
    let hasRoom = true;
    for (let sent = 0; hasRoom && sent < 100_000; sent += 1) {
      hasRoom = deaf!.link.send(publish(sent, 10_000), 0);
      deaf!.link.flush(0);
    }
    assert.ok(!hasRoom);
    assert.ok(unsent.held < 800_000, `${unsent.held} bytes un-sent`);
    assert.ok(other!.link.send(publish(0, 10_000), 0));
    other!.link.flush(0);
    const drained = once(deaf!.owner, "drained");
    deaf!.client.resume();
    await drained;
    const destroyed = once(deaf!.owner, "destroyed");
    deaf!.socket.destroy();
    await destroyed;
    await other!.bytes(10_000);
    while (unsent.held > 0) await new Promise((resolve) => setImmediate(resolve));
    for (const each of [deaf, other]) each!.close();
  });
});
