import type { Puback, Pubcomp, Pubrec, Pubrel } from "../mqtt/packet.ts";
import { PacketType } from "../mqtt/packet-type.ts";
import { ProtocolError } from "../mqtt/protocol-error.ts";
import { isFailure, ReasonCode } from "../mqtt/reason-code.ts";
import type { InFlight } from "../session/sender.ts";
import type { Connection } from "./connection.ts";
import { pump } from "./pump.ts";
import { bindingOf, settle } from "./queues.ts";
import { release } from "./replies.ts";
import type { Session } from "./session.ts";
import type { BrokerState } from "./state.ts";

/** PUBACK (§3.4): the Client is done with a QoS 1 message, also when it refused it [MQTT-4.4.0-2]. */
export function handlePuback(state: BrokerState, session: Session, puback: Puback, now: number): void {
  const entry = session.sender.inFlight.get(puback.packetIdentifier);
  if (entry === undefined) return;
  if (entry.qos !== 1) throw wrongAnswer("PUBACK", entry);
  finish(state, session, entry, now);
}

/**
 * PUBREC (§3.5): the Client has the QoS 2 message; PUBREL follows [MQTT-4.3.3-4]. A refusal ends the flow, and what a
 * shared group's member refused goes to nobody else [MQTT-4.8.2-6].
 */
export function handlePubrec(
  state: BrokerState,
  connection: Connection,
  session: Session,
  pubrec: Pubrec,
  now: number,
): void {
  const { packetIdentifier } = pubrec;
  const entry = session.sender.inFlight.get(packetIdentifier);
  if (entry === undefined) {
    if (isFailure(pubrec.reasonCode)) return;
    release(state, connection, PacketType.Pubrel, packetIdentifier, ReasonCode.PacketIdentifierNotFound, false);
    return;
  }
  if (entry.qos !== 2) throw wrongAnswer("PUBREC", entry);
  if (isFailure(pubrec.reasonCode)) {
    finish(state, session, entry, now);
    return;
  }
  const isNew = entry.stage === "published";
  // [MQTT-4.3.3-5] [MQTT-4.3.3-6]
  entry.stage = "received";
  entry.message = undefined;
  const { number } = entry;
  if (isNew && number > 0) state.outbox.persist(bindingOf(session, entry));
  // [MQTT-4.3.3-4] [MQTT-4.6.0-4] [MQTT311-4.6.0-4]
  release(state, connection, PacketType.Pubrel, packetIdentifier, ReasonCode.Success, number > 0);
}

/** PUBCOMP (§3.7): the QoS 2 flow is complete. */
export function handlePubcomp(state: BrokerState, session: Session, pubcomp: Pubcomp, now: number): void {
  const entry = session.sender.inFlight.get(pubcomp.packetIdentifier);
  if (entry === undefined) return;
  if (entry.qos !== 2 || entry.stage !== "received") throw wrongAnswer("PUBCOMP", entry);
  finish(state, session, entry, now);
}

/** PUBREL (§3.6): the QoS 2 identifier of a received message is free again [MQTT-4.3.3-11] [MQTT-4.3.3-12]. */
export function handlePubrel(state: BrokerState, connection: Connection, session: Session, pubrel: Pubrel): void {
  const { packetIdentifier } = pubrel;
  // [MQTT-4.3.3-12] [MQTT-4.3.3-13]
  const isKnown = session.received?.delete(packetIdentifier) === true;
  connection.receivedOpen?.delete(packetIdentifier);
  if (isKnown && session.durable)
    state.outbox.persist({ kind: "releaseReceived", session: session.number, packetIdentifier });
  const reasonCode = isKnown ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound;
  // Freed over an earlier connection it may still wait for its commit: told too early, a crash would bring it back.
  // [MQTT-4.3.3-11]
  release(state, connection, PacketType.Pubcomp, packetIdentifier, reasonCode, session.durable);
}

/** Identifier and quota are free: the next may go [MQTT-4.9.0-2]. */
function finish(state: BrokerState, session: Session, entry: InFlight, now: number): void {
  session.sender.finish(entry);
  state.counters.queuedMessages -= 1;
  settle(state, entry.owner, entry.number);
  pump(state, session, now);
}

function wrongAnswer(name: string, entry: InFlight): ProtocolError {
  return new ProtocolError(
    ReasonCode.ProtocolError,
    "MQTT-3.3.4-1",
    `${name} for Packet Identifier ${entry.packetIdentifier}, which is at QoS ${entry.qos}, ${entry.stage}`,
  );
}
