import { noAcknowledgementProperties } from "../../src/mqtt/acknowledgement.ts";
import { noAuthProperties } from "../../src/mqtt/auth.ts";
import { noConnackProperties } from "../../src/mqtt/connack.ts";
import { noConnectProperties } from "../../src/mqtt/connect.ts";
import { noDisconnectProperties } from "../../src/mqtt/disconnect.ts";
import type {
  Acknowledgement,
  AcknowledgementProperties,
  Auth,
  AuthProperties,
  Connack,
  ConnackProperties,
  Connect,
  ConnectProperties,
  Disconnect,
  DisconnectProperties,
  Publish,
  PublishProperties,
  Suback,
  Subscribe,
  SubscriptionRequest,
  Unsuback,
  Unsubscribe,
  Will,
} from "../../src/mqtt/packet.ts";
import { noSubscriptionIdentifiers, noUserProperties } from "../../src/mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { noPublishProperties } from "../../src/mqtt/publish-properties.ts";

/** Fields of a packet to set, and Properties to set in its block; the rest is as small as it can be. */
export type Fields<Packet, Properties> = Partial<Omit<Packet, "type" | "properties">> & {
  readonly properties?: Partial<Properties>;
};

const noPayload = new Uint8Array(0);

export function connect(fields: Fields<Connect, ConnectProperties> = {}): Connect {
  return {
    type: PacketType.Connect,
    protocolVersion: ProtocolVersion.V5,
    cleanStart: false,
    keepAliveSeconds: 0,
    clientId: "",
    will: undefined,
    userName: undefined,
    password: undefined,
    ...fields,
    properties: { ...noConnectProperties, ...fields.properties },
  };
}

export function will(fields: Fields<Will, PublishProperties> = {}): Will {
  return {
    topicName: "w",
    payload: noPayload,
    qos: 0,
    retain: false,
    delayIntervalSeconds: 0,
    ...fields,
    properties: { ...noPublishProperties, ...fields.properties },
  };
}

export function connack(fields: Fields<Connack, ConnackProperties> = {}): Connack {
  return {
    type: PacketType.Connack,
    sessionPresent: false,
    reasonCode: 0,
    ...fields,
    properties: { ...noConnackProperties, ...fields.properties },
  };
}

export function publish(fields: Fields<Publish, PublishProperties> = {}): Publish {
  return {
    type: PacketType.Publish,
    dup: false,
    qos: 0,
    retain: false,
    topicName: "a",
    packetIdentifier: 0,
    topicAlias: undefined,
    subscriptionIdentifiers: noSubscriptionIdentifiers,
    payload: noPayload,
    ...fields,
    properties: { ...noPublishProperties, ...fields.properties },
  };
}

export function acknowledgement<Type extends Acknowledgement["type"]>(
  type: Type,
  fields: Fields<Extract<Acknowledgement, { readonly type: Type }>, AcknowledgementProperties> = {},
): Acknowledgement {
  return {
    packetIdentifier: 1,
    reasonCode: 0,
    ...fields,
    type,
    properties: { ...noAcknowledgementProperties, ...fields.properties },
  } as Acknowledgement;
}

export function subscribe(fields: Partial<Omit<Subscribe, "type">> = {}): Subscribe {
  return {
    type: PacketType.Subscribe,
    packetIdentifier: 1,
    subscriptions: [request()],
    subscriptionIdentifier: undefined,
    userProperties: noUserProperties,
    ...fields,
  };
}

export function request(fields: Partial<SubscriptionRequest> = {}): SubscriptionRequest {
  return { topicFilter: "a", qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0, ...fields };
}

export function suback(fields: Fields<Suback, AcknowledgementProperties> = {}): Suback {
  return {
    type: PacketType.Suback,
    packetIdentifier: 1,
    reasonCodes: [0],
    ...fields,
    properties: { ...noAcknowledgementProperties, ...fields.properties },
  };
}

export function unsubscribe(fields: Partial<Omit<Unsubscribe, "type">> = {}): Unsubscribe {
  return {
    type: PacketType.Unsubscribe,
    packetIdentifier: 1,
    topicFilters: ["a"],
    userProperties: noUserProperties,
    ...fields,
  };
}

export function unsuback(fields: Fields<Unsuback, AcknowledgementProperties> = {}): Unsuback {
  return {
    type: PacketType.Unsuback,
    packetIdentifier: 1,
    reasonCodes: [0],
    ...fields,
    properties: { ...noAcknowledgementProperties, ...fields.properties },
  };
}

export function disconnect(fields: Fields<Disconnect, DisconnectProperties> = {}): Disconnect {
  return {
    type: PacketType.Disconnect,
    reasonCode: 0,
    ...fields,
    properties: { ...noDisconnectProperties, ...fields.properties },
  };
}

export function auth(fields: Fields<Auth, AuthProperties> = {}): Auth {
  return {
    type: PacketType.Auth,
    reasonCode: 0,
    ...fields,
    properties: { ...noAuthProperties, ...fields.properties },
  };
}
