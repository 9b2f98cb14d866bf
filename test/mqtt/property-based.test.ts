import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { encodedLength, fitTo } from "../../src/mqtt/codec.ts";
import { noUserProperties, type Packet } from "../../src/mqtt/packet.ts";
import { ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { arbitraryPacket } from "./arbitraries.ts";
import { decodeChunks, encodeOne } from "./frames.ts";

/*
 * What is tried for as long as there is time stands in test/fuzz: these have always the same number of runs.
 */

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
    { numRuns: 500 },
  );
});

function withoutExplanation(packet: Packet): Packet {
  if (!("properties" in packet) || !("reasonString" in packet.properties)) return packet;
  const properties = { ...packet.properties, reasonString: undefined, userProperties: noUserProperties };
  return { ...packet, properties } as Packet;
}
