import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { decode, encodedLength, fitTo } from "../../src/mqtt/codec.ts";
import { Framer } from "../../src/mqtt/framer.ts";
import { noUserProperties, type Packet } from "../../src/mqtt/packet.ts";
import { ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { ProtocolError } from "../../src/mqtt/protocol-error.ts";
import { arbitraryPacket, versionedPacket } from "./arbitraries.ts";
import { decodeChunks, decodeOne, encodeOne } from "./frames.ts";

const numRuns = 500;

test("what was written is read as the same packet, and its length was known", () => {
  fc.assert(
    fc.property(versionedPacket, ([protocolVersion, packet]) => {
      const frame = encodeOne(packet, protocolVersion);
      assert.equal(frame.length, encodedLength(packet, protocolVersion));
      assert.deepEqual(decodeOne(frame, protocolVersion), packet);
    }),
    { numRuns },
  );
});

test("packets come out of a stream that is cut anywhere", () => {
  fc.assert(
    fc.property(
      fc.array(arbitraryPacket(ProtocolVersion.V5), { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 }),
      (packets, sizes) => {
        const stream = Buffer.concat(packets.map((packet) => encodeOne(packet, ProtocolVersion.V5)));
        const chunks: Uint8Array[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          chunks.push(stream.subarray(at, at + size));
          at += size;
        }
        assert.deepEqual(decodeChunks(chunks, ProtocolVersion.V5), packets);
      },
    ),
    { numRuns: 150 },
  );
});

test("arbitrary bytes make packets or a ProtocolError, and nothing else", () => {
  const header = fc.integer({ min: 16, max: 255 });
  const stream = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    // A right fixed header before any body, so that the decoders see them.
    fc
      .tuple(header, fc.uint8Array({ maxLength: 60 }))
      .map(([firstByte, body]) => new Uint8Array([firstByte, body.length, ...body])),
  );
  fc.assert(
    fc.property(versions, stream, (protocolVersion, bytes) => onlyProtocolErrors(bytes, protocolVersion)),
    { numRuns: 3_000 },
  );
});

test("packets with changed bytes make packets or a ProtocolError, and nothing else", () => {
  const changes = fc.array(fc.tuple(fc.nat({ max: 200 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(versionedPacket, changes, ([protocolVersion, packet], places) => {
      const frame = encodeOne(packet, protocolVersion);
      for (const [place, byte] of places) frame[place % frame.length] = byte;
      onlyProtocolErrors(frame, protocolVersion);
    }),
    { numRuns: 1_500 },
  );
});

test("what is read from changed bytes is written and read again as the same packet", () => {
  fc.assert(
    fc.property(versionedPacket, fc.nat({ max: 200 }), fc.nat({ max: 255 }), ([version, packet], place, byte) => {
      const frame = encodeOne(packet, version);
      frame[2 + (place % Math.max(1, frame.length - 2))] = byte;
      let read: Packet;
      try {
        read = decodeOne(frame.subarray(0, encodedLength(packet, version)), version);
      } catch {
        return;
      }
      const again = read.type === 1 ? read.protocolVersion : version;
      assert.deepEqual(decodeOne(encodeOne(read, again), again), read);
    }),
    { numRuns: 1_000 },
  );
});

test("a packet that was fitted is within the maximum, and differs in nothing but its explanations", () => {
  fc.assert(
    fc.property(arbitraryPacket(ProtocolVersion.V5), fc.integer({ min: 1, max: 200 }), (packet, maximum) => {
      const fitted = fitTo(packet, ProtocolVersion.V5, maximum);
      const bare = withoutExplanation(packet);
      if (fitted === undefined) {
        assert.ok(encodedLength(bare, ProtocolVersion.V5) > maximum);
        return;
      }
      assert.ok(encodedLength(fitted, ProtocolVersion.V5) <= maximum);
      assert.deepEqual(withoutExplanation(fitted), bare);
    }),
    { numRuns },
  );
});

const versions = fc.constantFrom(ProtocolVersion.V311, ProtocolVersion.V5);

function onlyProtocolErrors(bytes: Uint8Array, protocolVersion: ProtocolVersion): void {
  const framer = new Framer(1_000_000);
  framer.push(Buffer.from(bytes));
  try {
    while (framer.next()) decode(framer.firstByte, framer.reader, protocolVersion);
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
  }
}

function withoutExplanation(packet: Packet): Packet {
  if (!("properties" in packet) || !("reasonString" in packet.properties)) return packet;
  const properties = { ...packet.properties, reasonString: undefined, userProperties: noUserProperties };
  return { ...packet, properties } as Packet;
}
