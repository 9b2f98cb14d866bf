import { bytes } from "../frames.ts";
import { connack, connect, will } from "../packets.ts";
import { type Case, malformed, protocolError, V5, V311 } from "./case.ts";

const unsupported = 0x84;

/** §3.1 CONNECT. */
export const connectCases: readonly Case[] = [
  {
    name: "the smallest CONNECT",
    protocolVersion: V5,
    hex: '10 0d 0004"MQTT" 05 00 0000 00 0000',
    packet: connect(),
  },
  {
    name: "the smallest CONNECT of 3.1.1",
    protocolVersion: V311,
    hex: '10 0c 0004"MQTT" 04 02 0000 0000',
    packet: connect({ protocolVersion: 4, cleanStart: true }),
  },
  {
    name: "a CONNECT with everything",
    protocolVersion: V5,
    hex: `10 84 01 0004"MQTT" 05 f6 003c
      2d 11 ffffffff 15 0003"SCR" 16 0002 00ff 17 00 19 01 21 0064 22 0020 26 0001"k" 0001"v" 26 0001"k" 0001"w" 27 00100000
      0006"client"
      2b 01 01 02 0000003c 03 0004"text" 08 0003"a/b" 09 0002 0001 18 0000000a 26 0001"x" 0002"é" 26 0000 0000
      0006"will/t" 0003 010203
      0005"alice" 0002 7077`,
    packet: connect({
      cleanStart: true,
      keepAliveSeconds: 60,
      clientId: "client",
      will: will({
        topicName: "will/t",
        payload: bytes("010203"),
        qos: 2,
        retain: true,
        delayIntervalSeconds: 10,
        properties: {
          payloadFormatIndicator: 1,
          messageExpiryIntervalSeconds: 60,
          contentType: "text",
          responseTopic: "a/b",
          correlationData: bytes("0001"),
          userProperties: [
            ["x", "é"],
            ["", ""],
          ],
        },
      }),
      userName: "alice",
      password: bytes('"pw"'),
      properties: {
        sessionExpiryIntervalSeconds: 4_294_967_295,
        receiveMaximum: 100,
        maximumPacketSize: 1_048_576,
        topicAliasMaximum: 32,
        requestResponseInformation: true,
        requestProblemInformation: false,
        userProperties: [
          ["k", "v"],
          ["k", "w"],
        ],
        authenticationMethod: "SCR",
        authenticationData: bytes("00ff"),
      },
    }),
  },
  {
    name: "a CONNECT of 3.1.1 with everything",
    protocolVersion: V311,
    hex: '10 1b 0004"MQTT" 04 ee ffff 0001"c" 0001"w" 0002"hi" 0001"u" 0002 00ff',
    packet: connect({
      protocolVersion: 4,
      cleanStart: true,
      keepAliveSeconds: 65_535,
      clientId: "c",
      will: will({ payload: bytes('"hi"'), qos: 1, retain: true }),
      userName: "u",
      password: bytes("00ff"),
    }),
  },
  {
    name: "MQTT 5.0 allows a Password without a User Name",
    protocolVersion: V5,
    hex: '10 11 0004"MQTT" 05 40 0000 00 0000 0002 0102',
    packet: connect({ password: bytes("0102") }),
  },
  {
    name: "an empty User Name is another thing than none",
    protocolVersion: V5,
    hex: '10 0f 0004"MQTT" 05 80 0000 00 0000 0000',
    packet: connect({ userName: "" }),
  },
  {
    name: "a Will Delay Interval of 0 is the same as none",
    protocolVersion: V5,
    only: "decode",
    hex: '10 18 0004"MQTT" 05 04 0000 00 0000 05 18 00000000 0001"w" 0000',
    packet: connect({ will: will() }),
  },
  {
    name: "a byte order mark in a text is kept [MQTT-1.5.4-3]",
    protocolVersion: V5,
    hex: '10 11 0004"MQTT" 05 00 0000 00 0004 efbbbf"c"',
    packet: connect({ clientId: "\ufeffc" }),
  },
  {
    name: "MQTT 3.1 is refused, and its answer written as 3.1.1",
    protocolVersion: V5,
    hex: '10 0f 0006"MQIsdp" 03 02 0000 0001"c"',
    reasonCode: unsupported,
    answerVersion: 4,
  },
  {
    name: "another protocol name is refused",
    protocolVersion: V5,
    hex: '10 0c 0004"HTTP" 04 02 0000 0000',
    reasonCode: unsupported,
  },
  {
    name: "the protocol name is compared in its capitals",
    protocolVersion: V5,
    hex: '10 0c 0004"mqtt" 04 02 0000 0000',
    reasonCode: unsupported,
  },
  {
    name: "a Protocol Version below 4 is refused in 3.1.1",
    protocolVersion: V5,
    hex: '10 0c 0004"MQTT" 03 02 0000 0000',
    reasonCode: unsupported,
    answerVersion: 4,
  },
  {
    name: "a Protocol Version above 5 is refused in 5.0",
    protocolVersion: V5,
    hex: '10 0d 0004"MQTT" 06 02 0000 00 0000',
    reasonCode: unsupported,
    answerVersion: 5,
  },
  {
    name: "the bridge bit of the Protocol Version is refused",
    protocolVersion: V5,
    hex: '10 0c 0004"MQTT" 84 02 0000 0000',
    reasonCode: unsupported,
    answerVersion: 5,
  },
  {
    name: "the reserved Connect Flag must be 0",
    protocolVersion: V5,
    hex: '10 0d 0004"MQTT" 05 03 0000 00 0000',
    reasonCode: malformed,
    answerVersion: 5,
  },
  {
    name: "the reserved Connect Flag must be 0 in 3.1.1",
    protocolVersion: V5,
    hex: '10 0c 0004"MQTT" 04 03 0000 0000',
    reasonCode: malformed,
    answerVersion: 4,
  },
  {
    name: "Will QoS without a Will is malformed",
    protocolVersion: V5,
    hex: '10 0d 0004"MQTT" 05 0a 0000 00 0000',
    reasonCode: malformed,
  },
  {
    name: "Will Retain without a Will is malformed",
    protocolVersion: V5,
    hex: '10 0d 0004"MQTT" 05 22 0000 00 0000',
    reasonCode: malformed,
  },
  {
    name: "Will QoS 3 is malformed",
    protocolVersion: V5,
    hex: '10 13 0004"MQTT" 05 1e 0000 00 0000 00 0001"w" 0000',
    reasonCode: malformed,
  },
  {
    name: "a Will Topic has no wildcards",
    protocolVersion: V5,
    hex: '10 13 0004"MQTT" 05 06 0000 00 0000 00 0001"#" 0000',
    reasonCode: malformed,
  },
  {
    name: "a Will Topic is not empty",
    protocolVersion: V5,
    hex: '10 12 0004"MQTT" 05 06 0000 00 0000 00 0000 0000',
    reasonCode: malformed,
  },
  {
    name: "a Password without a User Name is malformed in 3.1.1",
    protocolVersion: V311,
    hex: '10 10 0004"MQTT" 04 42 0000 0000 0002 0102',
    reasonCode: malformed,
    answerVersion: 4,
  },
  {
    name: "a User Name that is announced must be there",
    protocolVersion: V5,
    hex: '10 0d 0004"MQTT" 05 82 0000 00 0000',
    reasonCode: malformed,
    answerVersion: 5,
  },
  {
    name: "a User Name that is not announced must not be there",
    protocolVersion: V5,
    hex: '10 10 0004"MQTT" 05 02 0000 00 0000 0001"u"',
    reasonCode: malformed,
    answerVersion: 5,
  },
  {
    name: "the Client Identifier must be there",
    protocolVersion: V5,
    hex: '10 0b 0004"MQTT" 05 02 0000 00',
    reasonCode: malformed,
    answerVersion: 5,
  },
  {
    name: "Authentication Data needs an Authentication Method",
    protocolVersion: V5,
    hex: '10 11 0004"MQTT" 05 02 0000 04 16 0001 00 0000',
    reasonCode: protocolError,
    answerVersion: 5,
  },
  {
    name: "a CONNECT without a byte of it is malformed",
    protocolVersion: V5,
    hex: "10 00",
    reasonCode: malformed,
  },
  {
    name: "a text is not well-formed UTF-8 with a surrogate in it [MQTT-1.5.4-1]",
    protocolVersion: V5,
    hex: '10 10 0004"MQTT" 05 02 0000 00 0003 eda080',
    reasonCode: malformed,
  },
  {
    name: "a text is not well-formed UTF-8 with a lone byte in it [MQTT-1.5.4-1]",
    protocolVersion: V5,
    hex: '10 0e 0004"MQTT" 05 02 0000 00 0001 ff',
    reasonCode: malformed,
  },
  {
    name: "U+FFFD that was sent as such is no error",
    protocolVersion: V5,
    hex: '10 10 0004"MQTT" 05 00 0000 00 0003 efbfbd',
    packet: connect({ clientId: "\ufffd" }),
  },
  {
    name: "a text holds no U+0000 [MQTT-1.5.4-2]",
    protocolVersion: V5,
    hex: '10 0f 0004"MQTT" 05 02 0000 00 0002"c"00',
    reasonCode: malformed,
  },
];

/** §3.2 CONNACK. */
export const connackCases: readonly Case[] = [
  { name: "the smallest CONNACK", protocolVersion: V5, hex: "20 03 00 00 00", packet: connack() },
  { name: "the smallest CONNACK of 3.1.1", protocolVersion: V311, hex: "20 02 00 00", packet: connack() },
  {
    name: "Session Present",
    protocolVersion: V5,
    hex: "20 03 01 00 00",
    packet: connack({ sessionPresent: true }),
  },
  {
    name: "Session Present in 3.1.1",
    protocolVersion: V311,
    hex: "20 02 01 00",
    packet: connack({ sessionPresent: true }),
  },
  {
    name: "a CONNACK with everything",
    protocolVersion: V5,
    hex: `20 4a 00 00 47 11 00000e10 12 0002"id" 13 001e 15 0001"m" 16 0001 00 1a 0002"ri" 1c 0002"sr" 1f 0002"ok"
      21 0064 22 0020 24 01 25 01 26 0001"k" 0001"v" 26 0001"k" 0001"w" 27 00100000 28 01 29 00 2a 01`,
    packet: connack({
      properties: {
        sessionExpiryIntervalSeconds: 3_600,
        receiveMaximum: 100,
        maximumQoS: 1,
        retainAvailable: true,
        maximumPacketSize: 1_048_576,
        assignedClientId: "id",
        topicAliasMaximum: 32,
        reasonString: "ok",
        userProperties: [
          ["k", "v"],
          ["k", "w"],
        ],
        wildcardSubscriptionAvailable: true,
        subscriptionIdentifierAvailable: false,
        sharedSubscriptionAvailable: true,
        serverKeepAliveSeconds: 30,
        responseInformation: "ri",
        serverReference: "sr",
        authenticationMethod: "m",
        authenticationData: bytes("00"),
      },
    }),
  },
  {
    name: "a refusal",
    protocolVersion: V5,
    hex: "20 03 00 87 00",
    packet: connack({ reasonCode: 0x87 }),
  },
  ...returnCodes([
    [1, 0x84],
    [2, 0x85],
    [3, 0x88],
    [4, 0x86],
    [5, 0x87],
  ]),
  ...returnCodes(
    [
      [3, 0x80],
      [3, 0x82],
      [3, 0x89],
      [3, 0x95],
      [3, 0x97],
      [3, 0x9c],
      [3, 0x9f],
      [5, 0x8a],
      [5, 0x8c],
    ],
    "encode",
  ),
  { name: "reserved CONNACK flags must be 0", protocolVersion: V5, hex: "20 03 02 00 00", reasonCode: malformed },
  {
    name: "a CONNACK that refuses has no Session Present [MQTT-3.2.2-6]",
    protocolVersion: V5,
    hex: "20 03 01 87 00",
    reasonCode: protocolError,
  },
  {
    name: "return codes above 5 are reserved in 3.1.1",
    protocolVersion: V311,
    hex: "20 02 00 06",
    reasonCode: protocolError,
  },
  { name: "a CONNACK without Property Length", protocolVersion: V5, hex: "20 02 00 00", reasonCode: malformed },
  {
    name: "a CONNACK of 3.1.1 with Properties",
    protocolVersion: V311,
    hex: "20 03 00 00 00",
    reasonCode: malformed,
  },
];

function returnCodes(pairs: readonly (readonly [number, number])[], only?: "encode"): Case[] {
  return pairs.map(([returnCode, reasonCode]) => ({
    name: `Reason Code 0x${reasonCode.toString(16)} is return code ${returnCode} in 3.1.1`,
    protocolVersion: V311,
    hex: `20 02 00 0${returnCode}`,
    packet: connack({ reasonCode: reasonCode as 0x80 }),
    ...(only === undefined ? {} : { only }),
  }));
}
