import type { Buffer } from "node:buffer";
import type { KeepMessage, QueuedMessage, Target } from "../../broker/mutation.ts";
import { messageBytes } from "../../session/message.ts";
import type { StoredMessage } from "../store.ts";
import { RecordReader, RecordWriter } from "./bytes.ts";
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

/** What fits into sixteen pages of LMDB with their header. A larger message has a block of its own. */
export const blockBytesMax: number = 65_536 - 24;

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

/** Packs the messages of one commit, which ascend by number, into blocks. */
export function createBlocks(messages: readonly KeepMessage[]): LogBlock[] {
  const blocks: LogBlock[] = [];
  const record = newRecord();
  const entry = new RecordWriter();
  let packed: KeepMessage[] = [];
  let first = 0;
  for (const kept of messages) {
    writeEntry(entry, kept, first);
    if (packed.length > 0 && record.position + entry.position + frameBytes > blockBytesMax) {
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
  const record = newRecord();
  const entry = new RecordWriter();
  for (const reader of entriesOf(key, value)) {
    const offset = reader.number();
    const bytes = reader.number();
    const targets = readTargets(reader).filter(({ owner }) => isOwed(owner, first + offset));
    if (targets.length === 0) continue;
    writeHead(entry, offset, bytes, targets);
    entry.raw(reader.rest());
    appendEntry(record, entry);
  }
  return sealed(key, record);
}

/** The messages of a block without their bodies. */
export function* queuedMessages(key: Buffer, value: Buffer, first: number): Generator<QueuedMessage> {
  for (const entry of entriesOf(key, value)) {
    const number = first + entry.number();
    const bytes = entry.number();
    yield { kind: "queuedMessage", number, bytes, targets: readTargets(entry) };
  }
}

/** Those of the wanted messages that stand in a block. */
export function* storedMessages(
  key: Buffer,
  value: Buffer,
  first: number,
  wanted: ReadonlySet<number>,
): Generator<StoredMessage> {
  for (const entry of entriesOf(key, value)) {
    const number = first + entry.number();
    if (!wanted.has(number)) continue;
    entry.number();
    const targets = readTargets(entry);
    yield { number, message: readMessage(entry), targets };
  }
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

function* entriesOf(key: Buffer, value: Buffer): Generator<RecordReader> {
  const block = unsealed(key, value);
  while (!block.atEnd) yield new RecordReader(block.raw(block.number()));
}
