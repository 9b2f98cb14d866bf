import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { decode } from "../../src/mqtt/codec.ts";
import { Framer } from "../../src/mqtt/framer.ts";
import { packetBytesMax } from "../../src/mqtt/limits.ts";
import { parsePacket } from "../../src/mqtt/notation.ts";
import type { Packet } from "../../src/mqtt/packet.ts";
import { type PacketType, ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { encoded } from "../../src/testing/recording-outbox.ts";

/** How long anything may take that an attack waits for, ms. */
const answerMillisecondsMax = 300_000;

/** A client without manners: bytes out, and what came counted by packet type. */
export class RawClient {
  readonly socket: Socket;
  readonly #framer = new Framer(packetBytesMax);
  readonly #counts: Map<PacketType, number> = new Map();
  /** The last packet of each type; payloads are not to be looked at. */
  readonly #last: Map<PacketType, Packet> = new Map();
  isClosed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("close", () => {
      this.isClosed = true;
      socket.emit("progress");
      // Whoever waits for it waits no longer.
      socket.emit("drain");
    });
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const client = new RawClient(socket);
    await once(socket, "connect");
    return client;
  }

  /** One that has sent this CONNECT and was accepted. */
  static async connected(port: number, line: string): Promise<RawClient> {
    const client = await RawClient.open(port);
    client.send(line);
    await client.count(CONNACK, 1);
    return client;
  }

  /** Packets as text. */
  send(...lines: readonly string[]): void {
    this.socket.write(bytesOf(...lines));
  }

  /** Resolves once the system has taken the bytes, or the connection is gone. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.isClosed || this.socket.write(bytes)) return;
    await once(this.socket, "drain").catch(() => {});
  }

  /** How many packets of a type came. */
  counted(type: PacketType): number {
    return this.#counts.get(type) ?? 0;
  }

  /** Waits for so many packets of a type; the last one. The connection may end before. */
  async count(type: PacketType, count: number): Promise<Packet | undefined> {
    const signal = AbortSignal.timeout(answerMillisecondsMax);
    while (this.counted(type) < count && !this.isClosed) await once(this.socket, "progress", { signal });
    return this.#last.get(type);
  }

  async closed(): Promise<void> {
    if (!this.isClosed) await once(this.socket, "close", { signal: AbortSignal.timeout(answerMillisecondsMax) });
  }

  #read(chunk: Buffer): void {
    this.#framer.push(Buffer.from(chunk));
    while (this.#framer.next()) {
      const packet = decode(this.#framer.firstByte, this.#framer.reader, ProtocolVersion.V5);
      this.#counts.set(packet.type, this.counted(packet.type) + 1);
      this.#last.set(packet.type, packet);
    }
    this.socket.emit("progress");
  }
}

const CONNACK = 2;

/** The bytes of packets that are written as text. */
export function bytesOf(...lines: readonly string[]): Buffer {
  return Buffer.concat(lines.map((line) => encoded(parsePacket(line), ProtocolVersion.V5)));
}

/** `make(0)` … `make(count - 1)`, so many at one time. */
export async function many<Item>(
  count: number,
  make: (index: number) => Promise<Item>,
  atOnce = 50,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (let first = 0; first < count; first += atOnce) {
    const indexes = Array.from({ length: Math.min(atOnce, count - first) }, (_, offset) => first + offset);
    items.push(...(await Promise.all(indexes.map(make))));
  }
  return items;
}
