import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { formatPacket, parsePacket } from "../../src/mqtt/notation.ts";
import type { Packet } from "../../src/mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { encoded } from "../../src/testing/recording-outbox.ts";
import type { Received, Stage } from "../../src/testing/scenario-run.ts";
import type { Input, Outcome } from "./input.ts";

/** More answers than any input may have. */
const answersMax = 20;

/**
 * Plays bad inputs against one broker, one after the other, beside two Clients who behave: one that publishes at QoS 1 what
 * it has subscribed to, and a witness that has subscribed to everything.
 */
export class CorpusPlayer {
  readonly #stage: Stage;
  #round = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Connects the two who behave. */
  async start(): Promise<void> {
    for (const [name, filter] of [
      ["good", '"good" q1'],
      ["witness", '"#" q0'],
    ] as const) {
      await this.#open(name, ProtocolVersion.V5);
      await this.#send(name, [`CONNECT ${name} clean`, `SUBSCRIBE #1 ${filter}`], ProtocolVersion.V5);
      assert.equal(await this.#nextName(name), "CONNACK");
      assert.equal(await this.#nextName(name), "SUBACK");
    }
    await this.#roundTrip("nothing else");
  }

  /**
   * Plays one input.
   * @param isHalfEnough lets half a packet wait in the way that this stage can
   */
  async play(input: Input, isHalfEnough: () => Promise<void>): Promise<void> {
    const name = "bad";
    await this.#open(name, input.version);
    try {
      await this.#prepare(input);
      const waits = input.outcomes.some(({ kind }) => kind === "waits");
      const pingreq = encoded({ type: PacketType.Pingreq }, input.version);
      await this.#stage.send(name, waits ? input.bytes : Buffer.concat([input.bytes, pingreq]), "bytes");
      if (waits) await isHalfEnough();
      const came = waits ? await this.#leftovers(name) : await this.#answers(name);
      const isRight = input.outcomes.some((outcome) => isOutcome(outcome, came, input));
      assert.ok(isRight, `expected ${JSON.stringify(input.outcomes)}\n  but came: ${came.map(describe).join(", ")}`);
    } finally {
      if (this.#stage.isOpen(name)) await this.#stage.leave(name);
    }
    await this.#roundTrip("nothing else");
  }

  async #prepare({ stage, connect, after, version }: Input): Promise<void> {
    const suffix = version === ProtocolVersion.V311 ? " v4" : "";
    if (stage === "connected") {
      await this.#send("bad", [connect + suffix], version);
      assert.equal(await this.#nextName("bad"), "CONNACK");
    }
    if (after.length === 0) return;
    if (stage === "opened") {
      for (const packet of after) {
        await this.#send("bad", [packet], version);
        await this.#nextName("bad");
      }
      return;
    }
    await this.#send("bad", [...after, "PINGREQ"], version);
    for (let count = 0; (await this.#nextName("bad")) !== "PINGRESP"; count += 1) assert.ok(count < answersMax);
    await this.#roundTrip("anything");
  }

  /** Everything up to the end of the connection, or up to the answer to the PINGREQ behind the input. */
  async #answers(name: string): Promise<Received[]> {
    const came: Received[] = [];
    while (came.length < answersMax) {
      const next = await this.#stage.next(name);
      if (next === undefined) break;
      came.push(next);
      if (next.kind === "closed" || next.packet.type === PacketType.Pingresp) break;
    }
    return came;
  }

  /** What half a packet was answered, which must be nothing; the connection is over afterwards. */
  async #leftovers(name: string): Promise<Received[]> {
    if (this.#stage.isOpen(name)) await this.#stage.leave(name);
    const came = await this.#answers(name);
    return came.filter(({ kind }) => kind === "packet");
  }

  /** A QoS 1 message of the one to itself; the witness sees it next, so that nothing else was delivered before. */
  async #roundTrip(before: "nothing else" | "anything"): Promise<void> {
    this.#round += 1;
    const payload = String(this.#round);
    await this.#send("good", [`PUBLISH "good" q1 #9 payload="${payload}"`], ProtocolVersion.V5);
    const came = [await this.#nextPacket("good"), await this.#nextPacket("good")];
    const publish = came.find((packet) => packet.type === PacketType.Publish);
    assert.ok(publish?.type === PacketType.Publish && isFrom(publish, payload), came.map(formatPacket).join(", "));
    assert.ok(came.some((packet) => packet.type === PacketType.Puback && packet.reasonCode === 0));
    await this.#send("good", [`PUBACK #${publish.packetIdentifier}`], ProtocolVersion.V5);
    for (let count = 0; count < answersMax; count += 1) {
      const seen = await this.#nextPacket("witness");
      if (isFrom(seen, payload)) return;
      assert.equal(before, "anything", `this was delivered: ${formatPacket(seen)}`);
    }
    assert.fail("the witness never saw it");
  }

  async #open(name: string, version: ProtocolVersion): Promise<void> {
    await this.#stage.open(name);
    this.#stage.speaks(name, version);
  }

  async #send(name: string, lines: readonly string[], version: ProtocolVersion): Promise<void> {
    const packets = lines.map((line) => encoded(parsePacket(line), version));
    await this.#stage.send(name, Buffer.concat(packets), "packets");
  }

  async #nextPacket(name: string): Promise<Packet> {
    const received = await this.#stage.next(name);
    assert.ok(received?.kind === "packet", `${name}: ${received === undefined ? "nothing came" : "closed"}`);
    return received.packet;
  }

  async #nextName(name: string): Promise<string> {
    return formatPacket(await this.#nextPacket(name)).split(" ")[0]!;
  }
}

function isFrom(packet: Packet, payload: string): boolean {
  return packet.type === PacketType.Publish && Buffer.from(packet.payload).toString() === payload;
}

function isOutcome(outcome: Outcome, came: readonly Received[], { version, stage }: Input): boolean {
  const packets = came.flatMap((each) => (each.kind === "packet" ? [each.packet] : []));
  const isClosed = came.at(-1)?.kind === "closed";
  switch (outcome.kind) {
    case "waits":
      return came.length === 0;
    case "closed":
      return isClosed && packets.length === 0;
    case "ends": {
      if (version === ProtocolVersion.V311) return isClosed && packets.length === 0;
      const type = stage === "opened" ? PacketType.Connack : PacketType.Disconnect;
      return isClosed && packets.length === 1 && says(packets[0]!, type, outcome.reasonCode, version);
    }
    case "refused":
      return isClosed && packets.length === 1 && says(packets[0]!, PacketType.Connack, outcome.reasonCode, version);
    case "ignored":
      return packets.length === 1 && packets[0]!.type === PacketType.Pingresp;
    case "answered": {
      const wanted = [...outcome.packets, "PINGRESP"].map((line) => bare(parsePacket(line)));
      return !isClosed && packets.map(bare).join(" & ") === wanted.join(" & ");
    }
  }
}

/** The Reason Code and, where the version has one, a sentence for people. */
function says(packet: Packet, type: PacketType, reasonCode: number, version: ProtocolVersion): boolean {
  if (packet.type !== type || !("reasonCode" in packet) || packet.reasonCode !== reasonCode) return false;
  if (version === ProtocolVersion.V311 || !("reasonString" in packet.properties)) return true;
  return (packet.properties.reasonString ?? "") !== "";
}

/** What a packet says without its Properties. */
function bare(packet: Packet): string {
  const { type } = packet;
  const identifier = "packetIdentifier" in packet ? packet.packetIdentifier : 0;
  const codes = "reasonCodes" in packet ? packet.reasonCodes : "reasonCode" in packet ? [packet.reasonCode] : [];
  const topicName = type === PacketType.Publish ? packet.topicName : "";
  return JSON.stringify({ type, identifier, codes, topicName });
}

function describe(received: Received): string {
  return received.kind === "closed" ? "closed" : formatPacket(received.packet);
}
