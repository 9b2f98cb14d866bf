import { UsageError } from "../service/errors.ts";
import { visible } from "./client-problems.ts";
import { bytesToJson, type MessageProperties, messagePropertiesToJson } from "./client-properties.ts";

/** A message as `sub` got it. */
export interface IncomingMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly duplicate: boolean;
  readonly properties: MessageProperties;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
}

/** Makes of a message what is written to stdout, end of line included. */
export type MessageFormat = (message: IncomingMessage) => Buffer;

/** The payload alone: bytes as they are, or for a terminal what cannot harm it. */
export function plainFormat(isTerminal: boolean): MessageFormat {
  return ({ payload }) => Buffer.concat([payloadBytes(payload, isTerminal), endOfLine]);
}

/** Topic and payload, a space between. */
export function verboseFormat(isTerminal: boolean): MessageFormat {
  return ({ topic, payload }) => {
    return Buffer.concat([topicBytes(topic, isTerminal), space, payloadBytes(payload, isTerminal), endOfLine]);
  };
}

/** One object a line, which `pub --batch` can read again. */
export function jsonFormat(): MessageFormat {
  return ({ topic, payload, qos, retain, duplicate, properties, receivedAt }) => {
    const shown = messagePropertiesToJson(properties);
    const message = {
      topic,
      ...bytesToJson("payload", payload),
      qos,
      retain,
      ...(duplicate ? { duplicate } : {}),
      ...(Object.keys(shown).length === 0 ? {} : { properties: shown }),
      receivedAt: new Date(receivedAt).toISOString(),
    };
    return Buffer.from(`${JSON.stringify(message)}\n`);
  };
}

/**
 * A line of the user's own, with placeholders as `%t`.
 * @throws UsageError for one that there is not
 */
export function templateFormat(template: string, isTerminal: boolean): MessageFormat {
  const parts = partsOf(template);
  return (message) => {
    const bytes = parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part(message, isTerminal)));
    return Buffer.concat([...bytes, endOfLine]);
  };
}

/** What may stand in a template, for the help. */
export function placeholderHelp(): string {
  return Object.entries(placeholders)
    .map(([letter, { meaning }]) => `%${letter} ${meaning}`)
    .join(", ");
}

interface Placeholder {
  readonly meaning: string;
  readonly bytes: (message: IncomingMessage, isTerminal: boolean) => Buffer;
}

const placeholders: Readonly<Record<string, Placeholder>> = {
  t: { meaning: "topic", bytes: ({ topic }, isTerminal) => topicBytes(topic, isTerminal) },
  p: { meaning: "payload", bytes: ({ payload }, isTerminal) => payloadBytes(payload, isTerminal) },
  x: { meaning: "payload in hexadecimal", bytes: ({ payload }) => Buffer.from(payload.toString("hex")) },
  l: { meaning: "its length in bytes", bytes: ({ payload }) => Buffer.from(String(payload.length)) },
  q: { meaning: "QoS", bytes: ({ qos }) => Buffer.from(String(qos)) },
  r: { meaning: "1 when retained, else 0", bytes: ({ retain }) => Buffer.from(retain ? "1" : "0") },
  I: { meaning: "time of arrival", bytes: ({ receivedAt }) => Buffer.from(new Date(receivedAt).toISOString()) },
  "%": { meaning: "a percent sign", bytes: () => Buffer.from("%") },
};

type Part = string | Placeholder["bytes"];

function partsOf(template: string): Part[] {
  const parts: Part[] = [];
  for (const [piece] of template.matchAll(/%.?|\\[nt\\]|[^%\\]+|\\/gsu)) {
    if (!piece.startsWith("%")) {
      parts.push(escapes[piece] ?? piece);
      continue;
    }
    const placeholder = placeholders[piece.slice(1)];
    if (placeholder === undefined)
      throw new UsageError(`--format: there is no ${piece}; there are ${placeholderHelp()}`);
    parts.push(placeholder.bytes);
  }
  return parts;
}

const escapes: Readonly<Record<string, string>> = { "\\n": "\n", "\\t": "\t", "\\\\": "\\" };
const endOfLine = Buffer.from("\n");
const space = Buffer.from(" ");

function topicBytes(topic: string, isTerminal: boolean): Buffer {
  return Buffer.from(isTerminal ? visible(topic) : topic);
}

/** Lines and tabs are left to a terminal; bytes that are no text are told it one by one. */
function payloadBytes(payload: Buffer, isTerminal: boolean): Buffer {
  if (!isTerminal) return payload;
  const text = payload.toString();
  const isText = Buffer.from(text).equals(payload);
  const shown = isText ? text : payload.toString("latin1").replace(/[\u0080-\u00ff]/g, hexadecimal);
  return Buffer.from(shown.replace(/[^\n\t]+/g, visible));
}

function hexadecimal(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
