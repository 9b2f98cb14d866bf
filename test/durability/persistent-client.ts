import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { decode, encode } from "../../src/mqtt/codec.ts";
import { Framer } from "../../src/mqtt/framer.ts";
import { packetBytesMax } from "../../src/mqtt/limits.ts";
import type { Connack, Packet, Will } from "../../src/mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { ReasonCode } from "../../src/mqtt/reason-code.ts";
import { Writer } from "../../src/mqtt/writer.ts";
import { connect } from "../mqtt/packets.ts";

/** Where the broker is, and as whom to come. */
export interface Endpoint {
  readonly port: number;
  readonly ca: Buffer;
}

/** Where clients say what must not be. */
export type Report = (problem: string) => void;

const sessionExpiryIntervalSeconds = 3_600;
const retryMilliseconds = 25;

/**
 * A Client whose Session outlives its connections, on a raw TLS socket: nothing is done for it behind its back. It
 * connects when told that the broker is up, again when it was refused or cut off, and says when the broker forgot it.
 */
export abstract class PersistentClient {
  readonly clientId: string;
  readonly report: Report;
  protected will: Will | undefined = undefined;
  /** The broker has promised a Session: from then on it must be there. */
  #hasSession = false;
  /** The last CONNACK that said no. */
  refusal: ReasonCode | undefined = undefined;
  #endpoint: Endpoint | undefined = undefined;
  #socket: Socket | undefined = undefined;
  #isConnected = false;
  #retry: NodeJS.Timeout | undefined = undefined;
  #waiting: (() => void)[] = [];
  readonly #writer = new Writer();
  #flushes = false;

  constructor(clientId: string, report: Report) {
    this.clientId = clientId;
    this.report = report;
  }

  /** CONNACK has come at some time. */
  get hasSession(): boolean {
    return this.#hasSession;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** The broker can be reached. */
  up(endpoint: Endpoint): void {
    this.down();
    this.#endpoint = endpoint;
    this.#open(endpoint);
  }

  /** Stays away, without a word to the broker. */
  down(): void {
    this.#endpoint = undefined;
    clearTimeout(this.#retry);
    this.#socket?.destroy();
    this.#lost();
  }

  /** Resolves when CONNACK has come. */
  connected(): Promise<void> {
    if (this.#isConnected) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** What is sent in one turn leaves in one write. */
  send(packet: Packet): void {
    if (this.#socket === undefined) return;
    encode(packet, ProtocolVersion.V5, this.#writer);
    if (this.#flushes) return;
    this.#flushes = true;
    setImmediate(() => this.#flush());
  }

  /** CONNACK said yes. */
  protected abstract welcomed(sessionPresent: boolean): void;
  /** Any packet but CONNACK; views are good during the call. */
  protected abstract received(packet: Packet): void;
  /** The connection is gone. */
  protected abstract cut(): void;

  #open({ port, ca }: Endpoint): void {
    const socket = connectTls({ port, host: "localhost", servername: "localhost", ca });
    this.#socket = socket;
    const framer = new Framer(packetBytesMax);
    socket.setNoDelay(true);
    socket.on("secureConnect", () => this.send(this.#connect()));
    socket.on("data", (chunk: Buffer) => {
      if (this.#socket === socket) this.#read(framer, chunk);
    });
    // The reason is of no use: 'close' follows.
    socket.on("error", () => {});
    socket.on("close", () => {
      if (this.#socket !== socket) return;
      this.#lost();
      const endpoint = this.#endpoint;
      if (endpoint !== undefined) this.#retry = setTimeout(() => this.#open(endpoint), retryMilliseconds);
    });
  }

  #connect(): Packet {
    return connect({
      clientId: this.clientId,
      userName: "admin",
      password: Buffer.from("admin-demo"),
      will: this.will,
      properties: { sessionExpiryIntervalSeconds },
    });
  }

  #read(framer: Framer, chunk: Buffer): void {
    framer.push(chunk);
    while (framer.next()) {
      const packet = decode(framer.firstByte, framer.reader, ProtocolVersion.V5);
      if (packet.type === PacketType.Connack) this.#welcome(packet);
      else if (packet.type === PacketType.Disconnect) this.#sentAway("DISCONNECT", packet.reasonCode);
      else this.received(packet);
    }
  }

  #welcome({ sessionPresent, reasonCode }: Connack): void {
    if (reasonCode !== ReasonCode.Success) {
      this.refusal = reasonCode;
      this.#sentAway("CONNACK", reasonCode);
      return;
    }
    if (this.#hasSession && !sessionPresent) this.report(`${this.clientId}: its Session was forgotten`);
    this.#hasSession = true;
    this.#isConnected = true;
    this.welcomed(sessionPresent);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Only a shutdown and a full store are reasons. */
  #sentAway(packet: string, reasonCode: ReasonCode): void {
    this.#socket?.destroy();
    if (reasonCode === ReasonCode.ServerShuttingDown || reasonCode === ReasonCode.ServerUnavailable) return;
    this.report(`${this.clientId}: ${packet} with 0x${reasonCode.toString(16)}`);
  }

  #flush(): void {
    this.#flushes = false;
    if (this.#writer.position === 0) return;
    const bytes = Buffer.from(this.#writer.bytes());
    this.#writer.position = 0;
    this.#socket?.write(bytes);
  }

  #lost(): void {
    this.#socket = undefined;
    this.#writer.position = 0;
    if (!this.#isConnected) return;
    this.#isConnected = false;
    this.cut();
  }
}
