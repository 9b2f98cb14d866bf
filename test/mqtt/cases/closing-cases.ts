import { pingreq, pingresp } from "../../../src/mqtt/ping.ts";
import { bytes } from "../frames.ts";
import { auth, disconnect } from "../packets.ts";
import { type Case, malformed, protocolError, V5, V311 } from "./case.ts";

/** §3.12 PINGREQ, §3.13 PINGRESP. */
export const pingCases: readonly Case[] = [
  { name: "PINGREQ", protocolVersion: V5, hex: "c0 00", packet: pingreq },
  { name: "PINGREQ of 3.1.1", protocolVersion: V311, hex: "c0 00", packet: pingreq },
  { name: "PINGRESP", protocolVersion: V5, hex: "d0 00", packet: pingresp },
  { name: "PINGRESP of 3.1.1", protocolVersion: V311, hex: "d0 00", packet: pingresp },
  {
    name: "a PINGREQ has nothing behind its fixed header",
    protocolVersion: V5,
    hex: "c0 01 00",
    reasonCode: malformed,
  },
  {
    name: "a PINGRESP has nothing behind its fixed header",
    protocolVersion: V5,
    hex: "d0 01 00",
    reasonCode: malformed,
  },
];

/** §3.14 DISCONNECT. */
export const disconnectCases: readonly Case[] = [
  { name: "Normal disconnection", protocolVersion: V5, hex: "e0 00", packet: disconnect() },
  { name: "a DISCONNECT of 3.1.1", protocolVersion: V311, hex: "e0 00", packet: disconnect() },
  {
    name: "a DISCONNECT with Reason Code and without Property Length",
    protocolVersion: V5,
    hex: "e0 01 04",
    packet: disconnect({ reasonCode: 4 }),
  },
  {
    name: "a DISCONNECT with an empty Property Length",
    protocolVersion: V5,
    only: "decode",
    hex: "e0 02 8e 00",
    packet: disconnect({ reasonCode: 0x8e }),
  },
  {
    name: "Normal disconnection with its byte",
    protocolVersion: V5,
    only: "decode",
    hex: "e0 01 00",
    packet: disconnect(),
  },
  {
    name: "a DISCONNECT with everything",
    protocolVersion: V5,
    hex: 'e0 18 9d 16 11 00000000 1c 0003"b:1" 1f 0001"r" 26 0001"k" 0001"v"',
    packet: disconnect({
      reasonCode: 0x9d,
      properties: {
        sessionExpiryIntervalSeconds: 0,
        reasonString: "r",
        userProperties: [["k", "v"]],
        serverReference: "b:1",
      },
    }),
  },
  {
    name: "Normal disconnection with Properties",
    protocolVersion: V5,
    hex: "e0 07 00 05 11 0000000a",
    packet: disconnect({ properties: { sessionExpiryIntervalSeconds: 10 } }),
  },
  {
    name: "a DISCONNECT says nothing in 3.1.1",
    protocolVersion: V311,
    only: "encode",
    hex: "e0 00",
    packet: disconnect({ reasonCode: 0x8e, properties: { reasonString: "r" } }),
  },
  { name: "a DISCONNECT of 3.1.1 is empty", protocolVersion: V311, hex: "e0 01 00", reasonCode: malformed },
  { name: "a DISCONNECT ends with its Properties", protocolVersion: V5, hex: "e0 03 00 00 00", reasonCode: malformed },
];

/** §3.15 AUTH. */
export const authCases: readonly Case[] = [
  { name: "the smallest AUTH", protocolVersion: V5, hex: "f0 00", packet: auth() },
  {
    name: "an AUTH with everything",
    protocolVersion: V5,
    hex: 'f0 1d 18 1b 15 0005"SCRAM" 16 0002 00ff 1f 0004"more" 26 0001"k" 0001"v"',
    packet: auth({
      reasonCode: 0x18,
      properties: {
        authenticationMethod: "SCRAM",
        authenticationData: bytes("00ff"),
        reasonString: "more",
        userProperties: [["k", "v"]],
      },
    }),
  },
  {
    name: "an AUTH that says Success has an empty Property Length",
    protocolVersion: V5,
    only: "decode",
    hex: "f0 02 00 00",
    packet: auth(),
  },
  { name: "an AUTH with Reason Code", protocolVersion: V5, hex: "f0 02 19 00", packet: auth({ reasonCode: 0x19 }) },
  { name: "an AUTH without Property Length", protocolVersion: V5, hex: "f0 01 18", reasonCode: malformed },
  { name: "3.1.1 has no AUTH", protocolVersion: V311, hex: "f0 00", reasonCode: protocolError },
];
