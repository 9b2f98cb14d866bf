import type { PacketType, ProtocolVersion, QoS } from "./packet-type.ts";
import type {
  AuthReasonCode,
  ConnackReasonCode,
  DisconnectReasonCode,
  PublishReasonCode,
  ReleaseReasonCode,
  SubackReasonCode,
  UnsubackReasonCode,
} from "./reason-code.ts";

/*
 * The fifteen Control Packets (§2.1.2) as one union of plain, complete objects: every field is always present, in the
 * order written here, and `undefined` where the wire has nothing. One object literal per decoder keeps one hidden class
 * per packet type.
 *
 * MQTT 3.1.1 packets are the same objects with no Properties. Where 3.1.1 has its own numbers (CONNACK return codes,
 * SUBACK 0x80) the codec translates, so nobody above it knows two vocabularies.
 */

/** One User Property (§2.2.2.2): a name and a value; names may repeat, order is kept. */
export type UserProperty = readonly [name: string, value: string];

/** No User Properties; the common case, shared. */
export const noUserProperties: readonly UserProperty[] = Object.freeze([]);

/** Will Properties, Will Topic and Will Payload of CONNECT (§3.1.3). */
export interface Will {
  readonly topicName: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Will Delay Interval (§3.1.3.2.2). */
  readonly delayIntervalSeconds: number;
  /** Everything that travels with the Will Message when it is published. */
  readonly properties: PublishProperties;
}

/** CONNECT Properties (§3.1.2.11). */
export interface ConnectProperties {
  readonly sessionExpiryIntervalSeconds: number | undefined;
  readonly receiveMaximum: number | undefined;
  readonly maximumPacketSize: number | undefined;
  readonly topicAliasMaximum: number | undefined;
  readonly requestResponseInformation: boolean | undefined;
  readonly requestProblemInformation: boolean | undefined;
  readonly userProperties: readonly UserProperty[];
  readonly authenticationMethod: string | undefined;
  readonly authenticationData: Uint8Array | undefined;
}

/** CONNECT: a Client requests a Network Connection's Session (§3.1). */
export interface Connect {
  readonly type: typeof PacketType.Connect;
  readonly protocolVersion: ProtocolVersion;
  readonly cleanStart: boolean;
  readonly keepAliveSeconds: number;
  readonly clientId: string;
  readonly will: Will | undefined;
  readonly userName: string | undefined;
  readonly password: Uint8Array | undefined;
  readonly properties: ConnectProperties;
}

/** CONNACK Properties (§3.2.2.3). */
export interface ConnackProperties {
  readonly sessionExpiryIntervalSeconds: number | undefined;
  readonly receiveMaximum: number | undefined;
  readonly maximumQoS: 0 | 1 | undefined;
  readonly retainAvailable: boolean | undefined;
  readonly maximumPacketSize: number | undefined;
  readonly assignedClientId: string | undefined;
  readonly topicAliasMaximum: number | undefined;
  readonly reasonString: string | undefined;
  readonly userProperties: readonly UserProperty[];
  readonly wildcardSubscriptionAvailable: boolean | undefined;
  readonly subscriptionIdentifierAvailable: boolean | undefined;
  readonly sharedSubscriptionAvailable: boolean | undefined;
  readonly serverKeepAliveSeconds: number | undefined;
  readonly responseInformation: string | undefined;
  readonly serverReference: string | undefined;
  readonly authenticationMethod: string | undefined;
  readonly authenticationData: Uint8Array | undefined;
}

/** CONNACK: the Server's answer to CONNECT (§3.2). */
export interface Connack {
  readonly type: typeof PacketType.Connack;
  readonly sessionPresent: boolean;
  readonly reasonCode: ConnackReasonCode;
  readonly properties: ConnackProperties;
}

/** PUBLISH Properties (§3.3.2.3) that belong to the Application Message and travel with it, whole and in order. */
export interface PublishProperties {
  readonly payloadFormatIndicator: 0 | 1 | undefined;
  readonly messageExpiryIntervalSeconds: number | undefined;
  readonly contentType: string | undefined;
  readonly responseTopic: string | undefined;
  readonly correlationData: Uint8Array | undefined;
  readonly userProperties: readonly UserProperty[];
}

/** No Subscription Identifiers; the common case, shared. */
export const noSubscriptionIdentifiers: readonly number[] = Object.freeze([]);

/** PUBLISH: an Application Message in transit (§3.3). */
export interface Publish {
  readonly type: typeof PacketType.Publish;
  readonly dup: boolean;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Empty when a Topic Alias stands for it (§3.3.2.3.4). */
  readonly topicName: string;
  /** 0 at QoS 0. */
  readonly packetIdentifier: number;
  readonly topicAlias: number | undefined;
  /** Only from Server to Client (§3.3.2.3.8). */
  readonly subscriptionIdentifiers: readonly number[];
  readonly properties: PublishProperties;
  /** From a decoder this is a view into the received chunk: whoever keeps it copies it. */
  readonly payload: Uint8Array;
}

/** Reason String and User Properties: what acknowledgements, SUBACK and UNSUBACK may carry (§3.4.2.2). */
export interface AcknowledgementProperties {
  readonly reasonString: string | undefined;
  readonly userProperties: readonly UserProperty[];
}

/** PUBACK (§3.4). */
export interface Puback {
  readonly type: typeof PacketType.Puback;
  readonly packetIdentifier: number;
  readonly reasonCode: PublishReasonCode;
  readonly properties: AcknowledgementProperties;
}

/** PUBREC (§3.5). */
export interface Pubrec {
  readonly type: typeof PacketType.Pubrec;
  readonly packetIdentifier: number;
  readonly reasonCode: PublishReasonCode;
  readonly properties: AcknowledgementProperties;
}

/** PUBREL (§3.6). */
export interface Pubrel {
  readonly type: typeof PacketType.Pubrel;
  readonly packetIdentifier: number;
  readonly reasonCode: ReleaseReasonCode;
  readonly properties: AcknowledgementProperties;
}

/** PUBCOMP (§3.7). */
export interface Pubcomp {
  readonly type: typeof PacketType.Pubcomp;
  readonly packetIdentifier: number;
  readonly reasonCode: ReleaseReasonCode;
  readonly properties: AcknowledgementProperties;
}

/** Retain Handling (§3.8.3.1): 0 send at subscribe, 1 send if the subscription is new, 2 don't send. */
export type RetainHandling = 0 | 1 | 2;

/** One Topic Filter of SUBSCRIBE with its Subscription Options (§3.8.3.1). */
export interface SubscriptionRequest {
  /** As the Client wrote it, `$share/…` included. */
  readonly topicFilter: string;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: RetainHandling;
}

/** SUBSCRIBE (§3.8). */
export interface Subscribe {
  readonly type: typeof PacketType.Subscribe;
  readonly packetIdentifier: number;
  readonly subscriptions: readonly SubscriptionRequest[];
  readonly subscriptionIdentifier: number | undefined;
  readonly userProperties: readonly UserProperty[];
}

/** SUBACK (§3.9). */
export interface Suback {
  readonly type: typeof PacketType.Suback;
  readonly packetIdentifier: number;
  readonly reasonCodes: readonly SubackReasonCode[];
  readonly properties: AcknowledgementProperties;
}

/** UNSUBSCRIBE (§3.10). */
export interface Unsubscribe {
  readonly type: typeof PacketType.Unsubscribe;
  readonly packetIdentifier: number;
  readonly topicFilters: readonly string[];
  readonly userProperties: readonly UserProperty[];
}

/** UNSUBACK (§3.11); MQTT 3.1.1 has no Reason Codes in it. */
export interface Unsuback {
  readonly type: typeof PacketType.Unsuback;
  readonly packetIdentifier: number;
  readonly reasonCodes: readonly UnsubackReasonCode[];
  readonly properties: AcknowledgementProperties;
}

/** PINGREQ (§3.12). */
export interface Pingreq {
  readonly type: typeof PacketType.Pingreq;
}

/** PINGRESP (§3.13). */
export interface Pingresp {
  readonly type: typeof PacketType.Pingresp;
}

/** DISCONNECT Properties (§3.14.2.2). */
export interface DisconnectProperties {
  readonly sessionExpiryIntervalSeconds: number | undefined;
  readonly reasonString: string | undefined;
  readonly userProperties: readonly UserProperty[];
  readonly serverReference: string | undefined;
}

/** DISCONNECT: the last packet of a Network Connection (§3.14). */
export interface Disconnect {
  readonly type: typeof PacketType.Disconnect;
  readonly reasonCode: DisconnectReasonCode;
  readonly properties: DisconnectProperties;
}

/** AUTH Properties (§3.15.2.2). */
export interface AuthProperties {
  readonly authenticationMethod: string | undefined;
  readonly authenticationData: Uint8Array | undefined;
  readonly reasonString: string | undefined;
  readonly userProperties: readonly UserProperty[];
}

/** AUTH: extended authentication exchange, MQTT 5.0 only (§3.15). */
export interface Auth {
  readonly type: typeof PacketType.Auth;
  readonly reasonCode: AuthReasonCode;
  readonly properties: AuthProperties;
}

/** The four packets with one layout (§3.4-§3.7). */
export type Acknowledgement = Puback | Pubrec | Pubrel | Pubcomp;

/** Any Control Packet. `switch (packet.type)` narrows it. */
export type Packet =
  | Connect
  | Connack
  | Publish
  | Puback
  | Pubrec
  | Pubrel
  | Pubcomp
  | Subscribe
  | Suback
  | Unsubscribe
  | Unsuback
  | Pingreq
  | Pingresp
  | Disconnect
  | Auth;
