import { parsePacket } from "../../src/mqtt/notation.ts";
import type { ProtocolVersion } from "../../src/mqtt/packet-type.ts";

/** What may become of bad bytes. */
export type Outcome =
  /** 5.0 is told this Reason Code, in DISCONNECT or, before the Session stands, CONNACK; 3.1.1 is closed. */
  | { readonly kind: "ends"; readonly reasonCode: number }
  /** CONNACK with this Reason Code, then closed, in 3.1.1 too. */
  | { readonly kind: "refused"; readonly reasonCode: number }
  /** Closed without a word. */
  | { readonly kind: "closed" }
  /** Taken, nothing said, the connection goes on. */
  | { readonly kind: "ignored" }
  /** These packets, in the corpus' notation, and the connection goes on. */
  | { readonly kind: "answered"; readonly packets: readonly string[] }
  /** Half a packet: the Server waits for the rest. */
  | { readonly kind: "waits" };

/** Bytes that no Client should send, and what may become of them. */
export interface Input {
  /** A sentence with the ids of the statements that it is about. */
  readonly title: string;
  /** Where it stands, for people. */
  readonly place: string;
  readonly version: ProtocolVersion;
  readonly bytes: Uint8Array;
  /** How far the Network Connection is when they come: opened only, or with a Session. */
  readonly stage: "opened" | "connected";
  /** The CONNECT of the Session, as text. */
  readonly connect: string;
  /** Legal packets that come before, as text. */
  readonly after: readonly string[];
  /** Any of these is right. */
  readonly outcomes: readonly Outcome[];
}

/** The CONNECT of an input that names none. */
export const plainConnect = "CONNECT bad clean";

const word = /^(?:ends|refused) 0x([0-9a-f]{2})$/;

/**
 * Outcomes as text: `ends 0x81`, `refused 0x84`, `closed`, `ignored`, `waits`, `answered PUBACK #1 & PINGRESP`; several are
 * separated by ` or `.
 * @throws Error for what is none
 */
export function parseOutcomes(text: string): Outcome[] {
  return text.split(" or ").map(parseOutcome);
}

function parseOutcome(text: string): Outcome {
  const reasonCode = word.exec(text)?.[1];
  if (reasonCode !== undefined) {
    return { kind: text.startsWith("ends") ? "ends" : "refused", reasonCode: Number.parseInt(reasonCode, 16) };
  }
  if (text === "closed" || text === "ignored" || text === "waits") return { kind: text };
  const answered = /^answered (.+)$/.exec(text)?.[1];
  if (answered === undefined) throw new Error(`This is no outcome: ${text}`);
  const packets = answered.split(" & ");
  for (const packet of packets) parsePacket(packet);
  return { kind: "answered", packets };
}
