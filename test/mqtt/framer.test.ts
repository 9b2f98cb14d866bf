import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { Framer } from "../../src/mqtt/framer.ts";
import { packetBytesMax } from "../../src/mqtt/limits.ts";
import { ProtocolError } from "../../src/mqtt/protocol-error.ts";
import { goodCases } from "./cases/all-cases.ts";
import { V5, V311 } from "./cases/case.ts";
import { bytes, decodeChunks } from "./frames.ts";

const cases = goodCases.filter(({ only }) => only !== "encode");

test("every split of a packet at every position gives the same packet", () => {
  for (const { name, protocolVersion, hex, packet } of cases) {
    const frame = bytes(hex);
    for (let position = 0; position <= frame.length; position += 1) {
      const chunks = [frame.subarray(0, position), frame.subarray(position)];
      assert.deepEqual(decodeChunks(chunks, protocolVersion), [packet], `${name}, split at ${position}`);
    }
  }
});

for (const protocolVersion of [V311, V5]) {
  const selected = cases.filter((each) => each.protocolVersion === protocolVersion);
  const packets = selected.map(({ packet }) => packet);
  const stream = new Uint8Array(selected.flatMap(({ hex }) => [...bytes(hex)]));

  test(`many packets of version ${protocolVersion} come out of one chunk in order`, () => {
    assert.deepEqual(decodeChunks([stream], protocolVersion), packets);
  });

  test(`packets of version ${protocolVersion} come out of chunks of every small size`, () => {
    for (let size = 1; size <= 40; size += 1) {
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < stream.length; at += size) chunks.push(stream.subarray(at, at + size));
      assert.deepEqual(decodeChunks(chunks, protocolVersion), packets, `chunks of ${size}`);
    }
  });
}

test("chunks that come while frames are left join them", () => {
  const framer = new Framer(packetBytesMax);
  const stream = bytes("c0 00 d0 00 40 02 0001 e0 00");
  framer.push(Buffer.from(stream.subarray(0, 5)));
  assert.ok(framer.next());
  framer.push(Buffer.from(stream.subarray(5, 6)));
  framer.push(Buffer.from(stream.subarray(6)));
  assert.deepEqual(firstBytes(framer), [0xd0, 0x40, 0xe0]);
});

test("a frame in one chunk is read where it lies, and let go afterwards", () => {
  const framer = new Framer(packetBytesMax);
  const chunk = Buffer.from(bytes("40 02 0001 40 02 0002"));
  framer.push(chunk);
  assert.ok(framer.next());
  assert.equal(framer.reader.buffer, chunk);
  assert.equal(framer.reader.position, 2);
  assert.equal(framer.reader.end, 4);
  assert.ok(framer.next());
  assert.equal(framer.reader.packetIdentifier(), 2);
  assert.ok(!framer.next());
  assert.equal(framer.reader.buffer.length, 0);
  assert.ok(!framer.next());
});

test("a begun frame survives that its chunk is overwritten", () => {
  const framer = new Framer(packetBytesMax);
  const chunk = Buffer.from(bytes("40 02 12"));
  framer.push(chunk);
  assert.ok(!framer.next());
  chunk.fill(0);
  framer.push(Buffer.from(bytes("34")));
  assert.ok(framer.next());
  assert.equal(framer.reader.packetIdentifier(), 0x1234);
  assert.ok(!framer.next());
  assert.equal(framer.reader.buffer.length, 0);
});

test("a big frame in small chunks is put together, and not in room that was only announced", () => {
  const payload = Buffer.alloc(300_000, "0123456789abcdef");
  const frame = Buffer.concat([Buffer.from([0x30, 0xe4, 0xa7, 0x12, 0, 1, 0x61, 0]), payload]);
  const framer = new Framer(packetBytesMax);
  for (let at = 0; at < frame.length; at += 1_000) {
    assert.ok(!framer.next());
    framer.push(frame.subarray(at, at + 1_000));
  }
  assert.ok(framer.next());
  assert.equal(framer.reader.topicName(), "a");
  assert.equal(framer.reader.byte(), 0);
  assert.ok(payload.equals(framer.reader.rest()));
  assert.equal(framer.reader.buffer.length, frame.length);
  assert.ok(!framer.next());
  assert.equal(framer.reader.buffer.length, 0);
});

test("whoever only announces a big frame gets no room for it", () => {
  const before = process.memoryUsage().arrayBuffers;
  const framers: Framer[] = [];
  for (let count = 0; count < 100; count += 1) {
    const framer = new Framer(packetBytesMax);
    framer.push(Buffer.from(bytes('30 ffffff7f 0001"a"')));
    assert.ok(!framer.next());
    framers.push(framer);
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000);
  assert.equal(framers.length, 100);
});

test("a frame of exactly the maximum is taken, one of a byte more is refused before its body is there", () => {
  const framer = new Framer(6);
  framer.push(Buffer.from(bytes('30 04 0001"a" 00')));
  assert.ok(framer.next());
  framer.push(Buffer.from(bytes("30 05")));
  assert.equal(errorOf(framer).reasonCode, 0x95);
});

test("a frame above the maximum is refused when its length comes byte by byte", () => {
  const framer = new Framer(100_000);
  for (const byte of ["30", "80", "80"]) {
    framer.push(Buffer.from(bytes(byte)));
    assert.ok(!framer.next());
  }
  framer.push(Buffer.from(bytes("40")));
  assert.equal(errorOf(framer).reasonCode, 0x95);
});

for (const [name, hex] of [
  ["packet type 0 is forbidden", "00 00"],
  ["packet type 0 is forbidden whatever its flags", "0f 00"],
  ["a Remaining Length has four bytes at most", "30 80808080 01"],
  ["a Remaining Length of five bytes that all go on", "30 ffffffff ff"],
  ["a Remaining Length in two bytes where one would do", "c0 8000"],
  ["a Remaining Length in three bytes where two would do", "30 ff8000"],
  ["a Remaining Length in four bytes where three would do", "30 80808000"],
] as const) {
  test(`refused with 0x81: ${name}`, () => {
    const whole = new Framer(packetBytesMax);
    whole.push(Buffer.from(bytes(hex)));
    assert.equal(errorOf(whole).reasonCode, 0x81);
    const slow = new Framer(packetBytesMax);
    assert.throws(() => {
      for (const byte of bytes(hex)) {
        slow.push(Buffer.from([byte]));
        slow.next();
      }
    }, ProtocolError);
  });
}

test("every flag that a fixed header reserves must have its value, and PUBLISH may have any [MQTT-2.1.3-1]", () => {
  const required = new Map([
    [6, 2],
    [8, 2],
    [10, 2],
  ]);
  for (let firstByte = 0x10; firstByte < 0x100; firstByte += 1) {
    const type = firstByte >> 4;
    const framer = new Framer(packetBytesMax);
    framer.push(Buffer.from([firstByte, 0]));
    if (type === 3 || (firstByte & 15) === (required.get(type) ?? 0)) {
      assert.ok(framer.next(), firstByte.toString(16));
      assert.equal(framer.firstByte, firstByte);
    } else {
      const error = errorOf(framer);
      assert.equal(error.reasonCode, 0x81);
      assert.equal(error.statement, "MQTT-2.1.3-1");
    }
  }
});

function firstBytes(framer: Framer): number[] {
  const found: number[] = [];
  while (framer.next()) found.push(framer.firstByte);
  return found;
}

function errorOf(framer: Framer): ProtocolError {
  try {
    framer.next();
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "nothing was thrown" });
}
