import { Buffer } from "node:buffer";
import { ProtocolVersion } from "../../src/mqtt/packet-type.ts";

/**
 * Bytes of the corpus in a notation for people; README.md beside this file explains it. `&` ends a packet, `..` is the
 * Remaining Length of the packet, `{…}` a block behind its length, which is left out in MQTT 3.1.1, `@@` the Protocol
 * Version.
 * @throws Error that says what cannot be read
 */
export function corpusBytes(notation: string, version: ProtocolVersion): Uint8Array {
  return Buffer.concat(splitOutsideTexts(notation).map((packet) => packetBytes(packet, version)));
}

/** A Variable Byte Integer in as few bytes as it needs (§1.5.5). */
export function variableByte(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 127;
    rest >>>= 7;
    bytes.push(rest > 0 ? low | 128 : low);
  } while (rest > 0);
  return Uint8Array.from(bytes);
}

const token =
  /\s+|\.\.|@@|[{}]|\((?<repeated>[^()]*)\)\*(?<times>\d+)|"(?<raw>[^"]*)"|'(?<text>[^']*)'|(?<hex>[0-9a-f]{2})/gy;

function splitOutsideTexts(notation: string): string[] {
  const packets = [""];
  for (const [piece] of notation.matchAll(/"[^"]*"|'[^']*'|&|./g)) {
    if (piece === "&") packets.push("");
    else packets.push(`${packets.pop()}${piece}`);
  }
  return packets;
}

/** Every open block gathers its bytes; the first of them is the packet, `..` opens the one behind its first byte. */
function packetBytes(notation: string, version: ProtocolVersion): Uint8Array {
  const blocks: Uint8Array[][] = [[]];
  let remainingLength = false;
  let readTo = 0;
  for (const match of notation.matchAll(token)) {
    readTo = match.index + match[0].length;
    const { repeated, times, raw, text, hex } = match.groups ?? {};
    const top = blocks.at(-1)!;
    if (match[0] === "..") {
      remainingLength = true;
      blocks.push([]);
    } else if (match[0] === "@@") top.push(Uint8Array.of(version));
    else if (match[0] === "{") blocks.push([]);
    else if (match[0] === "}") closeBlock(blocks, notation, version !== ProtocolVersion.V311);
    else if (repeated !== undefined) {
      const once = packetBytes(repeated, version);
      top.push(Buffer.alloc(once.length * Number(times), once));
    } else if (raw !== undefined) top.push(Buffer.from(raw));
    else if (text !== undefined) top.push(lengthAndText(text));
    else if (hex !== undefined) top.push(Buffer.from(hex, "hex"));
  }
  if (readTo !== notation.length) throw new Error(`This is no byte: ${notation.slice(readTo)}`);
  if (remainingLength) closeBlock(blocks, notation, true);
  if (blocks.length !== 1) throw new Error(`A { is not closed: ${notation}`);
  return Buffer.concat(blocks[0]!);
}

function closeBlock(blocks: Uint8Array[][], notation: string, isWritten: boolean): void {
  const block = blocks.pop();
  const around = blocks.at(-1);
  if (block === undefined || around === undefined) throw new Error(`A } without {: ${notation}`);
  const bytes = Buffer.concat(block);
  if (isWritten) around.push(variableByte(bytes.length), bytes);
}

function lengthAndText(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  return Buffer.concat([Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes]);
}
