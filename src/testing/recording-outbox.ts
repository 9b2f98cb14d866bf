import type { AuthenticationRequest } from "../broker/authentication.ts";
import type { Connection } from "../broker/connection.ts";
import type { Mutation } from "../broker/mutation.ts";
import type { Observation } from "../broker/observation.ts";
import type { Outbox, Ticket } from "../broker/outbox.ts";
import { decode, encode } from "../mqtt/codec.ts";
import { Framer } from "../mqtt/framer.ts";
import { packetBytesMax } from "../mqtt/limits.ts";
import { formatPacket } from "../mqtt/notation.ts";
import type { Packet } from "../mqtt/packet.ts";
import type { ProtocolVersion } from "../mqtt/packet-type.ts";
import type { ReasonCode } from "../mqtt/reason-code.ts";
import type { SharedPublish } from "../mqtt/shared-publish.ts";
import { Writer } from "../mqtt/writer.ts";

/** One verb out, as data. A sent packet is what its bytes say, so a packet that cannot be encoded is found at once. */
export type OutboxRecord =
  | {
      readonly verb: "send" | "sendAfterCommit" | "deliver" | "deliverAfterCommit";
      readonly connection: Connection;
      readonly packet: Packet;
      readonly bytes: Uint8Array;
    }
  | { readonly verb: "persist"; readonly mutation: Mutation }
  | { readonly verb: "fetch"; readonly owner: number; readonly numbers: readonly number[] }
  | { readonly verb: "authenticate"; readonly connection: Connection; readonly request: AuthenticationRequest }
  | { readonly verb: "confirmAfterCommit"; readonly ticket: Ticket; readonly reasonCode: ReasonCode }
  | { readonly verb: "pause" | "resume" | "close"; readonly connection: Connection }
  | { readonly verb: "observe"; readonly observation: Observation };

/** An Outbox that does nothing but write down what it was told, in order. */
export class RecordingOutbox implements Outbox {
  /** Everything since the beginning or the last {@link RecordingOutbox.take}. */
  readonly records: OutboxRecord[] = [];
  /** What the sending verbs return. */
  hasRoom: (connection: Connection) => boolean = () => true;
  readonly #nameOf: (connection: Connection) => string;

  /** @param nameOf what a connection is called in `lines()`; its Client Identifier unless told otherwise */
  constructor(nameOf: (connection: Connection) => string = (connection) => connection.clientId) {
    this.#nameOf = nameOf;
  }

  send(connection: Connection, packet: Packet): boolean {
    return this.#sent("send", connection, encoded(packet, connection.protocolVersion));
  }

  sendAfterCommit(connection: Connection, packet: Packet): boolean {
    return this.#sent("sendAfterCommit", connection, encoded(packet, connection.protocolVersion));
  }

  deliver(connection: Connection, shared: SharedPublish, packetIdentifier: number, dup: boolean): boolean {
    return this.#sent("deliver", connection, written(shared, packetIdentifier, dup));
  }

  deliverAfterCommit(connection: Connection, shared: SharedPublish, packetIdentifier: number, dup: boolean): boolean {
    return this.#sent("deliverAfterCommit", connection, written(shared, packetIdentifier, dup));
  }

  persist(mutation: Mutation): void {
    this.records.push({ verb: "persist", mutation });
  }

  fetch(owner: number, numbers: readonly number[]): void {
    this.records.push({ verb: "fetch", owner, numbers });
  }

  authenticate(connection: Connection, request: AuthenticationRequest): void {
    this.records.push({ verb: "authenticate", connection, request });
  }

  confirmAfterCommit(ticket: Ticket, reasonCode: ReasonCode): void {
    this.records.push({ verb: "confirmAfterCommit", ticket, reasonCode });
  }

  pause(connection: Connection): void {
    this.records.push({ verb: "pause", connection });
  }

  resume(connection: Connection): void {
    this.records.push({ verb: "resume", connection });
  }

  close(connection: Connection): void {
    this.records.push({ verb: "close", connection });
  }

  observe(observation: Observation): void {
    this.records.push({ verb: "observe", observation });
  }

  /** What was recorded, which is then forgotten. */
  take(): OutboxRecord[] {
    return this.records.splice(0);
  }

  /** What a connection was sent, in order. */
  packets(connection: Connection): Packet[] {
    return this.records.flatMap((record) =>
      "packet" in record && record.connection === connection ? [record.packet] : [],
    );
  }

  /** What was recorded as text, one verb a line: `c1 < PUBACK #1 (after commit)`. */
  lines(): string[] {
    return this.records.map((record) => this.#line(record));
  }

  #sent(
    verb: "send" | "sendAfterCommit" | "deliver" | "deliverAfterCommit",
    connection: Connection,
    bytes: Uint8Array,
  ): boolean {
    this.records.push({ verb, connection, packet: decoded(bytes, connection.protocolVersion), bytes });
    return this.hasRoom(connection);
  }

  #line(record: OutboxRecord): string {
    switch (record.verb) {
      case "send":
      case "deliver":
        return `${this.#nameOf(record.connection)} < ${formatPacket(record.packet)}`;
      case "sendAfterCommit":
      case "deliverAfterCommit":
        return `${this.#nameOf(record.connection)} < ${formatPacket(record.packet)} (after commit)`;
      case "persist":
        return `persist ${JSON.stringify(record.mutation)}`;
      case "fetch":
        return `fetch ${record.owner}: ${record.numbers.join(", ")}`;
      case "confirmAfterCommit":
        return `confirm ${record.reasonCode} (after commit)`;
      case "observe":
        return `observe ${JSON.stringify(record.observation)}`;
      case "authenticate":
      case "pause":
      case "resume":
      case "close":
        return `${this.#nameOf(record.connection)} ${record.verb}`;
    }
  }
}

/** The bytes of one packet. */
export function encoded(packet: Packet, protocolVersion: ProtocolVersion): Uint8Array {
  const writer = new Writer();
  encode(packet, protocolVersion, writer);
  return writer.bytes();
}

/** The one packet that these bytes are. */
export function decoded(bytes: Uint8Array, protocolVersion: ProtocolVersion): Packet {
  const framer = new Framer(packetBytesMax);
  framer.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  if (!framer.next()) throw new Error(`No whole packet in ${bytes.length} bytes`);
  const packet = decode(framer.firstByte, framer.reader, protocolVersion);
  if (framer.next()) throw new Error("More than one packet");
  return packet;
}

/** A writer of its own for each delivery: the shared bytes are copied from the first one's. */
function written(shared: SharedPublish, packetIdentifier: number, dup: boolean): Uint8Array {
  const writer = new Writer();
  shared.writeTo(writer, packetIdentifier, dup);
  const bytes = writer.bytes();
  if (bytes.length !== shared.byteLength) {
    throw new Error(`SharedPublish said ${shared.byteLength} bytes and wrote ${bytes.length}`);
  }
  return bytes;
}
