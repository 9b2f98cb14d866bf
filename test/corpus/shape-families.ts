import { Buffer } from "node:buffer";
import { fixedHeaderFlags, PacketType, ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { corpusBytes } from "./corpus-bytes.ts";
import type { Group } from "./corpus-file.ts";
import { type Input, parseOutcomes, plainConnect } from "./input.ts";
import { samples } from "./samples.ts";

/*
 * Bad bytes that follow from the form of packets: cut, too long, wrong flags, wrong lengths.
 */

/** What is read of an impossible body: a cut field, or a value that its place does not allow. */
const malformed = "ends 0x81 or ends 0x82";

/** The families of this file, each a group. */
export function shapeFamilies(): readonly Group[] {
  return [
    { name: "packets whose stream ends at every byte (4.13)", inputs: cutStreams() },
    { name: "packets cut at every byte, their Remaining Length as it is (4.13)", inputs: cutBodies() },
    { name: "packets with a byte behind their last field (4.13)", inputs: prolonged() },
    { name: "reserved flags of every packet type [MQTT-2.1.3-1] [MQTT311-2.2.2-1] [MQTT311-2.2.2-2]", inputs: flags() },
    { name: "Remaining Lengths in too many bytes [MQTT-1.5.5-1]", inputs: longLengths() },
    { name: "Packet Identifier 0 [MQTT-2.2.1-3] [MQTT311-2.3.1-1]", inputs: identifierZero() },
    { name: "packets that only a Server sends (2.1.2)", inputs: serverPackets() },
    { name: "Reason Codes that are not listed [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1]", inputs: reasonCodes() },
  ];
}

/** An input of a family: `place` says which. */
export function familyInput(
  place: string,
  version: ProtocolVersion,
  stage: Input["stage"],
  bytes: Uint8Array,
  outcomes: string,
): Input {
  const title = `the family of ${place}`;
  return {
    title,
    place,
    version,
    stage,
    bytes,
    connect: plainConnect,
    after: [],
    outcomes: parseOutcomes(outcomes),
  };
}

function eachSample<Result>(
  make: (sample: (typeof samples)[number], version: ProtocolVersion, bytes: Uint8Array) => readonly Result[],
): Result[] {
  return samples.flatMap((sample) =>
    sample.versions.flatMap((version) => make(sample, version, corpusBytes(sample.notation, version))),
  );
}

function cutStreams(): Input[] {
  return eachSample(({ name, stage }, version, bytes) =>
    lengthsBelow(bytes.length, 1).map((length) =>
      familyInput(`${name}, the first ${length} bytes`, version, stage, bytes.subarray(0, length), "waits"),
    ),
  );
}

/** The samples are shorter than 128 bytes: their Remaining Length is one byte. */
function cutBodies(): Input[] {
  return eachSample(({ name, stage, legalBodies }, version, bytes) =>
    lengthsBelow(bytes.length - 2, 0).map((length) => {
      const cut = Uint8Array.from(bytes.subarray(0, 2 + length));
      cut[1] = length;
      // Up to the Protocol Version nobody knows how to answer.
      const isUnknown = name.startsWith("CONNECT") && length < 7;
      const outcomes = legalBodies[length] ?? (isUnknown ? "closed" : malformed);
      return familyInput(`${name} cut to ${length} bytes`, version, stage, cut, outcomes);
    }),
  );
}

function prolonged(): Input[] {
  return eachSample(({ name, stage }, version, bytes) => {
    // Behind the Properties of a PUBLISH is its payload, which may be anything.
    if (name.startsWith("PUBLISH")) return [];
    const longer = Uint8Array.from([...bytes, 0]);
    longer[1] = bytes[1]! + 1;
    return [familyInput(`${name} and one byte`, version, stage, longer, malformed)];
  });
}

function flags(): Input[] {
  const inputs: Input[] = [];
  for (const [name, type] of Object.entries(PacketType)) {
    if (type === PacketType.Publish) continue;
    for (let flag = 0; flag < 16; flag += 1) {
      if (flag === fixedHeaderFlags[type]) continue;
      for (const version of [ProtocolVersion.V5, ProtocolVersion.V311]) {
        const place = `${name} with the flags ${flag}`;
        inputs.push(familyInput(place, version, "connected", Uint8Array.of((type << 4) | flag, 0), "ends 0x81"));
      }
    }
  }
  return inputs;
}

/** In one byte more than it takes, in five, and in five that all go on. */
function longLengths(): Input[] {
  return eachSample(({ name, stage }, version, bytes) => {
    const body = bytes.subarray(2);
    const outcomes = stage === "opened" ? "closed" : "ends 0x81";
    const length = bytes[1]!;
    return [
      [length | 128, 0],
      [length | 128, 128, 0],
      [length | 128, 128, 128, 128, 0],
      [255, 255, 255, 255, 127],
    ].map((header) => {
      const long = Buffer.concat([Uint8Array.of(bytes[0]!, ...header), body]);
      return familyInput(`${name} with ${header.length} bytes of length`, version, stage, long, outcomes);
    });
  });
}

function identifierZero(): Input[] {
  const packets = [
    ["PUBLISH of QoS 1", "32 .. 'a' 0000 {} \"x\""],
    ["PUBLISH of QoS 2", "34 .. 'a' 0000 {} \"x\""],
    ["PUBLISH of QoS 1 that is retained", "33 .. 'a' 0000 {} \"x\""],
    ["PUBACK", "40 .. 0000"],
    ["PUBREC", "50 .. 0000"],
    ["PUBREL", "62 .. 0000"],
    ["PUBCOMP", "70 .. 0000"],
    ["SUBSCRIBE", "82 .. 0000 {} 'a' 00"],
    ["UNSUBSCRIBE", "a2 .. 0000 {} 'a'"],
  ] as const;
  return packets.flatMap(([name, notation]) =>
    [ProtocolVersion.V5, ProtocolVersion.V311].map((version) =>
      familyInput(name, version, "connected", corpusBytes(notation, version), "ends 0x82"),
    ),
  );
}

function serverPackets(): Input[] {
  const packets = [
    ["CONNACK", "20 .. 00 00 {}"],
    ["CONNACK that refuses", "20 .. 00 87 {}", [ProtocolVersion.V5]],
    ["CONNACK with Session Present", "20 .. 01 00 {}"],
    ["SUBACK", "90 .. 0001 {} 00"],
    ["SUBACK of several", "90 .. 0001 {} 00 01 02"],
    ["UNSUBACK", "b0 .. 0001 {} 00", [ProtocolVersion.V5]],
    ["UNSUBACK", "b0 02 0001", [ProtocolVersion.V311]],
    ["PINGRESP", "d0 00"],
  ] as const;
  return packets.flatMap(([name, notation, versions = [ProtocolVersion.V5, ProtocolVersion.V311]]) =>
    versions.map((version) => familyInput(name, version, "connected", corpusBytes(notation, version), "ends 0x82")),
  );
}

/** What each packet may say (§2.4); every other byte is tried. */
const listedReasonCodes: readonly (readonly [name: string, frame: string, codes: string])[] = [
  ["PUBACK", "40 .. 0001", "00 10 80 83 87 90 91 97 99"],
  ["PUBREC", "50 .. 0001", "00 10 80 83 87 90 91 97 99"],
  ["PUBREL", "62 .. 0001", "00 92"],
  ["PUBCOMP", "70 .. 0001", "00 92"],
  ["DISCONNECT", "e0 ..", "00 04 80 81 82 83 87 89 8b 8d 8e 8f 90 93 94 95 96 97 98 99 9a 9b 9c 9d 9e 9f a0 a1 a2"],
];

/** Of the bytes that mean nothing anywhere, every seventh will do. */
function reasonCodes(): Input[] {
  return listedReasonCodes.flatMap(([name, frame, codes]) =>
    Array.from({ length: 256 }, (_, code) => code.toString(16).padStart(2, "0"))
      .filter(
        (hex, code) => !codes.split(" ").includes(hex) && ((code >= 0x80 && code <= 0xa2) || code % 7 < 1 || code < 3),
      )
      .map((hex) => {
        const bytes = corpusBytes(`${frame} ${hex}`, ProtocolVersion.V5);
        return familyInput(`${name} 0x${hex}`, ProtocolVersion.V5, "connected", bytes, "ends 0x82");
      }),
  );
}

function lengthsBelow(end: number, from: number): number[] {
  return Array.from({ length: Math.max(end - from, 0) }, (_, index) => from + index);
}
