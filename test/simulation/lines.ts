import type { Mutation } from "../../src/broker/mutation.ts";
import { formatPacket } from "../../src/mqtt/notation.ts";
import type { Packet } from "../../src/mqtt/packet.ts";

/** A packet in a line of history; its payload as far as it tells messages apart. */
export function packetLine(packet: Packet): string {
  return formatPacket(packet).replace(/_+/g, "…");
}

/** A mutation in a line of history. */
export function mutationLine(mutation: Mutation): string {
  switch (mutation.kind) {
    case "keepMessage": {
      const targets = mutation.targets.map(
        ({ owner, session, packetIdentifier, qos }) =>
          `${owner}:q${qos}${session > 0 ? `→${session}#${packetIdentifier}` : ""}`,
      );
      return `keepMessage ${mutation.number} ${text(mutation.message.payload)} for ${targets.join(" ")}`;
    }
    case "putRetained":
      return `putRetained ${mutation.message.topicName} ${text(mutation.message.payload)}`;
    case "putWill":
      return `putWill ${mutation.session} ${text(mutation.will.payload)} due at ${mutation.dueAt}`;
    default:
      return JSON.stringify(mutation);
  }
}

function text(payload: Uint8Array): string {
  return Buffer.from(payload).toString().replace(/_+/g, "…");
}
