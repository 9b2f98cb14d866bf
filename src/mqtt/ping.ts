import type { Pingreq, Pingresp } from "./packet.ts";
import { PacketType } from "./packet-type.ts";
import type { Writer } from "./writer.ts";

/** PINGREQ (§3.12); there is only one. */
export const pingreq: Pingreq = Object.freeze({ type: PacketType.Pingreq });

/** PINGRESP (§3.13); there is only one. */
export const pingresp: Pingresp = Object.freeze({ type: PacketType.Pingresp });

/** Writes PINGREQ or PINGRESP: a fixed header and nothing behind it. */
export function encodePing(packet: Pingreq | Pingresp, writer: Writer): void {
  writer.fixedHeader(packet.type << 4, 0);
}
