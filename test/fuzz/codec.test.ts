import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { decode, encodedLength } from "../../src/mqtt/codec.ts";
import { Framer } from "../../src/mqtt/framer.ts";
import type { Packet } from "../../src/mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { ProtocolError } from "../../src/mqtt/protocol-error.ts";
import { isFailure } from "../../src/mqtt/reason-code.ts";
import { versionedPacket } from "../mqtt/arbitraries.ts";
import { decodeOne, encodeOne } from "../mqtt/frames.ts";
import { fuzz } from "./budget.ts";
import { mutated, mutatedStream, type VersionedBytes } from "./mutations.ts";

/** What a stream was read as: packets, and why it ended. */
interface Reading {
  readonly packets: readonly Packet[];
  readonly problem: string | undefined;
}

/** Small, so that it is met. */
const packetBytesMax = 400;

test("what was written is read as the same packet", async (context) => {
  await fuzz(
    context,
    fc.property(versionedPacket, ([version, packet]) => {
      const frame = encodeOne(packet, version);
      assert.equal(frame.length, encodedLength(packet, version));
      assert.deepEqual(decodeOne(frame, version), packet);
    }),
  );
});

test("any bytes are packets or a ProtocolError that says why, and nothing else", async (context) => {
  const version = fc.constantFrom(ProtocolVersion.V5, ProtocolVersion.V311);
  const anything = fc.tuple(version, fc.uint8Array({ maxLength: 80 }));
  await fuzz(
    context,
    fc.property(fc.oneof(mutated, mutatedStream, anything), ([protocolVersion, bytes]) => {
      read(protocolVersion, [bytes]);
    }),
  );
});

test("whatever is read is written and read again as the same packet, in no more bytes", async (context) => {
  await fuzz(
    context,
    fc.property(mutated, ([version, bytes]) => {
      for (const packet of read(version, [bytes]).packets) {
        const written = packet.type === PacketType.Connect ? packet.protocolVersion : version;
        const frame = encodeOne(packet, written);
        assert.equal(frame.length, encodedLength(packet, written));
        assert.ok(frame.length <= bytes.length);
        assert.deepEqual(decodeOne(frame, written), packet);
      }
    }),
  );
});

test("however a stream is cut, it is the same packets and ends for the same reason", async (context) => {
  const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 });
  await fuzz(
    context,
    fc.property(mutatedStream, sizes, ([version, bytes], lengths) => {
      const whole = read(version, [bytes]);
      assert.deepEqual(read(version, pieces(bytes, lengths)), whole);
      assert.deepEqual(read(version, pieces(bytes, [1])), whole);
    }),
  );
});

test("what stands behind a packet does not change what it is", async (context) => {
  await fuzz(
    context,
    fc.property(mutated, fc.uint8Array({ minLength: 1, maxLength: 40 }), ([version, bytes], behind) => {
      const [first, second] = [bytes, Buffer.concat([bytes, behind])].map((chunk) => firstOf([version, chunk]));
      // Half a packet goes on with what is behind it.
      if (first !== undefined) assert.deepEqual(second, first);
    }),
  );
});

/** The first packet, or why there is none; undefined when it is not whole. */
function firstOf([version, bytes]: VersionedBytes): Packet | string | undefined {
  const framer = new Framer(packetBytesMax);
  framer.push(Buffer.from(bytes));
  try {
    return framer.next() ? decode(framer.firstByte, framer.reader, version) : undefined;
  } catch (error) {
    return problemOf(error);
  }
}

function read(version: ProtocolVersion, chunks: readonly Uint8Array[]): Reading {
  const framer = new Framer(packetBytesMax);
  const packets: Packet[] = [];
  try {
    for (const chunk of chunks) {
      framer.push(Buffer.from(chunk));
      while (framer.next()) packets.push(kept(decode(framer.firstByte, framer.reader, version)));
    }
  } catch (error) {
    return { packets, problem: problemOf(error) };
  }
  return { packets, problem: undefined };
}

/** A payload is a view of a chunk that goes. */
function kept(packet: Packet): Packet {
  return structuredClone(packet);
}

/** A Client's mistake has a Reason Code that can be said, a statement and a sentence. */
function problemOf(error: unknown): string {
  assert.ok(error instanceof ProtocolError, error instanceof Error ? (error.stack ?? error.message) : String(error));
  assert.ok(isFailure(error.reasonCode));
  assert.match(error.statement, /^MQTT(?:311)?-\d+\.\d+\.\d+-\d+$|^\d+(?:\.\d+)+$/);
  assert.match(error.message, /^[A-Z].*[^.]$/);
  return `0x${error.reasonCode.toString(16)} ${error.statement} ${error.message}`;
}

function pieces(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = lengths[turn % lengths.length]!;
    chunks.push(bytes.slice(at, at + length));
    at += length;
  }
  return chunks;
}
