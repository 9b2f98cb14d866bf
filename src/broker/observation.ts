import type { ReasonCode } from "../mqtt/reason-code.ts";

/** Rare moments, for logs, metrics and people. */
export type Observation =
  | {
      readonly kind: "connected";
      readonly clientId: string;
      readonly userName: string;
      readonly protocolVersion: number;
      readonly sessionPresent: boolean;
    }
  | { readonly kind: "connectRefused"; readonly clientId: string; readonly reasonCode: number; readonly reason: string }
  | { readonly kind: "disconnected"; readonly clientId: string; readonly reasonCode: number; readonly reason: string }
  | {
      readonly kind: "publishRefused";
      readonly clientId: string;
      readonly topicName: string;
      readonly reasonCode: number;
      readonly reason: string;
      readonly place: string;
      /** 3.1.1 cannot say no: the message was acknowledged and dropped. */
      readonly deadLetter: boolean;
    }
  | {
      readonly kind: "subscribeRefused";
      readonly clientId: string;
      readonly topicFilter: string;
      readonly reasonCode: number;
      readonly reason: string;
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
