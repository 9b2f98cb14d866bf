import { request, suback, subscribe, unsuback, unsubscribe } from "../packets.ts";
import { type Case, malformed, protocolError, V5, V311 } from "./case.ts";

/** §3.8 SUBSCRIBE. */
export const subscribeCases: readonly Case[] = [
  { name: "the smallest SUBSCRIBE", protocolVersion: V5, hex: '82 07 0001 00 0001"a" 00', packet: subscribe() },
  { name: "the smallest SUBSCRIBE of 3.1.1", protocolVersion: V311, hex: '82 06 0001 0001"a" 00', packet: subscribe() },
  {
    name: "a SUBSCRIBE with all options",
    protocolVersion: V5,
    hex: '82 26 ffff 0b 0b 808001 26 0001"k" 0001"v" 0003"a/#" 01 0001"+" 06 0001"b" 08 0001"c" 10 0003"$s/" 2e',
    packet: subscribe({
      packetIdentifier: 65_535,
      subscriptionIdentifier: 16_384,
      userProperties: [["k", "v"]],
      subscriptions: [
        request({ topicFilter: "a/#", qos: 1 }),
        request({ topicFilter: "+", qos: 2, noLocal: true }),
        request({ topicFilter: "b", retainAsPublished: true }),
        request({ topicFilter: "c", retainHandling: 1 }),
        request({ topicFilter: "$s/", qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 2 }),
      ],
    }),
  },
  {
    name: "three Topic Filters in 3.1.1",
    protocolVersion: V311,
    hex: '82 10 0102 0001"#" 00 0001"b" 01 0003"c/+" 02',
    packet: subscribe({
      packetIdentifier: 258,
      subscriptions: [
        request({ topicFilter: "#" }),
        request({ topicFilter: "b", qos: 1 }),
        request({ topicFilter: "c/+", qos: 2 }),
      ],
    }),
  },
  {
    name: "a SUBSCRIBE has a Topic Filter",
    protocolVersion: V5,
    hex: "82 03 0001 00",
    reasonCode: protocolError,
  },
  {
    name: "a SUBSCRIBE has a Topic Filter in 3.1.1",
    protocolVersion: V311,
    hex: "82 02 0001",
    reasonCode: protocolError,
  },
  {
    name: "the Packet Identifier of a SUBSCRIBE is not 0",
    protocolVersion: V5,
    hex: '82 07 0000 00 0001"a" 00',
    reasonCode: protocolError,
  },
  {
    name: "the Packet Identifier of a SUBSCRIBE is not 0 in 3.1.1",
    protocolVersion: V311,
    hex: '82 06 0000 0001"a" 00',
    reasonCode: protocolError,
  },
  { name: "a Topic Filter is not empty", protocolVersion: V5, hex: "82 06 0001 00 0000 00", reasonCode: malformed },
  {
    name: "a Topic Filter has Subscription Options",
    protocolVersion: V5,
    hex: '82 06 0001 00 0001"a"',
    reasonCode: malformed,
  },
  {
    name: "bit 6 of the Subscription Options is reserved",
    protocolVersion: V5,
    hex: '82 07 0001 00 0001"a" 40',
    reasonCode: malformed,
  },
  {
    name: "bit 7 of the Subscription Options is reserved",
    protocolVersion: V5,
    hex: '82 07 0001 00 0001"a" 80',
    reasonCode: malformed,
  },
  {
    name: "QoS 3 is no Subscription Option",
    protocolVersion: V5,
    hex: '82 07 0001 00 0001"a" 03',
    reasonCode: protocolError,
  },
  {
    name: "Retain Handling 3 is no Subscription Option",
    protocolVersion: V5,
    hex: '82 07 0001 00 0001"a" 30',
    reasonCode: protocolError,
  },
  {
    name: "QoS 3 is reserved in 3.1.1",
    protocolVersion: V311,
    hex: '82 06 0001 0001"a" 03',
    reasonCode: malformed,
  },
  {
    name: "the options of 5.0 are reserved in 3.1.1",
    protocolVersion: V311,
    hex: '82 06 0001 0001"a" 04',
    reasonCode: malformed,
  },
];

/** §3.9 SUBACK. */
export const subackCases: readonly Case[] = [
  { name: "the smallest SUBACK", protocolVersion: V5, hex: "90 04 0001 00 00", packet: suback() },
  {
    name: "a SUBACK with everything",
    protocolVersion: V5,
    hex: '90 15 ffff 0d 1f 0003"why" 26 0001"k" 0001"v" 00 01 02 87 a2',
    packet: suback({
      packetIdentifier: 65_535,
      reasonCodes: [0, 1, 2, 0x87, 0xa2],
      properties: { reasonString: "why", userProperties: [["k", "v"]] },
    }),
  },
  {
    name: "the return codes of 3.1.1",
    protocolVersion: V311,
    hex: "90 06 0001 00 01 02 80",
    packet: suback({ reasonCodes: [0, 1, 2, 0x80] }),
  },
  {
    name: "every failure is 0x80 in 3.1.1",
    protocolVersion: V311,
    only: "encode",
    hex: "90 05 0001 80 80 02",
    packet: suback({ reasonCodes: [0x87, 0x97, 2] }),
  },
  { name: "a SUBACK has a Reason Code", protocolVersion: V5, hex: "90 03 0001 00", reasonCode: protocolError },
  { name: "a SUBACK has a return code in 3.1.1", protocolVersion: V311, hex: "90 02 0001", reasonCode: protocolError },
  { name: "0x87 is no return code in 3.1.1", protocolVersion: V311, hex: "90 03 0001 87", reasonCode: protocolError },
  {
    name: "the Packet Identifier of a SUBACK is not 0",
    protocolVersion: V5,
    hex: "90 04 0000 00 00",
    reasonCode: protocolError,
  },
];

/** §3.10 UNSUBSCRIBE. */
export const unsubscribeCases: readonly Case[] = [
  { name: "the smallest UNSUBSCRIBE", protocolVersion: V5, hex: 'a2 06 0001 00 0001"a"', packet: unsubscribe() },
  {
    name: "the smallest UNSUBSCRIBE of 3.1.1",
    protocolVersion: V311,
    hex: 'a2 05 0001 0001"a"',
    packet: unsubscribe(),
  },
  {
    name: "an UNSUBSCRIBE with everything",
    protocolVersion: V5,
    hex: 'a2 13 0102 07 26 0001"k" 0001"v" 0003"a/#" 0002"é"',
    packet: unsubscribe({ packetIdentifier: 258, topicFilters: ["a/#", "é"], userProperties: [["k", "v"]] }),
  },
  { name: "an UNSUBSCRIBE has a Topic Filter", protocolVersion: V5, hex: "a2 03 0001 00", reasonCode: protocolError },
  {
    name: "an UNSUBSCRIBE has a Topic Filter in 3.1.1",
    protocolVersion: V311,
    hex: "a2 02 0001",
    reasonCode: protocolError,
  },
  {
    name: "the Packet Identifier of an UNSUBSCRIBE is not 0",
    protocolVersion: V5,
    hex: 'a2 06 0000 00 0001"a"',
    reasonCode: protocolError,
  },
  {
    name: "a Topic Filter of UNSUBSCRIBE is not empty",
    protocolVersion: V311,
    hex: "a2 04 0001 0000",
    reasonCode: malformed,
  },
  {
    name: "a Topic Filter of UNSUBSCRIBE is whole",
    protocolVersion: V311,
    hex: 'a2 05 0001 0002"a"',
    reasonCode: malformed,
  },
];

/** §3.11 UNSUBACK. */
export const unsubackCases: readonly Case[] = [
  { name: "the smallest UNSUBACK", protocolVersion: V5, hex: "b0 04 0001 00 00", packet: unsuback() },
  {
    name: "an UNSUBACK with everything",
    protocolVersion: V5,
    hex: 'b0 11 0001 0b 1f 0001"r" 26 0001"k" 0001"v" 00 11 8f',
    packet: unsuback({
      reasonCodes: [0, 0x11, 0x8f],
      properties: { reasonString: "r", userProperties: [["k", "v"]] },
    }),
  },
  {
    name: "an UNSUBACK of 3.1.1 has no payload",
    protocolVersion: V311,
    hex: "b0 02 0001",
    packet: unsuback({ reasonCodes: [] }),
  },
  {
    name: "the Reason Codes of an UNSUBACK are left out in 3.1.1",
    protocolVersion: V311,
    only: "encode",
    hex: "b0 02 0001",
    packet: unsuback({ reasonCodes: [0, 0x11] }),
  },
  { name: "an UNSUBACK has a Reason Code", protocolVersion: V5, hex: "b0 03 0001 00", reasonCode: protocolError },
  { name: "an UNSUBACK with a payload in 3.1.1", protocolVersion: V311, hex: "b0 03 0001 00", reasonCode: malformed },
  {
    name: "the Packet Identifier of an UNSUBACK is not 0",
    protocolVersion: V5,
    hex: "b0 04 0000 00 00",
    reasonCode: protocolError,
  },
];
