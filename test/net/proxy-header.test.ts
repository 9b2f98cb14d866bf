import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ProxyHeaderError, proxyHeaderBytesMax, readProxyHeader } from "../../src/net/proxy-header.ts";

const signature = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");

/** A binary header. */
function binary(command: number, family: number, body: Buffer, length = body.length): Buffer {
  return Buffer.concat([signature, Buffer.from([command, family, length >> 8, length & 255]), body]);
}

const tcp4 = Buffer.from([192, 0, 2, 1, 198, 51, 100, 2, 0xdc, 0x04, 0x22, 0xb3]);
const tcp6 = Buffer.from(`${"20010db8000000000000000000000001".repeat(2)}dc0422b3`, "hex");
const extension = Buffer.from([0x04, 0, 3, 1, 2, 3]);

describe("a PROXY header that is sound", () => {
  for (const [what, bytes, source] of [
    ["TCP4", "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n", { address: "192.0.2.1", port: 56_324 }],
    ["TCP6", "PROXY TCP6 2001:DB8:0:0:0:0:0:1 ::1 56324 443\r\n", { address: "2001:db8::1", port: 56_324 }],
    ["TCP6 of a mapped IPv4 address", "PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", { address: "192.0.2.1", port: 1 }],
    ["the longest line", `PROXY TCP6 ${`${"ffff:".repeat(7)}ffff `.repeat(2)}65535 65535\r\n`, undefined],
    ["port 0", "PROXY TCP4 192.0.2.1 198.51.100.2 0 443\r\n", { address: "192.0.2.1", port: 0 }],
    ["UNKNOWN", "PROXY UNKNOWN\r\n", undefined],
    ["UNKNOWN with what may be ignored", "PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", undefined],
    ["binary TCP4", binary(0x21, 0x11, tcp4), { address: "192.0.2.1", port: 56_324 }],
    ["binary TCP6", binary(0x21, 0x21, tcp6), { address: "2001:db8::1", port: 56_324 }],
    [
      "binary TCP4 with extensions",
      binary(0x21, 0x11, Buffer.concat([tcp4, extension])),
      { address: "192.0.2.1", port: 56_324 },
    ],
    ["LOCAL", binary(0x20, 0x00, Buffer.alloc(0)), undefined],
    ["LOCAL with an address, which says nothing", binary(0x20, 0x11, tcp4), undefined],
    ["LOCAL of an unknown family", binary(0x20, 0xff, extension), undefined],
    ["UNSPEC", binary(0x21, 0x00, extension), undefined],
    ["UNIX", binary(0x21, 0x31, Buffer.alloc(216)), undefined],
    ["the largest", binary(0x20, 0x00, Buffer.alloc(proxyHeaderBytesMax - 16)), undefined],
  ] as const) {
    test(`${what} is read from whatever follows, at every split`, () => {
      const header = Buffer.from(bytes as string, "latin1");
      const read = readProxyHeader(Buffer.concat([header, Buffer.from("\x10\x0c\r\n")]));
      assert.equal(read?.byteLength, header.length);
      if (what !== "the longest line") assert.deepEqual(read.source, source);
      for (let length = 0; length < header.length; length += 1) {
        assert.equal(readProxyHeader(header.subarray(0, length)), undefined, `${length} bytes`);
      }
    });
  }
});

describe("a PROXY header that is malformed", () => {
  for (const [what, bytes] of [
    ["a CONNECT", "\x10\x0c\x00\x04MQTT"],
    ["a TLS handshake", "\x16\x03\x01\x02\x00"],
    ["another word", "PRIXY "],
    ["small letters", "proxy TCP4 192.0.2.1 198.51.100.2 1 2\r\n"],
    ["a family that there is not", "PROXY TCP5 192.0.2.1 198.51.100.2 1 2\r\n"],
    ["no family", "PROXY \r\n"],
    ["a word that begins with UNKNOWN", "PROXY UNKNOWNS\r\n"],
    ["IPv6 where IPv4 is said", "PROXY TCP4 ::1 ::1 1 2\r\n"],
    ["IPv4 where IPv6 is said", "PROXY TCP6 192.0.2.1 198.51.100.2 1 2\r\n"],
    ["a destination that is no address", "PROXY TCP4 192.0.2.1 localhost 1 2\r\n"],
    ["leading zeros in an address", "PROXY TCP4 192.000.2.1 198.51.100.2 1 2\r\n"],
    ["a zone", "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n"],
    ["a port too high", "PROXY TCP4 192.0.2.1 198.51.100.2 65536 2\r\n"],
    ["leading zeros in a port", "PROXY TCP4 192.0.2.1 198.51.100.2 01 2\r\n"],
    ["a port with a sign", "PROXY TCP4 192.0.2.1 198.51.100.2 +1 2\r\n"],
    ["no ports", "PROXY TCP4 192.0.2.1 198.51.100.2\r\n"],
    ["one word too many", "PROXY TCP4 192.0.2.1 198.51.100.2 1 2 3\r\n"],
    ["two spaces", "PROXY TCP4  192.0.2.1 198.51.100.2 1 2\r\n"],
    ["no CR", "PROXY TCP4 192.0.2.1 198.51.100.2 1 2\n"],
    ["a line without end", `PROXY UNKNOWN ${"x".repeat(100)}`],
    ["a line that is too long", `PROXY UNKNOWN ${"x".repeat(100)}\r\n`],
    ["a wrong byte of the signature", "\r\n\r\n\0\r\nQUIt"],
    ["version 1 in binary", binary(0x11, 0x11, tcp4)],
    ["version 3", binary(0x31, 0x11, tcp4)],
    ["a command that there is not", binary(0x22, 0x11, tcp4)],
    ["UDP", binary(0x21, 0x12, tcp4)],
    ["a family of addresses that there is not", binary(0x21, 0x41, tcp4)],
    ["IPv4 addresses cut off", binary(0x21, 0x11, tcp4.subarray(0, 11))],
    ["IPv6 addresses cut off", binary(0x21, 0x21, tcp6.subarray(0, 35))],
    ["UNIX addresses cut off", binary(0x21, 0x31, Buffer.alloc(215))],
    ["one byte above the largest", binary(0x20, 0x00, Buffer.alloc(0), proxyHeaderBytesMax - 15)],
  ] as const) {
    test(`${what} is refused`, () => {
      assert.throws(() => readProxyHeader(Buffer.from(bytes as string, "latin1")), ProxyHeaderError);
    });
  }
});
