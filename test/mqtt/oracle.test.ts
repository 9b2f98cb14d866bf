import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Packet, UserProperty } from "../../src/mqtt/packet.ts";
import { PacketType } from "../../src/mqtt/packet-type.ts";
import { versionedPacket } from "./arbitraries.ts";
import { badCases, goodCases } from "./cases/all-cases.ts";
import { bytes, decodeOne, encodeOne } from "./frames.ts";
import { oracleDecode, oracleEncode } from "./oracle.ts";

/** Cases that the oracle does not read as we do, and why we stand by our reading. */
const readOtherwise: Disagreements = [
  [/^the smallest AUTH$/, "§3.15.2.1 lets the Reason Code be left out; the oracle always asks for it"],
];

/** Cases that the oracle will not write, and why we do. */
const notWritten: Disagreements = [
  [
    /^the smallest CONNECT$|^an empty User Name|^a Will Delay Interval of 0/,
    "an empty Client Identifier with Clean Start 0 is for the Server to judge in MQTT 5.0 (§3.1.3.1)",
  ],
  [/^MQTT 5.0 allows a Password without/, "MQTT 5.0 allows it (§3.1.2.9)"],
];

/** Bytes that the oracle takes and we refuse, with the rule that it does not keep. */
const taken: Disagreements = [
  [/^MQTT 3\.1 |Protocol Version/, "it supports MQTT 3.1 and a bridge bit that no specification has; we refuse both"],
  [/^Will QoS 3|^DUP at QoS 0/, "it does not look at these flags [MQTT-3.1.2-12] [MQTT-3.3.1-2]"],
  [/ Topic .*(wildcards|has no [#+]|not empty)|mpty Topic Name/, "it leaves what topics hold to others (§4.7)"],
  [/^a text /, "it reads texts without validation [MQTT-1.5.4-1] [MQTT-1.5.4-2]"],
  [
    /Password without|Authentication Data|Session Present|return codes above 5/,
    "it does not look at rules between fields, nor at reserved return codes",
  ],
  [
    / Packet Identifier of an? .* is not 0|^Topic Alias 0/,
    "it takes zeros that may not be [MQTT-2.2.1-3] [MQTT-3.3.2-8]",
  ],
  [/ has a (Topic Filter|Reason Code|return code)/, "it takes lists that are empty [MQTT-3.8.3-2] [MQTT-3.10.3-2]"],
  [
    /not announced|of 3\.1\.1 (with|has|is)|ends with its|nothing behind/,
    "it does not look at bytes behind the last field, which make a packet malformed (§4.13)",
  ],
  [
    /without (Property Length|Packet Identifier|bytes)|with half a Packet Identifier/,
    "it goes on with -1 or false where a field is cut short",
  ],
];

type Disagreements = readonly (readonly [cases: RegExp, reason: string])[];

test("the oracle reads our cases as the same packets, but those that are listed", () => {
  const differing = goodCases.filter(({ only, hex, protocolVersion, packet }) => {
    return only !== "encode" && !isSame(() => oracleDecode(bytes(hex), protocolVersion), packet);
  });
  assertListed(differing, readOtherwise);
});

test("we read what the oracle writes for our cases, but for those that are listed", () => {
  const differing = goodCases.filter(({ only, protocolVersion, packet }) => {
    return (
      only !== "encode" && !isSame(() => decodeOne(oracleEncode(packet, protocolVersion), protocolVersion), packet)
    );
  });
  assertListed(differing, notWritten);
});

test("the oracle refuses what we refuse, but what is listed", () => {
  const accepted = badCases.filter(({ hex, protocolVersion }) => {
    try {
      oracleDecode(bytes(hex), protocolVersion);
      return true;
    } catch {
      return false;
    }
  });
  assertListed(accepted, taken);
});

test("the oracle reads what we write, and we what it writes, as the same packet", () => {
  fc.assert(
    fc.property(versionedPacket, ([protocolVersion, packet]) => {
      const known = withOrderKept(packet);
      if (!isEmptyAuth(known)) {
        assert.deepEqual(oracleDecode(encodeOne(known, protocolVersion), protocolVersion), known);
      }
      if (!isRefusedConnect(known)) {
        assert.deepEqual(decodeOne(oracleEncode(known, protocolVersion), protocolVersion), known);
      }
    }),
    { numRuns: 700 },
  );
});

function isSame(read: () => Packet, packet: Packet): boolean {
  try {
    assert.deepEqual(read(), packet);
    return true;
  } catch {
    return false;
  }
}

/** Every case has its one reason, and every reason a case. */
function assertListed(cases: readonly { readonly name: string }[], disagreements: Disagreements): void {
  for (const { name } of cases) {
    const reasons = disagreements.filter(([pattern]) => pattern.test(name));
    assert.equal(reasons.length, 1, name);
  }
  for (const [pattern, reason] of disagreements) {
    assert.ok(
      cases.some(({ name }) => pattern.test(name)),
      reason,
    );
  }
}

/** The oracle asks for a Reason Code in every AUTH; §3.15.2.1 lets it be left out. */
function isEmptyAuth(packet: Packet): boolean {
  return packet.type === PacketType.Auth && encodeOne(packet, 5).length === 2;
}

/** The oracle writes no Password without User Name and no empty Client Identifier with Clean Start 0; MQTT 5.0 has both. */
function isRefusedConnect(packet: Packet): boolean {
  if (packet.type !== PacketType.Connect) return false;
  return (
    (packet.password !== undefined && packet.userName === undefined) || (packet.clientId === "" && !packet.cleanStart)
  );
}

/**
 * The oracle keeps User Properties in an object, which loses their order [MQTT-3.3.2-18] where a name comes again or
 * looks like a number: such ones are left out.
 */
function withOrderKept(packet: Packet): Packet {
  if (packet.type === PacketType.Connect) {
    const { properties, will } = packet;
    const kept = { ...packet, properties: { ...properties, userProperties: distinct(properties.userProperties) } };
    if (will === undefined) return kept;
    const userProperties = distinct(will.properties.userProperties);
    return { ...kept, will: { ...will, properties: { ...will.properties, userProperties } } };
  }
  if ("userProperties" in packet) return { ...packet, userProperties: distinct(packet.userProperties) };
  if (!("properties" in packet)) return packet;
  const userProperties = distinct(packet.properties.userProperties);
  return { ...packet, properties: { ...packet.properties, userProperties } } as Packet;
}

function distinct(userProperties: readonly UserProperty[]): readonly UserProperty[] {
  const names = new Set<string>();
  return userProperties.filter(([name]) => {
    if (names.has(name) || /^\d+$/.test(name)) return false;
    names.add(name);
    return true;
  });
}
