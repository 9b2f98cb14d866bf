import type { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { RecordReader, RecordWriter } from "./bytes.ts";

/*
 * Every value of every table:
 *
 *   │ version │ content │ CRC-32 of key, version and content (4) │
 *
 * The file system may give back other bytes than it was given, and LMDB has no checksum; this one says so, also when a row
 * stands under a key that is not its own.
 */

/** Version of every record that is written here. */
const recordVersion = 1;

const checksumBytes = 4;

/** A record without content yet; in a writer that is used again, or in one of its own. */
export function newRecord(record: RecordWriter = new RecordWriter()): RecordWriter {
  record.clear();
  record.byte(recordVersion);
  return record;
}

/** The value to be stored under a key; the writer is empty again. */
export function sealed(key: Buffer, record: RecordWriter): Buffer {
  record.fourByte(crc32(record.written, crc32(key)));
  return record.take();
}

/**
 * The content of a value that stands under a key.
 * @throws RangeError when it is not what was written there
 */
export function unsealed(key: Buffer, value: Buffer): RecordReader {
  const end = value.length - checksumBytes;
  if (end < 1 || value.readUInt32BE(end) !== crc32(value.subarray(0, end), crc32(key)))
    throw new RangeError("a row of the store is not what was written");
  const record = new RecordReader(value.subarray(0, end));
  const version = record.byte();
  if (version !== recordVersion) throw new RangeError(`a row of the store has version ${version}`);
  return record;
}
