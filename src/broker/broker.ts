import type { Packet } from "../mqtt/packet.ts";
import type { DisconnectReasonCode } from "../mqtt/reason-code.ts";
import type { Message } from "../session/message.ts";
import type { Principal, Verdict } from "./authentication.ts";
import type { Connection } from "./connection.ts";
import type { Counters } from "./counters.ts";
import type { Inspection } from "./inspection.ts";
import type { Recovered, Target } from "./mutation.ts";
import type { Ticket } from "./outbox.ts";
import type { Policy } from "./policy.ts";
import type { Lost } from "./replay.ts";

/** A message body read back; `undefined` in its place when it was settled meanwhile. */
export interface FetchedMessage {
  readonly number: number;
  readonly message: Message;
  readonly targets: readonly Target[];
}

/**
 * The verbs in: what happened, and when. `now` is in ms and never goes back. Each runs to its end without waiting, so no
 * state can change under a handler's feet.
 */
export interface Broker {
  /** What a store kept, batch after batch, before anything else happens. */
  recover(rows: readonly Recovered[]): void;
  /** All of it was handed in: clocks that stood still go on. */
  recovered(now: number): void;
  /** A Network Connection was made; nothing was received yet. */
  opened(connection: Connection, now: number): void;
  /** A whole Control Packet came. Not called while the connection is paused or after `close`. */
  received(connection: Connection, packet: Packet, now: number): void;
  /** What came cannot be decoded, or broke the protocol: answered with the error's Reason Code, then closed (§4.13). */
  failed(connection: Connection, error: unknown, now: number): void;
  /** The Network Connection ended without our `close`. */
  closed(connection: Connection, now: number): void;
  /** Its Link has room again, after a sending verb returned false. */
  drained(connection: Connection, now: number): void;
  /** Who it is: the answer to `authenticate`. */
  verdict(connection: Connection, verdict: Verdict, now: number): void;
  /** Bodies for a Session or shared group: the answer to `fetch`. */
  fetched(owner: number, messages: readonly (FetchedMessage | undefined)[], now: number): void;
  /**
   * From inside the process: checked like a PUBLISH of that Principal; `undefined` is the Server itself, which needs no
   * leave. The ticket hears the Reason Code.
   */
  publish(principal: Principal | undefined, message: Message, ticket: Ticket | undefined, now: number): void;
  /**
   * Brings a message to where it did not come. The ticket hears the Reason Code of its publishing.
   *
   * @returns why it still cannot be, as a sentence; then nothing has changed and the ticket is not used
   */
  replay(tenant: number, lost: Lost, ticket: Ticket, now: number): string | undefined;
  /** Ends a Client's Network Connection with this DISCONNECT (§4.13.2); false when it has none. */
  disconnect(
    tenant: number,
    clientId: string,
    reasonCode: DisconnectReasonCode,
    reasonString: string | undefined,
    now: number,
  ): boolean;
  /** The same for this one; one that is not connected yet is closed without a word. */
  disconnectConnection(
    connection: Connection,
    reasonCode: DisconnectReasonCode,
    reasonString: string | undefined,
    now: number,
  ): void;
  /** The same for every connection of the Principals with these names; returns how many they were. */
  disconnectPrincipals(
    tenant: number,
    names: ReadonlySet<string>,
    reasonCode: DisconnectReasonCode,
    reasonString: string | undefined,
    now: number,
  ): number;
  /** Another law is in force: subscriptions that it does not allow end, with DISCONNECT 0x87 or at the next CONNECT. */
  policyChanged(policy: Policy, now: number): void;
  /** While `refusing`, new work is refused before it changes anything; settling goes on. */
  storeState(state: "ready" | "refusing", now: number): void;
  /** Every connection gets DISCONNECT 0x8B Server shutting down, or 0x9C with a Server Reference; new ones are refused. */
  drain(serverReference: string | undefined, now: number): void;
  /** `nextDeadline()` has come. */
  elapsed(now: number): void;
  /** When `elapsed` must be called, ms; Infinity when nothing waits. */
  nextDeadline(): number;
  readonly counters: Counters;
  /** A look at a tenant's Sessions, queues and Retained Messages. */
  inspect(tenant: number): Inspection;
}
