import { Buffer } from "node:buffer";
import { ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { corpusBytes } from "./corpus-bytes.ts";
import type { Group } from "./corpus-file.ts";
import type { Input } from "./input.ts";
import { familyInput } from "./shape-families.ts";

/*
 * Bad bytes that follow from what stands in packets: texts and Properties.
 */

const V5 = ProtocolVersion.V5;
const both = [V5, ProtocolVersion.V311] as const;

/** Where a text may stand, `?`, and which versions have it. */
const textPlaces: readonly (readonly [name: string, notation: string, versions: readonly ProtocolVersion[]])[] = [
  ["Client Identifier", "10 .. 'MQTT' @@ 02 0000 {} ?", both],
  ["Will Topic", "10 .. 'MQTT' @@ 06 0000 {} 'bad' {} ? 0000", both],
  ["User Name", "10 .. 'MQTT' @@ 82 0000 {} 'bad' ?", both],
  ["Authentication Method", "10 .. 'MQTT' 05 02 0000 {15 ?} 'bad'", [V5]],
  ["name of a User Property of CONNECT", "10 .. 'MQTT' 05 02 0000 {26 ? 'v'} 'bad'", [V5]],
  ["Content Type of a Will", "10 .. 'MQTT' 05 06 0000 {} 'bad' {03 ?} 'w' 0000", [V5]],
  ["Topic Name", '30 .. ? {} "x"', both],
  ["Topic Name of a retained message", '33 .. ? 0001 {} "x"', both],
  ["Content Type", "30 .. 'a' {03 ?} \"x\"", [V5]],
  ["Response Topic", "32 .. 'a' 0001 {08 ?} \"x\"", [V5]],
  ["name of a User Property", "30 .. 'a' {26 ? 'v'} \"x\"", [V5]],
  ["value of a User Property", "30 .. 'a' {26 'k' ?} \"x\"", [V5]],
  ["Topic Filter of SUBSCRIBE", "82 .. 0001 {} ? 00", both],
  ["second Topic Filter of SUBSCRIBE", "82 .. 0001 {} 'a' 00 ? 00", both],
  ["Topic Filter of UNSUBSCRIBE", "a2 .. 0001 {} ?", both],
  ["Reason String of PUBACK", "40 .. 0001 00 {1f ?}", [V5]],
  ["Reason String of PUBREC", "50 .. 0001 00 {1f ?}", [V5]],
  ["Reason String of DISCONNECT", "e0 .. 04 {1f ?}", [V5]],
  ["Server Reference of DISCONNECT", "e0 .. 04 {1c ?}", [V5]],
  ["Authentication Method of AUTH", "f0 .. 18 {15 ?}", [V5]],
];

/** Bytes that are no text (§1.5.4), and longer ones, because those may be read in another way. */
const badTexts: readonly (readonly [name: string, bytes: string])[] = [
  ["U+0000", "00"],
  ["U+0000 among others", "61 00 62"],
  ["a byte that never stands in UTF-8", "ff"],
  ["a byte that only goes on", "80"],
  ["a character that is cut", "61 c3"],
  ["a character of three bytes that is cut", "e2 82"],
  ["/ in two bytes", "c0 af"],
  ["U+0000 in two bytes", "c0 80"],
  ["the surrogate U+D800", "ed a0 80"],
  ["the surrogate U+DFFF", "ed bf bf"],
  ["a pair of surrogates", "ed a0 bd ed b8 80"],
  ["U+110000", "f4 90 80 80"],
  ["U+0000 at the end of 100 characters", "(78)*99 00"],
  ["a cut character at the end of 100", "(78)*99 e2"],
];

interface Property {
  readonly name: string;
  readonly bytes: string;
  readonly places: readonly string[];
}

/** The packets of a Client with their Property block, `?`. */
const blocks: Readonly<Record<string, string>> = {
  CONNECT: "10 .. 'MQTT' 05 02 0000 {?} 'bad'",
  Will: "10 .. 'MQTT' 05 06 0000 {} 'bad' {?} '$w' 0000",
  PUBLISH: "30 .. '$SYS/x' {?} \"x\"",
  PUBACK: "40 .. 0001 00 {?}",
  PUBREC: "50 .. 0001 00 {?}",
  PUBREL: "62 .. 0001 00 {?}",
  PUBCOMP: "70 .. 0001 00 {?}",
  SUBSCRIBE: "82 .. 0001 {?} 'a' 00",
  UNSUBSCRIBE: "a2 .. 0001 {?} 'a'",
  DISCONNECT: "e0 .. 04 {?}",
  AUTH: "f0 .. 18 {?}",
};

const answers = ["PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "DISCONNECT", "AUTH"];

/** Table 2-4 of the specification, as far as a Client sends them. */
const properties: readonly Property[] = [
  property("Payload Format Indicator", "01 00", "PUBLISH", "Will"),
  property("Message Expiry Interval", "02 00000000", "PUBLISH", "Will"),
  property("Content Type", "03 ''", "PUBLISH", "Will"),
  property("Response Topic", "08 ''", "PUBLISH", "Will"),
  property("Correlation Data", "09 ''", "PUBLISH", "Will"),
  property("Subscription Identifier", "0b 01", "SUBSCRIBE", "PUBLISH"),
  property("Session Expiry Interval", "11 00000000", "CONNECT", "DISCONNECT"),
  property("Assigned Client Identifier", "12 'c'"),
  property("Server Keep Alive", "13 0000"),
  property("Authentication Method", "15 'DEMO'", "CONNECT", "AUTH"),
  property("Authentication Data", "16 ''", "CONNECT", "AUTH"),
  property("Request Problem Information", "17 00", "CONNECT"),
  property("Will Delay Interval", "18 00000000", "Will"),
  property("Request Response Information", "19 00", "CONNECT"),
  property("Response Information", "1a 'i'"),
  property("Server Reference", "1c ''", "DISCONNECT"),
  property("Reason String", "1f ''", ...answers),
  property("Receive Maximum", "21 0001", "CONNECT"),
  property("Topic Alias Maximum", "22 0000", "CONNECT"),
  property("Topic Alias", "23 0001", "PUBLISH"),
  property("Maximum QoS", "24 00"),
  property("Retain Available", "25 00"),
  property("User Property", "26 '' ''", ...Object.keys(blocks)),
  property("Maximum Packet Size", "27 00000001", "CONNECT"),
  property("Wildcard Subscription Available", "28 00"),
  property("Subscription Identifier Available", "29 00"),
  property("Shared Subscription Available", "2a 00"),
];

/** The families of this file, each a group. */
export function contentFamilies(): readonly Group[] {
  return [
    { name: "texts that are no UTF-8 or hold U+0000 [MQTT-1.5.4-1] [MQTT-1.5.4-2] [MQTT311-1.5.3-1]", inputs: texts() },
    { name: "Properties where they may not stand (2.2.2.2)", inputs: misplaced() },
    { name: "Properties that stand twice (2.2.2.2)", inputs: twice() },
    { name: "Properties that are cut off (2.2.2.2)", inputs: cut() },
    { name: "Property identifiers that nobody knows (2.2.2.2)", inputs: unknown() },
  ];
}

function texts(): Input[] {
  return textPlaces.flatMap(([place, notation, versions]) =>
    badTexts.flatMap(([name, bytes]) => {
      const length = corpusBytes(bytes, V5).length.toString(16).padStart(4, "0");
      return versions.map((version) => {
        const stage = notation.startsWith("10") ? "opened" : "connected";
        const frame = corpusBytes(notation.replace("?", `${length} ${bytes}`), version);
        return familyInput(`${place}: ${name}`, version, stage, frame, "ends 0x81");
      });
    }),
  );
}

function misplaced(): Input[] {
  return Object.keys(blocks).flatMap((place) =>
    properties
      .filter(({ places }) => !places.includes(place))
      .map(({ name, bytes }) => inBlock(`${name} in ${place}`, place, bytes, "ends 0x81")),
  );
}

function twice(): Input[] {
  return properties
    .filter(({ name }) => name !== "User Property")
    .flatMap(({ name, bytes, places }) =>
      places.map((place) => inBlock(`${name} twice in ${place}`, place, `${bytes} ${bytes}`, "ends 0x82")),
    );
}

/** The block ends inside the Property; what stands behind it must not be taken for the rest. */
function cut(): Input[] {
  return properties.flatMap(({ name, bytes, places }) =>
    places.flatMap((place) => {
      const whole = corpusBytes(bytes, V5);
      return Array.from({ length: whole.length - 1 }, (_, index) => {
        const hex = Buffer.from(whole.subarray(0, index + 1)).toString("hex");
        return inBlock(`${name} cut to ${index + 1} bytes in ${place}`, place, hex, "ends 0x81");
      });
    }),
  );
}

function unknown(): Input[] {
  const identifiers = ["00", "04", "0a", "10", "14", "1b", "20", "2b", "7f", "8001", "ffffff7f", "ffffffff7f", "8000"];
  return Object.keys(blocks).flatMap((place) =>
    identifiers.map((hex) => inBlock(`0x${hex} in ${place}`, place, `${hex} 00000000`, "ends 0x81")),
  );
}

function inBlock(name: string, place: string, bytes: string, outcomes: string): Input {
  const notation = blocks[place]!;
  const stage = notation.startsWith("10") ? "opened" : "connected";
  return familyInput(name, V5, stage, corpusBytes(notation.replace("?", bytes), V5), outcomes);
}

function property(name: string, bytes: string, ...places: readonly string[]): Property {
  return { name, bytes, places };
}
