import { Buffer } from "node:buffer";
import { isIPv4, isIPv6 } from "node:net";
import { plainAddress } from "./addresses.ts";

/** What a balancer says before the client's bytes (PROXY protocol of HAProxy, versions 1 and 2). */
export interface ProxyHeader {
  /** Bytes that it takes; the client's follow. */
  readonly byteLength: number;
  /** The client; undefined when the balancer speaks for itself or does not know (LOCAL, UNKNOWN, UNSPEC, UNIX). */
  readonly source: { readonly address: string; readonly port: number } | undefined;
}

/** What came is no PROXY header; the message is a sentence. */
export class ProxyHeaderError extends Error {
  override readonly name = "ProxyHeaderError";
}

/** Largest header accepted, extensions included. */
export const proxyHeaderBytesMax = 4_096;

const v1Start = Buffer.from("PROXY ", "latin1");
const v1BytesMax = 107;
const v2Signature = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const v2HeadBytes = 16;

/**
 * Reads the header at the beginning of a connection; undefined while more bytes must come. Wrong bytes are found as soon as
 * they are there.
 * @throws ProxyHeaderError
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader | undefined {
  if (bytes.length === 0) return undefined;
  if (bytes[0] === v1Start[0]) return readVersion1(bytes);
  if (bytes[0] === v2Signature[0]) return readVersion2(bytes);
  throw new ProxyHeaderError("The connection does not begin with a PROXY header");
}

function checkStart(bytes: Buffer, start: Buffer): void {
  const compared = Math.min(bytes.length, start.length);
  if (bytes.compare(start, 0, compared, 0, compared) === 0) return;
  throw new ProxyHeaderError("The connection does not begin with a PROXY header");
}

/** `PROXY TCP4 192.0.2.1 192.0.2.2 56324 443` and CR LF. */
function readVersion1(bytes: Buffer): ProxyHeader | undefined {
  checkStart(bytes, v1Start);
  const lineFeed = bytes.subarray(0, v1BytesMax).indexOf(10);
  if (lineFeed === -1) {
    if (bytes.length < v1BytesMax) return undefined;
    throw new ProxyHeaderError(`A PROXY line has at most ${v1BytesMax} bytes`);
  }
  if (bytes[lineFeed - 1] !== 13) throw new ProxyHeaderError("A PROXY line ends with CR LF");
  const byteLength = lineFeed + 1;
  const line = bytes.toString("latin1", v1Start.length, lineFeed - 1);
  if (/^UNKNOWN(?: .*)?$/s.test(line)) return { byteLength, source: undefined };
  const [family, source = "", destination = "", sourcePort = "", destinationPort = "", ...more] = line.split(" ");
  const isAddress = family === "TCP4" ? isIPv4 : family === "TCP6" ? isIPv6 : undefined;
  if (isAddress === undefined) throw new ProxyHeaderError("A PROXY line is about TCP4, TCP6 or UNKNOWN");
  const areAddresses = [source, destination].every((each) => isAddress(each) && !each.includes("%"));
  if (more.length > 0 || !areAddresses || ![sourcePort, destinationPort].every(isPort)) {
    throw new ProxyHeaderError(`A PROXY line of ${family} has two addresses and two ports`);
  }
  return { byteLength, source: { address: plainAddress(source), port: Number(sourcePort) } };
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

/**
 * ```
 * signature │ version and command │ family and protocol │ length │ addresses │ extensions (TLV), which are skipped
 *     12               1                     1               2       0, 12, 36, 216
 * ```
 */
function readVersion2(bytes: Buffer): ProxyHeader | undefined {
  checkStart(bytes, v2Signature);
  if (bytes.length > 12 && bytes[12] !== 0x20 && bytes[12] !== 0x21) {
    throw new ProxyHeaderError("A binary PROXY header is of version 2, with the command LOCAL or PROXY");
  }
  if (bytes.length < v2HeadBytes) return undefined;
  const length = bytes.readUInt16BE(14);
  const byteLength = v2HeadBytes + length;
  if (byteLength > proxyHeaderBytesMax) {
    throw new ProxyHeaderError(`A PROXY header of ${byteLength} bytes; at most ${proxyHeaderBytesMax} are accepted`);
  }
  const isLocal = bytes[12] === 0x20;
  const addressBytes = isLocal ? 0 : addressBytesOf(bytes[13]!);
  if (length < addressBytes) throw new ProxyHeaderError("A PROXY header ends within its addresses");
  if (bytes.length < byteLength) return undefined;
  if (isLocal) return { byteLength, source: undefined };
  return { byteLength, source: sourceOf(bytes[13]!, bytes.subarray(v2HeadBytes)) };
}

const overTcp4 = 0x11;
const overTcp6 = 0x21;

/** By family and protocol: UNSPEC, IPv4, IPv6 and UNIX streams. */
function addressBytesOf(family: number): number {
  switch (family) {
    case 0x00:
      return 0;
    case overTcp4:
      return 12;
    case overTcp6:
      return 36;
    case 0x31:
      return 216;
    default:
      throw new ProxyHeaderError("A PROXY header is about a stream over IPv4, IPv6 or UNIX, or unspecified");
  }
}

function sourceOf(family: number, body: Buffer): ProxyHeader["source"] {
  if (family === overTcp4) return { address: body.subarray(0, 4).join("."), port: body.readUInt16BE(8) };
  if (family !== overTcp6) return undefined;
  const groups = Array.from({ length: 8 }, (_, index) => body.readUInt16BE(index * 2).toString(16));
  return { address: plainAddress(groups.join(":")), port: body.readUInt16BE(32) };
}
