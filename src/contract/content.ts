import { isUtf8 } from "node:buffer";
import type { PublishRequest } from "../broker/policy.ts";

/** What a value of JSON can be. */
export type JsonType = "object" | "array" | "string" | "number" | "boolean" | "null";

/** How deep arrays and objects may stand in one another. */
const nestingMax = 512;

/** Below it nothing can be nested so deep that it costs, bytes. */
const nestingBytesMin = 4096;

/** The payload of a PUBLISH, read at most once. */
export class Content {
  readonly #publish: PublishRequest;
  #text: string | undefined | null = null;
  #json: unknown = undefined;
  #jsonProblem: string | undefined | null = null;

  constructor(publish: PublishRequest) {
    this.#publish = publish;
  }

  /** undefined when it is no UTF-8. */
  get text(): string | undefined {
    if (this.#text === null) {
      const bytes = bytesOf(this.#publish);
      this.#text = isUtf8(bytes) ? bytes.toString("utf8") : undefined;
    }
    return this.#text;
  }

  get json(): unknown {
    return this.jsonProblem === undefined ? this.#json : undefined;
  }

  get jsonType(): JsonType | undefined {
    if (this.jsonProblem !== undefined) return undefined;
    if (this.#json === null) return "null";
    return Array.isArray(this.#json) ? "array" : (typeof this.#json as JsonType);
  }

  /** Why it is no JSON; undefined when it is. */
  get jsonProblem(): string | undefined {
    if (this.#jsonProblem === null) this.#jsonProblem = this.#parse();
    return this.#jsonProblem;
  }

  #parse(): string | undefined {
    const { text } = this;
    if (text === undefined) return "payload is no UTF-8, so it is no JSON";
    if (text === "") return "payload is empty, and JSON is expected";
    if (text.startsWith("\ufeff")) return "payload is no JSON: it begins with a byte order mark";
    if (text.length > nestingBytesMin && isTooDeep(bytesOf(this.#publish))) {
      return `payload is nested more than ${nestingMax} levels deep`;
    }
    try {
      this.#json = JSON.parse(text);
      return undefined;
    } catch (error) {
      return `payload is no JSON: ${(error as Error).message}`;
    }
  }
}

/** The User Properties as an object. A name may stand several times (§3.3.2.3.7); the last one counts. */
export function headersOf(userProperties: PublishRequest["properties"]["userProperties"]): object {
  return userProperties.length === 0 ? noHeaders : Object.fromEntries(userProperties);
}

const noHeaders: object = Object.freeze({});

function bytesOf({ payload: { buffer, byteOffset, byteLength } }: PublishRequest): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** Counts brackets outside of strings; deep nesting is slow to parse, and overflows the stack of a recursive schema. */
function isTooDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index]!;
    if (isInString) {
      if (byte === backslash) index += 1;
      else if (byte === quote) isInString = false;
    } else if (byte === quote) isInString = true;
    else if (byte === openBracket || byte === openBrace) {
      depth += 1;
      if (depth > nestingMax) return true;
    } else if (byte === closeBracket || byte === closeBrace) depth -= 1;
  }
  return false;
}

const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
