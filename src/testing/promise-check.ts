import type { Connection } from "../broker/connection.ts";
import type { BindPacketIdentifier, Mutation } from "../broker/mutation.ts";
import { packetName } from "../mqtt/notation.ts";
import type { Packet } from "../mqtt/packet.ts";
import { PacketType } from "../mqtt/packet-type.ts";
import type { OutboxRecord } from "./recording-outbox.ts";

/** Packets that promise what was persisted: they leave after its commit. */
const promises = new Set<PacketType>([
  PacketType.Connack,
  PacketType.Puback,
  PacketType.Pubrec,
  PacketType.Pubrel,
  PacketType.Pubcomp,
  PacketType.Suback,
  PacketType.Unsuback,
]);

/** Changes that no acknowledgement speaks of. */
const promisesNothing = new Set<Mutation["kind"]>(["settle", "bindPacketIdentifier", "alive"]);

/**
 * Keep it, then promise it: in what one verb said, a promise behind a durable change waits for the commit, and so does a
 * QoS 1 or 2 PUBLISH behind the row of its message or that of its own Packet Identifier.
 *
 * @returns what is wrong, as a sentence; undefined when all is well
 */
export function brokenPromise(records: readonly OutboxRecord[]): string | undefined {
  let change: string | undefined;
  let row: string | undefined;
  const bound: BindPacketIdentifier[] = [];
  for (const record of records) {
    if (record.verb === "persist") {
      const { kind } = record.mutation;
      if (kind === "keepMessage") row = kind;
      if (kind === "bindPacketIdentifier") bound.push(record.mutation);
      if (!promisesNothing.has(kind)) change = kind;
    } else if (record.verb === "send" || record.verb === "deliver") {
      const ownRow = row ?? bound.find((each) => isBoundTo(each, record.connection, record.packet))?.kind;
      const kept = isAcknowledgedPublish(record.packet)
        ? ownRow
        : promises.has(record.packet.type)
          ? change
          : undefined;
      if (kept !== undefined) return `${packetName(record.packet.type)} does not wait for the commit of ${kept}`;
    }
  }
  return undefined;
}

/** Others may go on at once: what returned to its group has Packet Identifier 0. */
function isBoundTo(row: BindPacketIdentifier, { session }: Connection, packet: Packet): boolean {
  const isOfSession = session === undefined || session.number === row.session;
  return isOfSession && "packetIdentifier" in packet && packet.packetIdentifier === row.packetIdentifier;
}

function isAcknowledgedPublish(packet: Packet): boolean {
  return packet.type === PacketType.Publish && packet.qos > 0;
}
