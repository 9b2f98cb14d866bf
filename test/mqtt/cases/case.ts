import type { Packet } from "../../../src/mqtt/packet.ts";
import type { ProtocolVersion } from "../../../src/mqtt/packet-type.ts";
import type { ReasonCode } from "../../../src/mqtt/reason-code.ts";

interface Bytes {
  /** A sentence: the rule that the case shows. */
  readonly name: string;
  readonly protocolVersion: ProtocolVersion;
  /** The bytes of one frame, as `bytes` in frames.ts reads them. */
  readonly hex: string;
}

/** Bytes and the packet that they are. */
export interface GoodCase extends Bytes {
  readonly packet: Packet;
  /** The codec writes the packet in other bytes, or reads the bytes as another packet; both ways when absent. */
  readonly only?: "decode" | "encode";
}

/** Bytes that are no packet, with the Reason Code that says why. */
export interface BadCase extends Bytes {
  readonly reasonCode: ReasonCode;
  /** Whether the version is known when it fails, which a CONNECT's answer depends on. */
  readonly answerVersion?: ProtocolVersion;
}

export type Case = GoodCase | BadCase;

export const V311: ProtocolVersion = 4;
export const V5: ProtocolVersion = 5;

export const malformed: typeof ReasonCode.MalformedPacket = 0x81;
export const protocolError: typeof ReasonCode.ProtocolError = 0x82;
