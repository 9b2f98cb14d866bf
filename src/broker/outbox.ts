import type { Packet } from "../mqtt/packet.ts";
import type { ReasonCode } from "../mqtt/reason-code.ts";
import type { SharedPublish } from "../mqtt/shared-publish.ts";
import type { AuthenticationRequest } from "./authentication.ts";
import type { Connection } from "./connection.ts";
import type { Mutation } from "./mutation.ts";
import type { Observation } from "./observation.ts";

/**
 * Whoever publishes from inside the process gets its answer by the ticket it handed in.
 */
export interface Ticket {
  /** Called once, after the commit that keeps the message, with what a PUBACK would have said. */
  settled(reasonCode: ReasonCode): void;
}

/**
 * The verbs out: what must be done. Handed to the core, which calls it while it works; nothing is returned in lists.
 *
 * Each connection's verbs keep their order on the wire: a packet behind one that waits for a commit waits too, a `close`
 * comes after all that was sent before it. The bytes are made during the call; no packet outlives it.
 *
 * The four sending verbs return whether the connection has room for more. `false` is advice, nothing was lost: the core
 * sends it no further PUBLISH until the verb `drained`.
 */
export interface Outbox {
  /** A packet that promises nothing. */
  send(connection: Connection, packet: Packet): boolean;
  /** A packet that promises something: it leaves after the commit of everything persisted up to now. */
  sendAfterCommit(connection: Connection, packet: Packet): boolean;
  /** PUBLISH whose bytes are shared between subscribers. Packet Identifier 0 at QoS 0. */
  deliver(connection: Connection, shared: SharedPublish, packetIdentifier: number, dup: boolean): boolean;
  /** The same, for a message with rows in an open commit. */
  deliverAfterCommit(connection: Connection, shared: SharedPublish, packetIdentifier: number, dup: boolean): boolean;
  /** A durable change. Batches are cut between verbs in, never inside one. */
  persist(mutation: Mutation): void;
  /** Ask for message bodies of a Session or shared group by number; answered by the verb `fetched`. */
  fetch(owner: number, numbers: readonly number[]): void;
  /** Ask who this is; answered by the verb `verdict`. The bytes in the request are copies, good for as long as it takes. */
  authenticate(connection: Connection, request: AuthenticationRequest): void;
  /** Answer a `publish` from inside the process, after the commit of everything persisted up to now. */
  confirmAfterCommit(ticket: Ticket, reasonCode: ReasonCode): void;
  /** Hand in no further packet of this connection until `resume`. */
  pause(connection: Connection): void;
  resume(connection: Connection): void;
  /** End the Network Connection, behind what was sent before. Nothing of it is handed in any more; `closed` is not called. */
  close(connection: Connection): void;
  /** Something rare that people or metrics want to know. */
  observe(observation: Observation): void;
}
