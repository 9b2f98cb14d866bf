import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import type { Principal } from "../broker/authentication.ts";
import type { PublishProperties } from "../mqtt/packet.ts";
import type { QoS } from "../mqtt/packet-type.ts";
import type { Message } from "../session/message.ts";
import type { DeadLetter, DeadLetterCause } from "./dead-letters.ts";

/*
 * A file of dead letters is text, for people too. Each line has a checksum of its own, so that one that is damaged or was
 * cut off costs nothing but itself:
 *
 *   │ CRC-32 of the rest, 8 hexadecimal digits │ space │ JSON │ line feed │
 *
 *   { "number": 17, "cause": "refused", … }      a letter
 *   { "removed": [3, 9] }                        these are gone
 *   { "floor": 12 }                              all below are gone
 */

/** One line that was read. */
export type Line =
  | { readonly kind: "letter"; readonly number: number }
  | { readonly kind: "removed"; readonly numbers: readonly number[] }
  | { readonly kind: "floor"; readonly number: number };

const checksumLength = 8;

export function letterLine(number: number, letter: DeadLetter): Buffer {
  const { message, principal, at, ...rest } = letter;
  const { payload, properties, topicName, qos, retain } = message;
  const { correlationData, ...texts } = properties;
  return line({
    number,
    at: new Date(at).toISOString(),
    ...rest,
    principal: principal && { ...principal, claims: [...(principal.claims ?? [])] },
    topicName,
    qos,
    retain,
    properties: texts,
    correlationDataBase64: correlationData && base64(correlationData),
    payloadBase64: base64(payload),
  });
}

export function removedLine(numbers: readonly number[]): Buffer {
  return line({ removed: numbers });
}

export function floorLine(number: number): Buffer {
  return line({ floor: number });
}

/** What a line says, without its line feed; undefined when it is damaged. */
export function readLine(bytes: Buffer): Line | undefined {
  const json = contentOf(bytes);
  if (json === undefined) return undefined;
  const { number, removed, floor } = json;
  if (typeof number === "number") return { kind: "letter", number };
  if (typeof floor === "number") return { kind: "floor", number: floor };
  return Array.isArray(removed) ? { kind: "removed", numbers: removed } : undefined;
}

/** The letter in a line; undefined when it is damaged. Its message has no expiry until it is sent again. */
export function readLetter(bytes: Buffer): DeadLetter | undefined {
  const json = contentOf(bytes) as unknown as LetterJson | undefined;
  if (json === undefined) return undefined;
  const { cause, at, clientId, principal, reasonCode, reason, place, properties } = json;
  const { topicName, qos, retain, payloadBase64, correlationDataBase64 } = json;
  const message: Message = {
    topicName,
    payload: Buffer.from(payloadBase64, "base64"),
    qos,
    retain,
    properties: {
      payloadFormatIndicator: properties.payloadFormatIndicator,
      messageExpiryIntervalSeconds: properties.messageExpiryIntervalSeconds,
      contentType: properties.contentType,
      responseTopic: properties.responseTopic,
      correlationData: correlationDataBase64 === undefined ? undefined : Buffer.from(correlationDataBase64, "base64"),
      userProperties: properties.userProperties,
    },
    expiresAt: Number.POSITIVE_INFINITY,
  };
  const who = principal && { ...principal, claims: new Map(principal.claims) };
  return { cause, at: Date.parse(at), clientId, principal: who, reasonCode, reason, place, message };
}

interface LetterJson extends Pick<Message, "topicName" | "retain"> {
  readonly cause: DeadLetterCause;
  readonly at: string;
  readonly clientId: string;
  readonly principal:
    | (Omit<Principal, "claims"> & { readonly claims: readonly (readonly [string, readonly string[]])[] })
    | undefined;
  readonly reasonCode: number;
  readonly reason: string;
  readonly place: string;
  readonly qos: QoS;
  readonly properties: Omit<PublishProperties, "correlationData">;
  readonly correlationDataBase64: string | undefined;
  readonly payloadBase64: string;
}

function line(json: object): Buffer {
  const text = JSON.stringify(json);
  return Buffer.from(`${crc32(text).toString(16).padStart(checksumLength, "0")} ${text}\n`);
}

/** Of a line that is as it was written. */
function contentOf(bytes: Buffer): Record<string, unknown> | undefined {
  const content = bytes.subarray(checksumLength + 1);
  if (bytes.toString("latin1", 0, checksumLength) !== crc32(content).toString(16).padStart(checksumLength, "0"))
    return undefined;
  return JSON.parse(content.toString());
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}
