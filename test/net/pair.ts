import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { type EventEmitter, once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import {
  type AddressInfo,
  connect as connectTcp,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { encode } from "../../src/mqtt/codec.ts";
import type { Packet, Publish } from "../../src/mqtt/packet.ts";
import { noSubscriptionIdentifiers, noUserProperties } from "../../src/mqtt/packet.ts";
import { PacketType, ProtocolVersion, type QoS } from "../../src/mqtt/packet-type.ts";
import { Writer } from "../../src/mqtt/writer.ts";

/** Both ends of one loopback connection. */
export interface Pair {
  /** Our end, as a listener would hand it over. */
  readonly socket: Socket;
  readonly client: Socket;
  /** Everything the client has received, as far as it was let to read. */
  readonly received: () => Buffer;
  /** Resolves when the client has received so many bytes. */
  bytes(count: number): Promise<Buffer>;
  close(): void;
}

/** A key and certificate to throw away. */
export interface ThrowAwayCertificate {
  readonly key: string;
  readonly cert: string;
}

export function throwAwayCertificate(): ThrowAwayCertificate {
  const directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-net-"));
  try {
    const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    execFileSync("openssl", ["req", "-x509", ...curve, ...subject, "-days", "2", "-keyout", key, "-out", cert], {
      stdio: "ignore",
    });
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Connects a pair; the client reads at once unless it is paused. */
export async function connectPair(certificate?: ThrowAwayCertificate): Promise<Pair> {
  const options = { allowHalfOpen: true };
  const server: Server =
    certificate === undefined ? createTcpServer(options) : createTlsServer({ ...options, ...certificate });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const accepted = once(server as EventEmitter, certificate === undefined ? "connection" : "secureConnection");
  const to = { port, host: "127.0.0.1", allowHalfOpen: true, servername: "localhost" };
  const client = certificate === undefined ? connectTcp(to) : connectTls({ ...to, ca: certificate.cert });
  client.on("error", () => {});
  const [socket] = (await accepted) as [Socket];
  server.close();
  const chunks: Buffer[] = [];
  let length = 0;
  client.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    client.emit("progress");
  });
  return {
    socket,
    client,
    received: () => Buffer.concat(chunks),
    bytes: async (count) => {
      while (length < count) await once(client, "progress");
      return Buffer.concat(chunks);
    },
    close: () => {
      client.destroy();
      socket.destroy();
    },
  };
}

/** The bytes of packets, one after another. */
export function bytesOf(packets: readonly Packet[], protocolVersion: ProtocolVersion = ProtocolVersion.V5): Buffer {
  const writer = new Writer();
  for (const packet of packets) encode(packet, protocolVersion, writer);
  return writer.bytes();
}

/** A PUBLISH with a number for payload, filled up to `payloadBytes`. */
export function publish(number: number, payloadBytes = 4, qos: QoS = 0): Publish {
  const payload = Buffer.alloc(payloadBytes, number & 255);
  payload.writeUInt32BE(number, 0);
  return {
    type: PacketType.Publish,
    dup: false,
    qos,
    retain: false,
    topicName: "t",
    packetIdentifier: qos === 0 ? 0 : (number % 65_535) + 1,
    topicAlias: undefined,
    subscriptionIdentifiers: noSubscriptionIdentifiers,
    properties: {
      payloadFormatIndicator: undefined,
      messageExpiryIntervalSeconds: undefined,
      contentType: undefined,
      responseTopic: undefined,
      correlationData: undefined,
      userProperties: noUserProperties,
    },
    payload,
  };
}

/** The number that `publish` was given; -1 for another packet. */
export function numberOf(packet: Packet): number {
  if (packet.type !== PacketType.Publish) return -1;
  const { payload } = packet;
  return Buffer.from(payload.buffer, payload.byteOffset, payload.length).readUInt32BE(0);
}

/** 0, 1, … count - 1. */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
