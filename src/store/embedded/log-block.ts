import type { Buffer } from "node:buffer";
import type { KeepMessage, QueuedMessage, Target } from "../../broker/mutation.ts";
import { messageBytes } from "../../session/message.ts";
import type { StoredMessage } from "../store.ts";
import { type RecordReader, RecordWriter } from "./bytes.ts";
import { numberKey } from "./keys.ts";
import { readMessage, readTarget, writeMessage, writeTarget } from "./records.ts";
import { newRecord, sealed, unsealed } from "./sealed.ts";

/*
 * A row of the log is a block: the messages of one commit, up to `blockBytesMax`, under the number of the first. One row
 * for many messages costs a fraction of one row for each, and they are written and removed together.
 *
 *   │ version │ entry │ entry │ … │ checksum │
 *
 *   entry  │ length │ number - first │ bytes │ targets: count, … │ message │
 *                                              └ read at start ┘ └ skipped ┘
 */

/** What fits into four pages of LMDB with their header. A larger message has a block of its own. */
const blockBytesMax = 16_384 - 24;

/** The checksum, and the length before an entry. */
const frameBytes = 8;

/** The messages of one row. */
export interface LogBlock {
  readonly first: number;
  readonly messages: readonly KeepMessage[];
  readonly record: Buffer;
}

/** Whether an owner still has a message. */
export type IsOwed = (owner: number, number: number) => boolean;

/** Packs the messages of one commit, which ascend by number, into blocks of at most so many bytes. */
export function createBlocks(messages: readonly KeepMessage[], bytesMax: number = blockBytesMax): LogBlock[] {
  const blocks: LogBlock[] = [];
  const record = newRecord();
  const entry = new RecordWriter();
  let packed: KeepMessage[] = [];
  let first = 0;
  for (const kept of messages) {
    writeEntry(entry, kept, first);
    if (packed.length > 0 && record.position + entry.position + frameBytes > bytesMax) {
      blocks.push({ first, messages: packed, record: sealed(numberKey(first), record) });
      packed = [];
      newRecord(record);
    }
    if (packed.length === 0) {
      first = kept.number;
      entry.clear();
      writeEntry(entry, kept, first);
    }
    packed.push(kept);
    appendEntry(record, entry);
  }
  if (packed.length > 0) blocks.push({ first, messages: packed, record: sealed(numberKey(first), record) });
  return blocks;
}

/** The messages of a block that an owner still has, and their targets that are not settled. */
export function thinned(key: Buffer, value: Buffer, first: number, isOwed: IsOwed): Buffer {
  const block = unsealed(key, value);
  const record = newRecord();
  const entry = new RecordWriter();
  while (!block.atEnd) {
    const end = block.number() + block.position;
    const offset = block.number();
    const bytes = block.number();
    const targets = readTargets(block).filter(({ owner }) => isOwed(owner, first + offset));
    if (targets.length > 0) {
      writeHead(entry, offset, bytes, targets);
      entry.raw(block.raw(end - block.position));
      appendEntry(record, entry);
    }
    block.skipTo(end);
  }
  return sealed(key, record);
}

/** The messages of a block without their bodies. */
export function* queuedMessages(key: Buffer, value: Buffer, first: number): Generator<QueuedMessage> {
  const block = unsealed(key, value);
  while (!block.atEnd) {
    const end = block.number() + block.position;
    const number = first + block.number();
    const bytes = block.number();
    yield { kind: "queuedMessage", number, bytes, targets: readTargets(block) };
    block.skipTo(end);
  }
}

/** Those of the wanted messages that stand in a block. */
export function storedMessages(
  key: Buffer,
  value: Buffer,
  first: number,
  wanted: ReadonlySet<number>,
): readonly StoredMessage[] {
  const block = unsealed(key, value);
  const found: StoredMessage[] = [];
  while (!block.atEnd && found.length < wanted.size) {
    const end = block.number() + block.position;
    const number = first + block.number();
    if (wanted.has(number)) {
      block.number();
      const targets = readTargets(block);
      found.push({ number, message: readMessage(block), targets });
    }
    block.skipTo(end);
  }
  return found;
}

function writeEntry(entry: RecordWriter, { number, message, targets }: KeepMessage, first: number): void {
  writeHead(entry, number - first, messageBytes(message), targets);
  writeMessage(entry, message);
}

function writeHead(entry: RecordWriter, offset: number, bytes: number, targets: readonly Target[]): void {
  entry.number(offset);
  entry.number(bytes);
  entry.number(targets.length);
  for (const target of targets) writeTarget(entry, target);
}

function appendEntry(record: RecordWriter, entry: RecordWriter): void {
  record.number(entry.position);
  record.raw(entry.written);
  entry.clear();
}

function readTargets(entry: RecordReader): Target[] {
  const targets: Target[] = [];
  for (let count = entry.number(); count > 0; count -= 1) targets.push(readTarget(entry));
  return targets;
}
