import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { identifierOf, properties } from "../../src/mqtt/property.ts";
import { ProtocolError } from "../../src/mqtt/protocol-error.ts";
import { V5 } from "./cases/case.ts";
import { bytes, decodeOne, encodeOne } from "./frames.ts";

/** The smallest packets with one Property block in each, which stands for the question mark. */
const places: Readonly<Record<string, string>> = {
  CONNECT: '10 0004"MQTT" 05 02 0000 ? 0000',
  Will: '10 0004"MQTT" 05 06 0000 00 0000 ? 0001"w" 0000',
  CONNACK: "20 00 00 ?",
  PUBLISH: '30 0001"a" ?',
  PUBACK: "40 0001 00 ?",
  PUBREC: "50 0001 00 ?",
  PUBREL: "62 0001 00 ?",
  PUBCOMP: "70 0001 00 ?",
  SUBSCRIBE: '82 0001 ? 0001"a" 00',
  SUBACK: "90 0001 ? 00",
  UNSUBSCRIBE: 'a2 0001 ? 0001"a"',
  UNSUBACK: "b0 0001 ? 00",
  DISCONNECT: "e0 00 ?",
  AUTH: "f0 00 ?",
};

const everywhere = Object.keys(places).join(" ");
const answers = "CONNACK PUBACK PUBREC PUBREL PUBCOMP SUBACK UNSUBACK DISCONNECT AUTH";

/** Table 2-4 of the specification: a Property with a good value, and the packets that it may stand in. */
const table: readonly (readonly [property: string, places: string])[] = [
  ["01 01", "PUBLISH Will"],
  ["02 00000001", "PUBLISH Will"],
  ['03 0001"t"', "PUBLISH Will"],
  ['08 0001"r"', "PUBLISH Will"],
  ["09 0001 00", "PUBLISH Will"],
  ["0b 01", "PUBLISH SUBSCRIBE"],
  ["11 00000000", "CONNECT CONNACK DISCONNECT"],
  ['12 0001"c"', "CONNACK"],
  ["13 0000", "CONNACK"],
  ['15 0001"m"', "CONNECT CONNACK AUTH"],
  ["16 0001 00", "CONNECT CONNACK AUTH"],
  ["17 00", "CONNECT"],
  ["18 00000001", "Will"],
  ["19 01", "CONNECT"],
  ['1a 0001"i"', "CONNACK"],
  ['1c 0001"s"', "CONNACK DISCONNECT"],
  ['1f 0001"r"', answers],
  ["21 0001", "CONNECT CONNACK"],
  ["22 0000", "CONNECT CONNACK"],
  ["23 0001", "PUBLISH"],
  ["24 00", "CONNACK"],
  ["25 01", "CONNACK"],
  ['26 0001"k" 0001"v"', everywhere],
  ["27 00000001", "CONNECT CONNACK"],
  ["28 00", "CONNACK"],
  ["29 00", "CONNACK"],
  ["2a 00", "CONNACK"],
];

for (const [property, allowed] of table) {
  const identifier = property.slice(0, 2);
  test(`Property 0x${identifier} stands in ${allowed === everywhere ? "every packet" : allowed} and nowhere else`, () => {
    for (const place of Object.keys(places)) {
      // Authentication Data needs its method in a CONNECT.
      const block = place === "CONNECT" && identifier === "16" ? `${property} 15 0001"m"` : property;
      const expected = allowed.split(" ").includes(place) ? undefined : 0x81;
      assert.equal(outcome(frame(place, block)), expected, place);
    }
  });

  test(`Property 0x${identifier} is written as it was read`, () => {
    for (const place of allowed.split(" ")) {
      const block = place === "CONNECT" && identifier === "16" ? `15 0001"m" ${property}` : property;
      const bytesOfFrame = frame(place, block);
      const written = encodeOne(decodeOne(bytesOfFrame, V5), V5);
      assert.equal(Buffer.from(written).toString("hex"), Buffer.from(bytesOfFrame).toString("hex"), place);
    }
  });

  test(`Property 0x${identifier} stands ${allowedTwice(identifier) ? "as often as it likes" : "once"}`, () => {
    for (const place of allowed.split(" ")) {
      const method = place === "CONNECT" && identifier === "16" ? '15 0001"m"' : "";
      const twice = identifier === "26" || (identifier === "0b" && place === "PUBLISH");
      assert.equal(outcome(frame(place, `${method} ${property} ${property}`)), twice ? undefined : 0x82, place);
    }
  });

  test(`Property 0x${identifier} that is cut anywhere is malformed`, () => {
    const whole = bytes(property);
    const [place = ""] = allowed.split(" ");
    for (let length = 1; length < whole.length; length += 1) {
      const cut = Buffer.from(whole.subarray(0, length)).toString("hex");
      assert.equal(outcome(frame(place, cut)), 0x81, cut);
    }
  });
}

for (const [name, place, block] of [
  ["Payload Format Indicator 2", "PUBLISH", "01 02"],
  ["Subscription Identifier 0 in PUBLISH", "PUBLISH", "0b 00"],
  ["Subscription Identifier 0 in SUBSCRIBE", "SUBSCRIBE", "0b 00"],
  ["a Response Topic with +", "PUBLISH", '08 0001"+"'],
  ["a Response Topic with # in a Will", "Will", '08 0003"a/#"'],
  ["Receive Maximum 0 in CONNECT", "CONNECT", "21 0000"],
  ["Receive Maximum 0 in CONNACK", "CONNACK", "21 0000"],
  ["Maximum Packet Size 0 in CONNECT", "CONNECT", "27 00000000"],
  ["Maximum Packet Size 0 in CONNACK", "CONNACK", "27 00000000"],
  ["Request Problem Information 2", "CONNECT", "17 02"],
  ["Request Response Information 255", "CONNECT", "19 ff"],
  ["Maximum QoS 2", "CONNACK", "24 02"],
  ["Retain Available 2", "CONNACK", "25 02"],
  ["Wildcard Subscription Available 2", "CONNACK", "28 02"],
  ["Subscription Identifier Available 2", "CONNACK", "29 02"],
  ["Shared Subscription Available 2", "CONNACK", "2a 02"],
] as const) {
  test(`refused with 0x82: ${name}`, () => assert.equal(outcome(frame(place, block)), 0x82));
}

test("identifiers that the specification does not know are malformed", () => {
  const known = new Set(table.map(([property]) => Number.parseInt(property.slice(0, 2), 16)));
  for (let identifier = 0; identifier < 128; identifier += 1) {
    if (known.has(identifier)) continue;
    const hex = identifier.toString(16).padStart(2, "0");
    assert.equal(outcome(frame("PUBLISH", `${hex} 00000000`)), 0x81, hex);
  }
  assert.equal(outcome(frame("PUBLISH", "8001 00")), 0x81);
});

test("an identifier in more bytes than it needs is malformed [MQTT-1.5.5-1]", () => {
  assert.equal(outcome(frame("PUBLISH", "8100 01")), 0x81);
  assert.equal(outcome(frame("PUBLISH", "ffffffff01")), 0x81);
});

test("a Property Length beyond the packet is malformed", () => {
  assert.equal(outcome(bytes('30 06 0001"a" 03 01 01')), 0x81);
  assert.equal(outcome(bytes('30 04 0001"a" 80')), 0x81);
});

test("a Property that goes on behind the Property Length is malformed", () => {
  assert.equal(outcome(bytes('30 09 0001"a" 02 02 00000001')), 0x81);
});

test("a string pair is UTF-8 in both parts [MQTT-1.5.7-1]", () => {
  assert.equal(outcome(frame("PUBLISH", '26 0001 ff 0001"v"')), 0x81);
  assert.equal(outcome(frame("PUBLISH", '26 0001"k" 0001 00')), 0x81);
});

test("the table has the names that fields have, each once in a packet", () => {
  for (const { name, identifier } of properties) assert.equal(identifierOf(name), identifier);
  assert.throws(() => identifierOf("nothing"), RangeError);
  assert.equal(new Set(properties.map(({ name }) => name)).size, properties.length);
});

function allowedTwice(identifier: string): boolean {
  return identifier === "26";
}

function frame(place: string, block: string): Uint8Array {
  const [firstByte = "", ...rest] = (places[place] ?? "").split(" ");
  const property = `${bytes(block).length.toString(16).padStart(2, "0")} ${block}`;
  const body = rest.join(" ").replace("?", property);
  return bytes(`${firstByte} ${bytes(body).length.toString(16).padStart(2, "0")} ${body}`);
}

/** The Reason Code that it is refused with; undefined when it is read. */
function outcome(frameBytes: Uint8Array): number | undefined {
  try {
    decodeOne(frameBytes, V5);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    return error.reasonCode;
  }
}
