import { Buffer, isUtf8 } from "node:buffer";
import type { Message } from "../session/message.ts";

/** A message, for people. Times are ISO 8601. */
export interface MessageRow {
  readonly topicName: string;
  readonly qos: number;
  readonly retain: boolean;
  /** Of the payload. */
  readonly bytes: number;
  /** Known only of a message with a Message Expiry Interval. */
  readonly publishedAt: string | null;
  /** Null is never. */
  readonly expiresAt: string | null;
  readonly properties?: {
    readonly payloadFormatIndicator?: number;
    readonly contentType?: string;
    readonly responseTopic?: string;
    readonly correlationDataBase64?: string;
    readonly userProperties?: readonly (readonly [string, string])[];
  };
  /** When it is UTF-8 text; otherwise it is in `payloadBase64`. */
  readonly payload?: string;
  readonly payloadBase64?: string;
}

/** @param whole with payload and Properties */
export function messageRow(message: Message, qos: number, whole: boolean): MessageRow {
  const { topicName, retain, payload, expiresAt, properties } = message;
  const { messageExpiryIntervalSeconds: interval } = properties;
  const row: MessageRow = {
    topicName,
    qos,
    retain,
    bytes: payload.length,
    publishedAt: interval === undefined ? null : timeText(expiresAt - interval * 1_000),
    expiresAt: timeText(expiresAt),
  };
  return whole ? { ...row, properties: propertiesOf(message), ...payloadOf(payload) } : row;
}

/** ISO 8601; null for never. */
export function timeText(at: number): string | null {
  return at === Number.POSITIVE_INFINITY ? null : new Date(at).toISOString();
}

/** Only those that the message has. */
function propertiesOf({ properties }: Message): NonNullable<MessageRow["properties"]> {
  const { payloadFormatIndicator, contentType, responseTopic, correlationData, userProperties } = properties;
  return {
    ...(payloadFormatIndicator !== undefined && { payloadFormatIndicator }),
    ...(contentType !== undefined && { contentType }),
    ...(responseTopic !== undefined && { responseTopic }),
    ...(correlationData !== undefined && { correlationDataBase64: Buffer.from(correlationData).toString("base64") }),
    ...(userProperties.length > 0 && { userProperties }),
  };
}

function payloadOf(payload: Uint8Array): Pick<MessageRow, "payload" | "payloadBase64"> {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  return isUtf8(bytes) ? { payload: bytes.toString() } : { payloadBase64: bytes.toString("base64") };
}
