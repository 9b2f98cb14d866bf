import { Buffer } from "node:buffer";
import fc from "fast-check";
import type { ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { variableByte } from "../corpus/corpus-bytes.ts";
import { readCorpus } from "../corpus/corpus-file.ts";
import { versionedPacket } from "../mqtt/arbitraries.ts";
import { encodeOne } from "../mqtt/frames.ts";

/** One change of some bytes; places are fractions, so that they fit whatever they are made to. */
type Mutation = (bytes: Uint8Array) => Uint8Array;

/** Bytes in a protocol version. */
export type VersionedBytes = readonly [version: ProtocolVersion, bytes: Uint8Array];

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** Lengths and values around which mistakes are made. */
const interestingByte = fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 0x7f, 0x80, 0x81, 0xfe, 0xff), fc.nat({ max: 255 }));
const interestingWord = fc.constantFrom(0, 1, 2, 127, 128, 255, 256, 0x7fff, 0x8000, 0xfffe, 0xffff);

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(place, fc.nat({ max: 7 })).map(([at, bit]) => flip(at, bit)) },
  { weight: 3, arbitrary: fc.tuple(place, interestingByte).map(([at, byte]) => replace(at, 1, [byte])) },
  {
    weight: 2,
    arbitrary: fc.tuple(place, interestingWord).map(([at, word]) => replace(at, 2, [word >> 8, word & 255])),
  },
  { weight: 2, arbitrary: fc.tuple(place, fc.nat({ max: 8 })).map(([at, length]) => replace(at, length, [])) },
  {
    weight: 2,
    arbitrary: fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 8 })).map(([at, more]) => replace(at, 0, more)),
  },
  { weight: 2, arbitrary: fc.tuple(place, place, place).map(([from, length, to]) => copy(from, length, to)) },
  { weight: 1, arbitrary: place.map((at) => (bytes: Uint8Array) => bytes.slice(0, Math.floor(at * bytes.length))) },
);

/** Packets, legal and of the corpus, before anything is changed. */
const originals: fc.Arbitrary<VersionedBytes> = fc.oneof(
  { weight: 3, arbitrary: versionedPacket.map(([version, packet]) => [version, encodeOne(packet, version)] as const) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...readCorpus()
        .flatMap(({ inputs }) => inputs)
        .filter(({ bytes }) => bytes.length < 500)
        .map(({ version, bytes }) => [version, bytes] as const),
    ),
  },
);

/**
 * A packet with some changes; in most of them the Remaining Length is right afterwards, so that what reads the body sees
 * them, in some it lies.
 */
export const mutated: fc.Arbitrary<VersionedBytes> = fc
  .tuple(
    originals,
    fc.array(mutation, { maxLength: 4 }),
    fc.oneof(
      { weight: 6, arbitrary: fc.constant(0) },
      { weight: 2, arbitrary: fc.integer({ min: -3, max: 3 }) },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
  )
  .map(([[version, bytes], changes, lie]) => {
    const changed = changes.reduce((before, change) => change(before), bytes);
    return [version, lie === undefined ? changed : withLength(changed, lie)];
  });

/** Several of them in one version, as one stream. */
export const mutatedStream: fc.Arbitrary<VersionedBytes> = fc
  .array(mutated, { minLength: 1, maxLength: 4 })
  .map((packets) => [packets[0]![0], new Uint8Array(Buffer.concat(packets.map(([, bytes]) => bytes)))]);

function flip(at: number, bit: number): Mutation {
  return (bytes) => {
    const index = Math.floor(at * bytes.length);
    return replace(at, 1, [(bytes[index] ?? 0) ^ (1 << bit)])(bytes);
  };
}

function replace(at: number, length: number, by: ArrayLike<number>): Mutation {
  return (bytes) => {
    const index = Math.floor(at * bytes.length);
    return Uint8Array.from([...bytes.subarray(0, index), ...Array.from(by), ...bytes.subarray(index + length)]);
  };
}

/** Puts a piece of the bytes in a second place. */
function copy(from: number, length: number, to: number): Mutation {
  return (bytes) => {
    const start = Math.floor(from * bytes.length);
    const piece = bytes.subarray(start, start + Math.ceil(length * 20));
    return replace(to, 0, piece)(bytes);
  };
}

/** The bytes with a Remaining Length that is right, but for `lie`. */
function withLength(bytes: Uint8Array, lie: number): Uint8Array {
  let header = 1;
  while (header < 4 && (bytes[header] ?? 0) > 127) header += 1;
  const body = bytes.subarray(header + 1);
  return Uint8Array.from([bytes[0] ?? 0, ...variableByte(Math.max(0, body.length + lie)), ...body]);
}
