import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { decode } from "../mqtt/codec.ts";
import { Framer } from "../mqtt/framer.ts";
import { packetBytesMax } from "../mqtt/limits.ts";
import { PacketType, ProtocolVersion } from "../mqtt/packet-type.ts";
import { encoded } from "./recording-outbox.ts";
import type { Received, Stage } from "./scenario-run.ts";

/** How long something that must come may take, ms. */
const arrivalMillisecondsMax = 5_000;

/** One Client's end of a socket. */
class Client {
  readonly name: string;
  readonly #socket: Socket;
  readonly #framer = new Framer(packetBytesMax);
  readonly #received: Received[] = [];
  #wake: () => void = () => {};
  version: ProtocolVersion = ProtocolVersion.V5;
  /** A CONNACK 0x00 came: a PINGREQ is answered. */
  isConnected = false;
  /** Its last bytes may be a part of a packet: nothing may follow of our own accord. */
  isRaw = false;
  isLeaving = false;
  isEnded = false;
  readonly #arrivalMilliseconds: number;
  /** What came and cannot be read. */
  #problem: unknown;

  constructor(name: string, socket: Socket, arrivalMilliseconds: number) {
    this.name = name;
    this.#socket = socket;
    this.#arrivalMilliseconds = arrivalMilliseconds;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.isEnded = true;
      this.#arrives({ kind: "closed" });
    });
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Ends our side and waits for the other. */
  async end(): Promise<void> {
    this.#socket.end();
    if (!this.isEnded) await new Promise((resolve) => this.#socket.once("close", resolve));
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async next(): Promise<Received | undefined> {
    if (this.#received.length === 0) {
      const arrival = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const timer = new AbortController();
      await Promise.race([
        arrival,
        sleep(this.#arrivalMilliseconds, undefined, { signal: timer.signal }).catch(() => {}),
      ]);
      timer.abort();
    }
    if (this.#received.length === 0 && this.#problem !== undefined) throw this.#problem;
    return this.#received.shift();
  }

  /** What came and was not expected. */
  leftover(): Received | undefined {
    return this.#received.find(({ kind }) => kind === "packet" || !this.isLeaving);
  }

  #read(chunk: Buffer): void {
    // What is kept is text by then or copied here: a packet is compared later, and its payload is a view.
    this.#framer.push(Buffer.from(chunk));
    try {
      while (this.#framer.next()) {
        const packet = decode(this.#framer.firstByte, this.#framer.reader, this.version);
        if (packet.type === PacketType.Connack && packet.reasonCode === 0) this.isConnected = true;
        this.#arrives({ kind: "packet", packet });
      }
    } catch (error) {
      this.#problem = error;
      this.#wake();
    }
  }

  #arrives(received: Received): void {
    this.#received.push(received);
    this.#wake();
  }
}

/**
 * Plays scenarios over TCP against a running broker. That nothing more was sent is proved by a PINGREQ whose PINGRESP must
 * be the next packet.
 */
export class SocketStage implements Stage {
  readonly #port: number;
  readonly #arrivalMilliseconds: number;
  /** In the order of their last sending. */
  readonly #clients = new Map<string, Client>();

  /**
   * @param port of a broker on loopback, without TLS
   * @param arrivalMilliseconds how long something that must come may take
   */
  constructor(port: number, arrivalMilliseconds: number = arrivalMillisecondsMax) {
    this.#port = port;
    this.#arrivalMilliseconds = arrivalMilliseconds;
  }

  async open(name: string): Promise<void> {
    const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    this.#clients.set(name, new Client(name, socket, this.#arrivalMilliseconds));
  }

  isOpen(name: string): boolean {
    return this.#clients.get(name)?.isEnded === false;
  }

  speaks(name: string, version: ProtocolVersion): void {
    this.#client(name).version = version;
  }

  async send(name: string, bytes: Uint8Array, kind: "packets" | "bytes"): Promise<void> {
    const client = this.#client(name);
    this.#clients.delete(name);
    this.#clients.set(name, client);
    client.isRaw = kind === "bytes";
    client.send(bytes);
  }

  async next(name: string): Promise<Received | undefined> {
    return this.#client(name).next();
  }

  async unexpected(): Promise<{ readonly name: string; readonly received: Received } | undefined> {
    // The connection that acted last has its answers first; what it caused elsewhere is sent by then.
    for (const client of [...this.#clients.values()].reverse()) {
      const left = client.leftover() ?? (await pinged(client));
      if (left !== undefined) return { name: client.name, received: left };
    }
    return undefined;
  }

  async leave(name: string): Promise<void> {
    const client = this.#client(name);
    client.isLeaving = true;
    await client.end();
  }

  async drop(name: string): Promise<void> {
    await this.leave(name);
  }

  async wait(milliseconds: number): Promise<void> {
    await sleep(milliseconds);
  }

  async room(): Promise<void> {
    throw new Error("Only the core can be told that a connection has no room");
  }

  async server(): Promise<void> {
    throw new Error("Only the core can be told what happens inside");
  }

  /** Ends every connection. */
  close(): void {
    for (const client of this.#clients.values()) client.destroy();
  }

  #client(name: string): Client {
    const client = this.#clients.get(name);
    if (client === undefined) throw new Error(`${name} never sent anything`);
    return client;
  }
}

/** What comes before the answer to a PINGREQ, if anything does. */
async function pinged(client: Client): Promise<Received | undefined> {
  if (client.isEnded || !client.isConnected || client.isRaw || client.isLeaving) return undefined;
  client.send(encoded({ type: PacketType.Pingreq }, client.version));
  const received = await client.next();
  const isAnswer = received?.kind === "packet" && received.packet.type === PacketType.Pingresp;
  return isAnswer ? undefined : received;
}
