import { createReadStream, statSync } from "node:fs";
import type { Readable } from "node:stream";
import { UsageError } from "../service/errors.ts";
import type { Surroundings } from "./client-surroundings.ts";
import type { Given } from "./command.ts";
import { checkSize, checkTopic, type MessageDefaults, messageFromJson, type OutgoingMessage } from "./pub-message.ts";

/** Where the messages come from. */
export interface MessageSource {
  /** From its start; a stream of stdin has only one. */
  open(): AsyncIterable<OutgoingMessage>;
  readonly isRepeatable: boolean;
  /** How many there are, when that is known. */
  readonly count: number | undefined;
}

/** A batch as one array is read whole; JSON lines may be of any length. */
const arrayBytesMax = 256 * 1024 * 1024;

/**
 * The source that the flags and positionals name, opened for the first time when it is asked for messages.
 * @throws UsageError
 */
export async function messageSource(
  given: Given,
  defaults: MessageDefaults,
  surroundings: Surroundings,
): Promise<MessageSource> {
  const batch = given.text("batch");
  const file = given.text("file");
  const message = given.text("message") ?? given.positionals[given.has("topic") ? 0 : 1];
  const named = [
    batch === undefined ? "" : "--batch",
    file === undefined ? "" : "--file",
    message === undefined ? "" : "a message",
  ].filter((name) => name !== "");
  if (named.length > 1) throw new UsageError(`${named.join(" and ")}: leave one out`);
  if (given.has("batch") && given.has("lines")) throw new UsageError("--batch and --lines: leave one out");
  if (batch !== undefined) return await batchSource(batch, defaults, surroundings);
  const { topic } = defaults;
  if (topic === undefined) throw new UsageError("pub needs a TOPIC; petstore-mqtt help pub has examples");
  checkTopic(topic);
  const messageOf = (payload: Buffer): OutgoingMessage => ({ ...defaults, topic, payload });
  if (given.has("lines")) {
    if (message !== undefined && message !== "-")
      throw new UsageError("--lines reads a file or stdin; leave the message out");
    return linesSource(file ?? "-", messageOf, surroundings);
  }
  if (message !== undefined && message !== "-") return oneMessage(messageOf(Buffer.from(message)));
  if (file === undefined && message === undefined && surroundings.input.isTTY === true) {
    throw new UsageError('pub needs a MESSAGE, --file, --lines or --batch; "" is the empty message');
  }
  const payload = await readWhole(file ?? "-", surroundings);
  if (payload.length === 0 && file === undefined && message === undefined) {
    throw new UsageError('pub needs a MESSAGE, and stdin has none; "" is the empty message');
  }
  return oneMessage(messageOf(payload));
}

function oneMessage(message: OutgoingMessage): MessageSource {
  checkSize(message.payload.length, "the message");
  return { open: () => fromArray([message]), isRepeatable: true, count: 1 };
}

function linesSource(file: string, messageOf: (line: Buffer) => OutgoingMessage, from: Surroundings): MessageSource {
  return {
    open: async function* () {
      for await (const { line } of lines(openInput(file, from), file)) yield messageOf(line);
    },
    isRepeatable: isRegularFile(file),
    count: undefined,
  };
}

async function batchSource(file: string, defaults: MessageDefaults, from: Surroundings): Promise<MessageSource> {
  // What can be read only once is not looked into first.
  if (isRegularFile(file) && (await firstCharacter(openInput(file, from), file)) === "[") {
    return arraySource(file, await readWhole(file, from), defaults);
  }
  return {
    open: async function* () {
      for await (const { line, number } of lines(openInput(file, from), file)) {
        const text = line.toString().trim();
        if (text !== "") yield entryOf(text, `${nameOf(file)}:${number}`, (json) => messageFromJson(json, defaults));
      }
    },
    isRepeatable: isRegularFile(file),
    count: undefined,
  };
}

/** Every entry is checked before the first one is published. */
function arraySource(file: string, bytes: Buffer, defaults: MessageDefaults): MessageSource {
  if (bytes.length > arrayBytesMax) {
    throw new UsageError(`${file}: an array may have ${arrayBytesMax} bytes; write one message a line instead`);
  }
  const messages = entryOf(bytes.toString(), file, (json) =>
    (json as unknown[]).map((each, index) => inEntry(`${file}[${index}]`, () => messageFromJson(each, defaults))),
  );
  return { open: () => fromArray(messages), isRepeatable: true, count: messages.length };
}

function entryOf<Value>(text: string, place: string, read: (json: unknown) => Value): Value {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${place}: this is no JSON: ${(error as Error).message}`);
  }
  return inEntry(place, () => read(json));
}

function inEntry<Value>(place: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UsageError) || error.message.startsWith(place)) throw error;
    throw new UsageError(`${place}: ${error.message}`);
  }
}

async function* fromArray(messages: readonly OutgoingMessage[]): AsyncGenerator<OutgoingMessage> {
  yield* messages;
}

function openInput(file: string, { input }: Surroundings): Readable {
  return file === "-" ? input : createReadStream(file);
}

function nameOf(file: string): string {
  return file === "-" ? "stdin" : file;
}

function isRegularFile(file: string): boolean {
  return file !== "-" && statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

async function readWhole(file: string, from: Surroundings): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunksOf(openInput(file, from), file)) {
    length += chunk.length;
    checkSize(length, nameOf(file));
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

async function firstCharacter(input: Readable, file: string): Promise<string> {
  for await (const chunk of chunksOf(input, file)) {
    const text = chunk.toString("latin1").trimStart();
    if (text !== "") return text[0]!;
  }
  return "";
}

/** Lines without their ends, with their numbers from 1; the last one needs no end. */
async function* lines(
  input: Readable,
  file: string,
): AsyncGenerator<{ readonly line: Buffer; readonly number: number }> {
  let parts: Buffer[] = [];
  let length = 0;
  let number = 0;
  const take = (last: Buffer): Buffer => {
    const line = parts.length === 0 ? last : Buffer.concat([...parts, last]);
    [parts, length] = [[], 0];
    number += 1;
    return line.at(-1) === carriageReturn ? line.subarray(0, -1) : line;
  };
  for await (const chunk of chunksOf(input, file)) {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      const line = take(chunk.subarray(start, end));
      start = end + 1;
      yield { line, number };
    }
    if (start === chunk.length) continue;
    const rest = chunk.subarray(start);
    length += rest.length;
    checkSize(length, `${nameOf(file)}:${number + 1}`);
    parts.push(rest);
  }
  if (length === 0) return;
  const line = take(Buffer.alloc(0));
  yield { line, number };
}

const lineFeed = 10;
const carriageReturn = 13;

async function* chunksOf(input: Readable, file: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of input) yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
  } catch (error) {
    if (file === "-") throw error;
    throw new UsageError(`${file}: it cannot be read: ${(error as Error).message}`);
  }
}
