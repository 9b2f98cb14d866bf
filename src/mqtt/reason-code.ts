/**
 * Reason Codes (§2.4). One name per value, so that the reverse table is total; the zero is `Success` everywhere
 * (Normal disconnection and Granted QoS 0 are the same byte).
 */
export const ReasonCode = {
  Success: 0x00,
  GrantedQoS1: 0x01,
  GrantedQoS2: 0x02,
  DisconnectWithWillMessage: 0x04,
  NoMatchingSubscribers: 0x10,
  NoSubscriptionExisted: 0x11,
  ContinueAuthentication: 0x18,
  Reauthenticate: 0x19,
  UnspecifiedError: 0x80,
  MalformedPacket: 0x81,
  ProtocolError: 0x82,
  ImplementationSpecificError: 0x83,
  UnsupportedProtocolVersion: 0x84,
  ClientIdentifierNotValid: 0x85,
  BadUserNameOrPassword: 0x86,
  NotAuthorized: 0x87,
  ServerUnavailable: 0x88,
  ServerBusy: 0x89,
  Banned: 0x8a,
  ServerShuttingDown: 0x8b,
  BadAuthenticationMethod: 0x8c,
  KeepAliveTimeout: 0x8d,
  SessionTakenOver: 0x8e,
  TopicFilterInvalid: 0x8f,
  TopicNameInvalid: 0x90,
  PacketIdentifierInUse: 0x91,
  PacketIdentifierNotFound: 0x92,
  ReceiveMaximumExceeded: 0x93,
  TopicAliasInvalid: 0x94,
  PacketTooLarge: 0x95,
  MessageRateTooHigh: 0x96,
  QuotaExceeded: 0x97,
  AdministrativeAction: 0x98,
  PayloadFormatInvalid: 0x99,
  RetainNotSupported: 0x9a,
  QoSNotSupported: 0x9b,
  UseAnotherServer: 0x9c,
  ServerMoved: 0x9d,
  SharedSubscriptionsNotSupported: 0x9e,
  ConnectionRateExceeded: 0x9f,
  MaximumConnectTime: 0xa0,
  SubscriptionIdentifiersNotSupported: 0xa1,
  WildcardSubscriptionsNotSupported: 0xa2,
} as const;
export type ReasonCode = (typeof ReasonCode)[keyof typeof ReasonCode];

type Of<Name extends keyof typeof ReasonCode> = (typeof ReasonCode)[Name];

/** What CONNACK may say (§3.2.2.2). */
export type ConnackReasonCode = Of<
  | "Success"
  | "UnspecifiedError"
  | "MalformedPacket"
  | "ProtocolError"
  | "ImplementationSpecificError"
  | "UnsupportedProtocolVersion"
  | "ClientIdentifierNotValid"
  | "BadUserNameOrPassword"
  | "NotAuthorized"
  | "ServerUnavailable"
  | "ServerBusy"
  | "Banned"
  | "BadAuthenticationMethod"
  | "TopicNameInvalid"
  | "PacketTooLarge"
  | "QuotaExceeded"
  | "PayloadFormatInvalid"
  | "RetainNotSupported"
  | "QoSNotSupported"
  | "UseAnotherServer"
  | "ServerMoved"
  | "ConnectionRateExceeded"
>;

/** What PUBACK and PUBREC may say (§3.4.2.1, §3.5.2.1). */
export type PublishReasonCode = Of<
  | "Success"
  | "NoMatchingSubscribers"
  | "UnspecifiedError"
  | "ImplementationSpecificError"
  | "NotAuthorized"
  | "TopicNameInvalid"
  | "PacketIdentifierInUse"
  | "QuotaExceeded"
  | "PayloadFormatInvalid"
>;

/** What PUBREL and PUBCOMP may say (§3.6.2.1, §3.7.2.1). */
export type ReleaseReasonCode = Of<"Success" | "PacketIdentifierNotFound">;

/** What SUBACK may say, once per Topic Filter (§3.9.3). */
export type SubackReasonCode = Of<
  | "Success"
  | "GrantedQoS1"
  | "GrantedQoS2"
  | "UnspecifiedError"
  | "ImplementationSpecificError"
  | "NotAuthorized"
  | "TopicFilterInvalid"
  | "PacketIdentifierInUse"
  | "QuotaExceeded"
  | "SharedSubscriptionsNotSupported"
  | "SubscriptionIdentifiersNotSupported"
  | "WildcardSubscriptionsNotSupported"
>;

/** What UNSUBACK may say, once per Topic Filter (§3.11.3). */
export type UnsubackReasonCode = Of<
  | "Success"
  | "NoSubscriptionExisted"
  | "UnspecifiedError"
  | "ImplementationSpecificError"
  | "NotAuthorized"
  | "TopicFilterInvalid"
  | "PacketIdentifierInUse"
>;

/** What DISCONNECT may say, in either direction (§3.14.2.1). */
export type DisconnectReasonCode = Of<
  | "Success"
  | "DisconnectWithWillMessage"
  | "UnspecifiedError"
  | "MalformedPacket"
  | "ProtocolError"
  | "ImplementationSpecificError"
  | "NotAuthorized"
  | "ServerBusy"
  | "ServerShuttingDown"
  | "KeepAliveTimeout"
  | "SessionTakenOver"
  | "TopicFilterInvalid"
  | "TopicNameInvalid"
  | "ReceiveMaximumExceeded"
  | "TopicAliasInvalid"
  | "PacketTooLarge"
  | "MessageRateTooHigh"
  | "QuotaExceeded"
  | "AdministrativeAction"
  | "PayloadFormatInvalid"
  | "RetainNotSupported"
  | "QoSNotSupported"
  | "UseAnotherServer"
  | "ServerMoved"
  | "SharedSubscriptionsNotSupported"
  | "ConnectionRateExceeded"
  | "MaximumConnectTime"
  | "SubscriptionIdentifiersNotSupported"
  | "WildcardSubscriptionsNotSupported"
>;

/** What AUTH may say (§3.15.2.1). */
export type AuthReasonCode = Of<"Success" | "ContinueAuthentication" | "Reauthenticate">;

const names = new Map<number, string>(Object.entries(ReasonCode).map(([name, value]) => [value, name]));

/** The name of a Reason Code, as `Not authorized`; `0xNN` for a byte that is none. */
export function reasonCodeName(reasonCode: number): string {
  const words = names.get(reasonCode)?.match(/QoS|[A-Z][a-z]+|\d/g);
  if (words === null || words === undefined) return `0x${reasonCode.toString(16).padStart(2, "0")}`;
  return words.map((word, index) => (index === 0 || word === "QoS" ? word : word.toLowerCase())).join(" ");
}

/** A Reason Code of 0x80 or more says no (§2.4). */
export function isFailure(reasonCode: number): boolean {
  return reasonCode >= 0x80;
}
