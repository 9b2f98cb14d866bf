import type { PublishProperties } from "../mqtt/packet.ts";
import type { QoS } from "../mqtt/packet-type.ts";
import type { ReasonCode } from "../mqtt/reason-code.ts";
import type { Principal } from "./authentication.ts";

/** Why something was refused: what the wire says, and what people want to know. */
export interface Refusal {
  /** 0x87 Not authorized, 0x90 Topic Name invalid, 0x97 Quota exceeded, 0x99 Payload format invalid or 0x83. */
  readonly reasonCode: RefusalReasonCode;
  /** A sentence that names the rule; sent as Reason String where the Client wants it. */
  readonly reasonString: string;
  /** Where the rule stands, as `file:line:column`; empty when it is not from a file. */
  readonly place: string;
}

/** The codes that a PUBACK, PUBREC and SUBACK share and a policy may use. */
export type RefusalReasonCode = (typeof ReasonCode)[
  | "NotAuthorized"
  | "TopicNameInvalid"
  | "QuotaExceeded"
  | "PayloadFormatInvalid"
  | "ImplementationSpecificError"];

/** What a policy sees of a PUBLISH or a Will. */
export interface PublishRequest {
  readonly topicName: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties: PublishProperties;
  readonly payload: Uint8Array;
}

/**
 * The law, asked synchronously on the way of every message: compiled before, interpreted never. `undefined` allows, and
 * allocates nothing.
 */
export interface Policy {
  mayPublish(principal: Principal, publish: PublishRequest): Refusal | undefined;
  /** The same for the Will of a CONNECT; `mayPublish` when there is no such method. */
  mayHaveWill?(principal: Principal, will: PublishRequest): Refusal | undefined;
  /** `topicFilter` is without its `$share/{ShareName}/`. */
  maySubscribe(principal: Principal, topicFilter: string): Refusal | undefined;
  /**
   * Whether a subscription that `maySubscribe` allows reaches further than the Principal may read, so that it brings only
   * topics that `mayReceive` allows. Without this method none does.
   */
  isFiltered?(principal: Principal, topicFilter: string): boolean;
  /** Asked for the topics of such subscriptions, and for what waits for a Session that lost a right. */
  mayReceive?(principal: Principal, topicName: string): boolean;
  /** Seconds that a message without Message Expiry Interval lives (§3.3.2.3.3); undefined for ever. */
  messageExpirySeconds?(topicName: string): number | undefined;
}

/** Both must allow; the first is asked first. */
export function bothAllow(first: Policy, second: Policy): Policy {
  const isFiltered = (principal: Principal, topicFilter: string): boolean =>
    first.isFiltered?.(principal, topicFilter) === true || second.isFiltered?.(principal, topicFilter) === true;
  const mayReceive = (principal: Principal, topicName: string): boolean =>
    first.mayReceive?.(principal, topicName) !== false && second.mayReceive?.(principal, topicName) !== false;
  return {
    mayPublish: (principal, publish) => first.mayPublish(principal, publish) ?? second.mayPublish(principal, publish),
    maySubscribe: (principal, topicFilter) =>
      first.maySubscribe(principal, topicFilter) ?? second.maySubscribe(principal, topicFilter),
    mayHaveWill: (principal, will) => willRefusal(first, principal, will) ?? willRefusal(second, principal, will),
    isFiltered,
    mayReceive,
    messageExpirySeconds: (topicName) =>
      first.messageExpirySeconds?.(topicName) ?? second.messageExpirySeconds?.(topicName),
  };
}

/** Why a Will is refused, if it is. */
export function willRefusal(policy: Policy, principal: Principal, will: PublishRequest): Refusal | undefined {
  return policy.mayHaveWill === undefined ? policy.mayPublish(principal, will) : policy.mayHaveWill(principal, will);
}

/** No law: for tests and brokers on loopback. */
export const allowAll: Policy = {
  mayPublish: () => undefined,
  maySubscribe: () => undefined,
};
