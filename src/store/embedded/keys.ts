import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

/*
 * Keys are bytes that sort as they are to be read:
 *
 *   owner        │ 6 bytes, big endian │                             a Session or shared group
 *   number       │ 8 bytes, big endian │                             a message
 *   owner, word  │ owner │ UTF-8 of the word │                       a Session's Topic Filter
 *                │ owner │ 0xFF │ SHA-256 of it │                     when it is longer than `wordBytesMax`
 *
 * 0xFF begins no UTF-8 text, so the two forms never meet. The full word stands in the value.
 */

/** LMDB takes keys up to 1,978 bytes; longer words stand in them as their hash. */
const wordBytesMax = 1_024;

const ownerBytes = 6;

export function ownerKey(owner: number): Buffer {
  const key = Buffer.allocUnsafe(ownerBytes);
  key.writeUIntBE(owner, 0, ownerBytes);
  return key;
}

export function ownerOf(key: Buffer): number {
  return key.readUIntBE(0, ownerBytes);
}

export function numberKey(number: number): Buffer {
  const key = Buffer.alloc(8);
  key.writeUIntBE(number, 2, 6);
  return key;
}

export function numberOf(key: Buffer, offset = 0): number {
  return key.readUIntBE(offset + 2, 6);
}

/** A row of one owner about one message. */
export function ownerNumberKey(owner: number, number: number): Buffer {
  return Buffer.concat([ownerKey(owner), numberKey(number)]);
}

export function numberOfOwnerKey(key: Buffer): number {
  return numberOf(key, ownerBytes);
}

/** A row of one owner about one Packet Identifier. */
export function ownerIdentifierKey(owner: number, packetIdentifier: number): Buffer {
  const key = Buffer.allocUnsafe(ownerBytes + 2);
  key.writeUIntBE(owner, 0, ownerBytes);
  key.writeUInt16BE(packetIdentifier, ownerBytes);
  return key;
}

export function identifierOf(key: Buffer): number {
  return key.readUInt16BE(ownerBytes);
}

/** A row of one owner, or of one tenant, about one word. */
export function ownerWordKey(owner: number, word: string): Buffer {
  return Buffer.concat([ownerKey(owner), wordBytes(word)]);
}

/** The first key behind all those of this owner. */
export function afterOwner(owner: number): Buffer {
  return ownerKey(owner + 1);
}

function wordBytes(word: string): Buffer {
  const bytes = Buffer.from(word, "utf8");
  if (bytes.length <= wordBytesMax) return bytes;
  return Buffer.concat([Buffer.of(0xff), createHash("sha256").update(bytes).digest()]);
}
