import { PacketType } from "../../../src/mqtt/packet-type.ts";
import { bytes } from "../frames.ts";
import { acknowledgement, publish } from "../packets.ts";
import { type Case, malformed, protocolError, V5, V311 } from "./case.ts";

/** §3.3 PUBLISH. */
export const publishCases: readonly Case[] = [
  { name: "the smallest PUBLISH", protocolVersion: V5, hex: '30 04 0001"a" 00', packet: publish() },
  { name: "the smallest PUBLISH of 3.1.1", protocolVersion: V311, hex: '30 03 0001"a"', packet: publish() },
  {
    name: "RETAIN and a payload at QoS 0",
    protocolVersion: V5,
    hex: '31 08 0003"a/b" 00"hi"',
    packet: publish({ retain: true, topicName: "a/b", payload: bytes('"hi"') }),
  },
  {
    name: "a payload of any bytes at QoS 1 in 3.1.1",
    protocolVersion: V311,
    hex: '32 09 0001"a" 00ff 00ff8001',
    packet: publish({ qos: 1, packetIdentifier: 255, payload: bytes("00ff8001") }),
  },
  {
    name: "QoS 2 with DUP and RETAIN",
    protocolVersion: V5,
    hex: '3d 06 0001"a" ffff 00',
    packet: publish({ dup: true, qos: 2, retain: true, packetIdentifier: 65_535 }),
  },
  {
    name: "a Topic Name of characters beyond ASCII",
    protocolVersion: V5,
    hex: '30 0c 0009"grün/€" 00',
    packet: publish({ topicName: "grün/€" }),
  },
  {
    name: "a long Topic Name",
    protocolVersion: V311,
    hex: `30 ae 02 012c"${"x".repeat(300)}"`,
    packet: publish({ topicName: "x".repeat(300) }),
  },
  {
    name: "all PUBLISH Properties, in any order",
    protocolVersion: V5,
    only: "decode",
    hex: `30 28 0001"a" 24 26 0001"z" 0001"1" 23 0007 09 0002 0001 08 0001"r" 03 0001"t" 02 00000000 01 00 26 0001"a" 0000`,
    packet: publish({
      topicAlias: 7,
      properties: {
        payloadFormatIndicator: 0,
        messageExpiryIntervalSeconds: 0,
        contentType: "t",
        responseTopic: "r",
        correlationData: bytes("0001"),
        userProperties: [
          ["z", "1"],
          ["a", ""],
        ],
      },
    }),
  },
  {
    name: "all PUBLISH Properties, as they are written",
    protocolVersion: V5,
    hex: `34 3e 0001"a" 0001 38 01 01 02 ffffffff 03 0001"t" 08 0003"r/s" 09 0000 26 0001"k" 0001"v" 26 0001"k" 0001"v"
      23 ffff 0b 01 0b 8001 0b 808001 0b 80808001 0b ffffff7f`,
    packet: publish({
      qos: 2,
      packetIdentifier: 1,
      topicAlias: 65_535,
      subscriptionIdentifiers: [1, 128, 16_384, 2_097_152, 268_435_455],
      properties: {
        payloadFormatIndicator: 1,
        messageExpiryIntervalSeconds: 4_294_967_295,
        contentType: "t",
        responseTopic: "r/s",
        correlationData: bytes(""),
        userProperties: [
          ["k", "v"],
          ["k", "v"],
        ],
      },
    }),
  },
  {
    name: "a Topic Alias stands for an empty Topic Name",
    protocolVersion: V5,
    hex: '30 07 0000 03 23 0001 "x"',
    packet: publish({ topicName: "", topicAlias: 1, payload: bytes('"x"') }),
  },
  {
    name: "Topic Alias 0 is invalid [MQTT-3.3.2-8]",
    protocolVersion: V5,
    hex: '30 07 0001"a" 03 23 0000',
    reasonCode: 0x94,
  },
  {
    name: "an empty Topic Name needs a Topic Alias",
    protocolVersion: V5,
    hex: "30 03 0000 00",
    reasonCode: protocolError,
  },
  { name: "3.1.1 has no empty Topic Name", protocolVersion: V311, hex: "30 02 0000", reasonCode: protocolError },
  { name: "a Topic Name has no #", protocolVersion: V5, hex: '30 06 0003"a/#" 00', reasonCode: malformed },
  { name: "a Topic Name has no + in 3.1.1", protocolVersion: V311, hex: '30 05 0003"+/a"', reasonCode: malformed },
  { name: "QoS 3 is malformed", protocolVersion: V5, hex: '36 06 0001"a" 0001 00', reasonCode: malformed },
  { name: "DUP at QoS 0 is malformed", protocolVersion: V5, hex: '38 04 0001"a" 00', reasonCode: malformed },
  {
    name: "DUP at QoS 0 is malformed in 3.1.1",
    protocolVersion: V311,
    hex: '38 03 0001"a"',
    reasonCode: malformed,
  },
  {
    name: "the Packet Identifier of a PUBLISH is not 0",
    protocolVersion: V5,
    hex: '32 06 0001"a" 0000 00',
    reasonCode: protocolError,
  },
  {
    name: "the Packet Identifier of a PUBLISH is not 0 in 3.1.1",
    protocolVersion: V311,
    hex: '34 05 0001"a" 0000',
    reasonCode: protocolError,
  },
  { name: "a Topic Name that is cut short", protocolVersion: V5, hex: '30 05 0009"a" 00 00', reasonCode: malformed },
  { name: "a PUBLISH with half a length", protocolVersion: V5, hex: "30 01 00", reasonCode: malformed },
  { name: "a PUBLISH without Packet Identifier", protocolVersion: V311, hex: '32 03 0001"a"', reasonCode: malformed },
  { name: "a PUBLISH without Property Length", protocolVersion: V5, hex: '30 03 0001"a"', reasonCode: malformed },
  {
    name: "a Response Topic has no wildcards [MQTT-3.3.2-14]",
    protocolVersion: V5,
    hex: '30 0a 0001"a" 06 08 0003"r/+"',
    reasonCode: protocolError,
  },
];

const { Puback, Pubrec, Pubrel, Pubcomp } = PacketType;

/** §3.4-§3.7 PUBACK, PUBREC, PUBREL, PUBCOMP. */
export const acknowledgementCases: readonly Case[] = [
  ...(
    [
      ["PUBACK", Puback, "40", 0x10],
      ["PUBREC", Pubrec, "50", 0x97],
      ["PUBREL", Pubrel, "62", 0x92],
      ["PUBCOMP", Pubcomp, "70", 0x92],
    ] as const
  ).flatMap(([name, type, first, reasonCode]): Case[] => [
    {
      name: `a ${name} that says Success has its Packet Identifier alone`,
      protocolVersion: V5,
      hex: `${first} 02 0102`,
      packet: acknowledgement(type, { packetIdentifier: 258 }),
    },
    { name: `a ${name} of 3.1.1`, protocolVersion: V311, hex: `${first} 02 0001`, packet: acknowledgement(type) },
    {
      name: `a ${name} with Reason Code and without Property Length`,
      protocolVersion: V5,
      hex: `${first} 03 0001 ${reasonCode.toString(16)}`,
      packet: acknowledgement(type, { reasonCode: reasonCode as 0 }),
    },
    {
      name: `a ${name} with Success and an empty Property Length`,
      protocolVersion: V5,
      only: "decode",
      hex: `${first} 04 0001 00 00`,
      packet: acknowledgement(type),
    },
    {
      name: `a ${name} with Reason String and User Properties`,
      protocolVersion: V5,
      hex: `${first} 14 0001 00 10 1f 0001"r" 26 0000 0001"v" 26 0001"k" 0000`,
      packet: acknowledgement(type, {
        properties: {
          reasonString: "r",
          userProperties: [
            ["", "v"],
            ["k", ""],
          ],
        },
      }),
    },
    {
      name: `the Packet Identifier of a ${name} is not 0`,
      protocolVersion: V5,
      hex: `${first} 02 0000`,
      reasonCode: 0x82,
    },
    {
      name: `the Packet Identifier of a ${name} is not 0 in 3.1.1`,
      protocolVersion: V311,
      hex: `${first} 02 0000`,
      reasonCode: 0x82,
    },
    { name: `a ${name} with half a Packet Identifier`, protocolVersion: V5, hex: `${first} 01 00`, reasonCode: 0x81 },
    {
      name: `a ${name} of 3.1.1 has no Reason Code`,
      protocolVersion: V311,
      hex: `${first} 03 0001 00`,
      reasonCode: 0x81,
    },
    {
      name: `a ${name} ends with its Properties`,
      protocolVersion: V5,
      hex: `${first} 05 0001 00 00 00`,
      reasonCode: 0x81,
    },
    {
      name: `a ${name} without bytes`,
      protocolVersion: V5,
      hex: `${first} 00`,
      reasonCode: 0x81,
    },
  ]),
];
