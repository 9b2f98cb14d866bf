import { ProtocolError } from "./protocol-error.ts";
import {
  type AuthReasonCode,
  type ConnackReasonCode,
  type DisconnectReasonCode,
  type PublishReasonCode,
  ReasonCode,
  type ReleaseReasonCode,
  type SubackReasonCode,
  type UnsubackReasonCode,
} from "./reason-code.ts";

/** The Reason Codes that one kind of packet may carry, and the statement that says so. */
export interface ListedReasonCodes<Code extends ReasonCode> {
  readonly codes: ReadonlySet<Code>;
  readonly statement: string;
}

const {
  Success,
  GrantedQoS1,
  GrantedQoS2,
  DisconnectWithWillMessage,
  NoMatchingSubscribers,
  NoSubscriptionExisted,
  ContinueAuthentication,
  Reauthenticate,
  UnspecifiedError,
  MalformedPacket,
  ImplementationSpecificError,
  UnsupportedProtocolVersion,
  ClientIdentifierNotValid,
  BadUserNameOrPassword,
  NotAuthorized,
  ServerUnavailable,
  ServerBusy,
  Banned,
  ServerShuttingDown,
  BadAuthenticationMethod,
  KeepAliveTimeout,
  SessionTakenOver,
  TopicFilterInvalid,
  TopicNameInvalid,
  PacketIdentifierInUse,
  PacketIdentifierNotFound,
  ReceiveMaximumExceeded,
  TopicAliasInvalid,
  PacketTooLarge,
  MessageRateTooHigh,
  QuotaExceeded,
  AdministrativeAction,
  PayloadFormatInvalid,
  RetainNotSupported,
  QoSNotSupported,
  UseAnotherServer,
  ServerMoved,
  SharedSubscriptionsNotSupported,
  ConnectionRateExceeded,
  MaximumConnectTime,
  SubscriptionIdentifiersNotSupported,
  WildcardSubscriptionsNotSupported,
} = ReasonCode;

/** §3.2.2.2 [MQTT-3.2.2-8] */
export const connackReasonCodes: ListedReasonCodes<ConnackReasonCode> = {
  statement: "MQTT-3.2.2-8",
  codes: new Set([
    Success,
    UnspecifiedError,
    MalformedPacket,
    ReasonCode.ProtocolError,
    ImplementationSpecificError,
    UnsupportedProtocolVersion,
    ClientIdentifierNotValid,
    BadUserNameOrPassword,
    NotAuthorized,
    ServerUnavailable,
    ServerBusy,
    Banned,
    BadAuthenticationMethod,
    TopicNameInvalid,
    PacketTooLarge,
    QuotaExceeded,
    PayloadFormatInvalid,
    RetainNotSupported,
    QoSNotSupported,
    UseAnotherServer,
    ServerMoved,
    ConnectionRateExceeded,
  ]),
};

/** PUBACK and PUBREC, §3.4.2.1 and §3.5.2.1 [MQTT-3.4.2-1] [MQTT-3.5.2-1] */
export const publishReasonCodes: ListedReasonCodes<PublishReasonCode> = {
  statement: "MQTT-3.4.2-1",
  codes: new Set([
    Success,
    NoMatchingSubscribers,
    UnspecifiedError,
    ImplementationSpecificError,
    NotAuthorized,
    TopicNameInvalid,
    PacketIdentifierInUse,
    QuotaExceeded,
    PayloadFormatInvalid,
  ]),
};

/** PUBREL and PUBCOMP, §3.6.2.1 and §3.7.2.1 [MQTT-3.6.2-1] [MQTT-3.7.2-1] */
export const releaseReasonCodes: ListedReasonCodes<ReleaseReasonCode> = {
  statement: "MQTT-3.6.2-1",
  codes: new Set([Success, PacketIdentifierNotFound]),
};

/** §3.9.3 [MQTT-3.9.3-2] */
export const subackReasonCodes: ListedReasonCodes<SubackReasonCode> = {
  statement: "MQTT-3.9.3-2",
  codes: new Set([
    Success,
    GrantedQoS1,
    GrantedQoS2,
    UnspecifiedError,
    ImplementationSpecificError,
    NotAuthorized,
    TopicFilterInvalid,
    PacketIdentifierInUse,
    QuotaExceeded,
    SharedSubscriptionsNotSupported,
    SubscriptionIdentifiersNotSupported,
    WildcardSubscriptionsNotSupported,
  ]),
};

/** The return codes of MQTT 3.1.1 (§3.9.3) [MQTT311-3.9.3-2] */
export const subackReturnCodes: ListedReasonCodes<SubackReasonCode> = {
  statement: "MQTT311-3.9.3-2",
  codes: new Set([Success, GrantedQoS1, GrantedQoS2, UnspecifiedError]),
};

/** §3.11.3 [MQTT-3.11.3-2] */
export const unsubackReasonCodes: ListedReasonCodes<UnsubackReasonCode> = {
  statement: "MQTT-3.11.3-2",
  codes: new Set([
    Success,
    NoSubscriptionExisted,
    UnspecifiedError,
    ImplementationSpecificError,
    NotAuthorized,
    TopicFilterInvalid,
    PacketIdentifierInUse,
  ]),
};

/** §3.14.2.1 [MQTT-3.14.2-1] */
export const disconnectReasonCodes: ListedReasonCodes<DisconnectReasonCode> = {
  statement: "MQTT-3.14.2-1",
  codes: new Set([
    Success,
    DisconnectWithWillMessage,
    UnspecifiedError,
    MalformedPacket,
    ReasonCode.ProtocolError,
    ImplementationSpecificError,
    NotAuthorized,
    ServerBusy,
    ServerShuttingDown,
    KeepAliveTimeout,
    SessionTakenOver,
    TopicFilterInvalid,
    TopicNameInvalid,
    ReceiveMaximumExceeded,
    TopicAliasInvalid,
    PacketTooLarge,
    MessageRateTooHigh,
    QuotaExceeded,
    AdministrativeAction,
    PayloadFormatInvalid,
    RetainNotSupported,
    QoSNotSupported,
    UseAnotherServer,
    ServerMoved,
    SharedSubscriptionsNotSupported,
    ConnectionRateExceeded,
    MaximumConnectTime,
    SubscriptionIdentifiersNotSupported,
    WildcardSubscriptionsNotSupported,
  ]),
};

/** §3.15.2.1 [MQTT-3.15.2-1] */
export const authReasonCodes: ListedReasonCodes<AuthReasonCode> = {
  statement: "MQTT-3.15.2-1",
  codes: new Set([Success, ContinueAuthentication, Reauthenticate]),
};

/**
 * The byte as a Reason Code of that list.
 * @throws ProtocolError 0x82 when it is not listed there
 */
export function listedReasonCode<Code extends ReasonCode>(byte: number, listed: ListedReasonCodes<Code>): Code {
  if (listed.codes.has(byte as Code)) return byte as Code;
  const name = `0x${byte.toString(16).padStart(2, "0")}`;
  throw new ProtocolError(
    ReasonCode.ProtocolError,
    listed.statement,
    `Reason Code ${name} may not stand in this packet`,
  );
}
