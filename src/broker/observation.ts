import type { Will } from "../mqtt/packet.ts";
import type { ReasonCode } from "../mqtt/reason-code.ts";
import type { Message } from "../session/message.ts";
import type { Principal } from "./authentication.ts";

/**
 * Rare moments, for logs, metrics and people. `message`, `principal` and `will` hold during the call: what outlives it is
 * copied.
 */
export type Observation =
  | {
      readonly kind: "connected";
      readonly clientId: string;
      readonly userName: string;
      readonly protocolVersion: number;
      readonly sessionPresent: boolean;
    }
  | {
      readonly kind: "connectRefused";
      readonly clientId: string;
      /** As the Client says; empty when it says none. */
      readonly userName: string;
      readonly reasonCode: number;
      readonly reason: string;
      readonly place: string;
      /** The Will that is not allowed, when that is why. */
      readonly will: Will | undefined;
    }
  | { readonly kind: "disconnected"; readonly clientId: string; readonly reasonCode: number; readonly reason: string }
  | {
      readonly kind: "publishRefused";
      readonly clientId: string;
      readonly userName: string;
      readonly topicName: string;
      readonly reasonCode: number;
      readonly reason: string;
      readonly place: string;
      /**
       * QoS 1 or 2, so it was meant to arrive: it goes to the dead letters. A publisher of 3.1.1 does not even know, for it
       * cannot be told no.
       */
      readonly deadLetter: boolean;
      readonly principal: Principal;
      readonly message: Message;
    }
  | {
      /** A message that was accepted does not come to a Session or shared group that it waited for. */
      readonly kind: "messageLost";
      readonly cause: "overflowed" | "expired";
      /** Client Identifier, or name of the shared group. */
      readonly clientId: string;
      /** Of its row in the store, from which it can be read until the call is over; 0 when it has none. */
      readonly number: number;
      /** Undefined when it is in the store only. */
      readonly message: Message | undefined;
    }
  | {
      readonly kind: "subscribeRefused";
      readonly clientId: string;
      readonly userName: string;
      readonly topicFilter: string;
      readonly reasonCode: number;
      readonly reason: string;
      readonly place: string;
    }
  | {
      /** A queued message was lost to a limit: once per Session and spell, with the count so far. */
      readonly kind: "queueOverflow";
      readonly clientId: string;
      readonly dropped: number;
    }
  | {
      readonly kind: "protocolError";
      readonly clientId: string;
      readonly statement: string;
      readonly reason: string;
      readonly reasonCode: ReasonCode;
    };

/** What holds after the call too. */
export type Said<Kind extends Observation> = Omit<Kind, "kind" | "message" | "principal" | "will">;

/** An observation without what holds only during the call. */
export function saidOf(observation: Observation): Said<Observation> {
  const { kind, message, principal, will, ...said } = { message: 0, principal: 0, will: 0, ...observation };
  return said;
}
