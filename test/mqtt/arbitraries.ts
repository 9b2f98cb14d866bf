import fc from "fast-check";
import type { ListedReasonCodes } from "../../src/mqtt/listed-reason-codes.ts";
import {
  authReasonCodes,
  connackReasonCodes,
  disconnectReasonCodes,
  publishReasonCodes,
  releaseReasonCodes,
  subackReasonCodes,
  subackReturnCodes,
  unsubackReasonCodes,
} from "../../src/mqtt/listed-reason-codes.ts";
import type {
  Acknowledgement,
  AcknowledgementProperties,
  Auth,
  Connack,
  Connect,
  Disconnect,
  Packet,
  Publish,
  PublishProperties,
  Suback,
  Subscribe,
  Unsuback,
  Unsubscribe,
  UserProperty,
  Will,
} from "../../src/mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { pingreq, pingresp } from "../../src/mqtt/ping.ts";
import type { ReasonCode } from "../../src/mqtt/reason-code.ts";
import {
  acknowledgement,
  auth,
  connack,
  connect,
  disconnect,
  publish,
  request,
  suback,
  subscribe,
  unsuback,
  unsubscribe,
  will,
} from "./packets.ts";

/*
 * Arbitrary Control Packets that both sides may send: what they hold can be said in their protocol version.
 */

const isV5 = (protocolVersion: ProtocolVersion): boolean => protocolVersion === ProtocolVersion.V5;

/** A UTF-8 Encoded String: any characters but U+0000 (§1.5.4). */
export const text: fc.Arbitrary<string> = fc
  .oneof(fc.string({ maxLength: 60 }), fc.string({ unit: "binary", maxLength: 20 }))
  .map((value) => value.replaceAll("\0", "0"));

/** A Topic Name: at least one character, no wildcards. */
export const topicName: fc.Arbitrary<string> = fc
  .oneof(text, fc.constantFrom("a", "a/b", "/", "$SYS/x", "devices/0042/telemetry"))
  .map((value) => value.replaceAll(/[+#]/g, "/") || "/");

/** Characters of a Topic Filter; whether the wildcards stand right is not the codec's business. */
export const topicFilter: fc.Arbitrary<string> = fc
  .oneof(text, fc.constantFrom("#", "+/a", "$share/g/a/#"))
  .map((value) => value || "#");

export const binary: fc.Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 40 });
export const packetIdentifier: fc.Arbitrary<number> = fc.integer({ min: 1, max: 65_535 });

const twoByte = fc.integer({ min: 0, max: 65_535 });
const twoByteNotZero = fc.integer({ min: 1, max: 65_535 });
const fourByte = fc.oneof(fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff), fc.nat());
const fourByteNotZero = fourByte.map((value) => value || 1);
const subscriptionIdentifier = fc.oneof(
  fc.constantFrom(1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455),
  fc.integer({ min: 1, max: 268_435_455 }),
);
const bit = fc.constantFrom(0 as const, 1 as const);
const qos = fc.constantFrom(0 as const, 1 as const, 2 as const);

const userProperties: fc.Arbitrary<readonly UserProperty[]> = fc.oneof(
  { weight: 2, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.array(fc.tuple(text, text), { maxLength: 4 }) },
);

function optional<Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  return fc.option(arbitrary, { nil: undefined, freq: 2 });
}

function listed<Code extends ReasonCode>({ codes }: ListedReasonCodes<Code>): fc.Arbitrary<Code> {
  return fc.constantFrom(...codes);
}

/** Properties that travel with a message. */
export const publishProperties: fc.Arbitrary<PublishProperties> = fc.record(
  {
    payloadFormatIndicator: optional(bit),
    messageExpiryIntervalSeconds: optional(fourByte),
    contentType: optional(text),
    responseTopic: optional(topicName),
    correlationData: optional(binary),
    userProperties,
  },
  { noNullPrototype: true },
);

function inV5<Value>(
  protocolVersion: ProtocolVersion,
  arbitrary: fc.Arbitrary<Value>,
  otherwise: Value,
): fc.Arbitrary<Value> {
  return isV5(protocolVersion) ? arbitrary : fc.constant(otherwise);
}

function arbitraryWill(protocolVersion: ProtocolVersion): fc.Arbitrary<Will> {
  return fc
    .record({
      topicName,
      payload: binary,
      qos,
      retain: fc.boolean(),
      delayIntervalSeconds: inV5(protocolVersion, fourByte, 0),
      properties: inV5(protocolVersion, publishProperties, publish().properties),
    })
    .map(will);
}

function arbitraryConnect(protocolVersion: ProtocolVersion): fc.Arbitrary<Connect> {
  const properties = fc
    .record({
      sessionExpiryIntervalSeconds: optional(fourByte),
      receiveMaximum: optional(twoByteNotZero),
      maximumPacketSize: optional(fourByteNotZero),
      topicAliasMaximum: optional(twoByte),
      requestResponseInformation: optional(fc.boolean()),
      requestProblemInformation: optional(fc.boolean()),
      userProperties,
      authenticationMethod: optional(text),
      authenticationData: optional(binary),
    })
    .map((block) => (block.authenticationMethod === undefined ? { ...block, authenticationData: undefined } : block));
  return fc
    .record({
      cleanStart: fc.boolean(),
      keepAliveSeconds: twoByte,
      clientId: text,
      will: optional(arbitraryWill(protocolVersion)),
      userName: optional(text),
      password: optional(binary),
      properties: inV5(protocolVersion, properties, connect().properties),
    })
    .map((fields) => {
      const { userName } = fields;
      const password = isV5(protocolVersion) || userName !== undefined ? fields.password : undefined;
      return connect({ ...fields, protocolVersion, password });
    });
}

function arbitraryConnack(protocolVersion: ProtocolVersion): fc.Arbitrary<Connack> {
  const properties = fc.record({
    sessionExpiryIntervalSeconds: optional(fourByte),
    receiveMaximum: optional(twoByteNotZero),
    maximumQoS: optional(bit),
    retainAvailable: optional(fc.boolean()),
    maximumPacketSize: optional(fourByteNotZero),
    assignedClientId: optional(text),
    topicAliasMaximum: optional(twoByte),
    reasonString: optional(text),
    userProperties,
    wildcardSubscriptionAvailable: optional(fc.boolean()),
    subscriptionIdentifierAvailable: optional(fc.boolean()),
    sharedSubscriptionAvailable: optional(fc.boolean()),
    serverKeepAliveSeconds: optional(twoByte),
    responseInformation: optional(text),
    serverReference: optional(text),
    authenticationMethod: optional(text),
    authenticationData: optional(binary),
  });
  const reasonCode = isV5(protocolVersion)
    ? listed(connackReasonCodes)
    : fc.constantFrom<Connack["reasonCode"][]>(0, 0x84, 0x85, 0x86, 0x87, 0x88);
  return fc
    .record({
      sessionPresent: fc.boolean(),
      reasonCode,
      properties: inV5(protocolVersion, properties, connack().properties),
    })
    .map((fields) => connack({ ...fields, sessionPresent: fields.sessionPresent && fields.reasonCode === 0 }));
}

function arbitraryPublish(protocolVersion: ProtocolVersion): fc.Arbitrary<Publish> {
  return fc
    .record({
      dup: fc.boolean(),
      qos,
      retain: fc.boolean(),
      topicName: fc.oneof(
        { weight: 4, arbitrary: topicName },
        { weight: 1, arbitrary: inV5(protocolVersion, fc.constant(""), "a") },
      ),
      packetIdentifier,
      topicAlias: inV5(protocolVersion, optional(twoByteNotZero), undefined),
      subscriptionIdentifiers: inV5(protocolVersion, fc.array(subscriptionIdentifier, { maxLength: 3 }), []),
      properties: inV5(protocolVersion, publishProperties, publish().properties),
      payload: binary,
    })
    .map((fields) =>
      publish({
        ...fields,
        dup: fields.dup && fields.qos !== 0,
        packetIdentifier: fields.qos === 0 ? 0 : fields.packetIdentifier,
        topicAlias: fields.topicName === "" ? (fields.topicAlias ?? 1) : fields.topicAlias,
      }),
    );
}

function answerProperties(protocolVersion: ProtocolVersion): fc.Arbitrary<AcknowledgementProperties> {
  return inV5(protocolVersion, fc.record({ reasonString: optional(text), userProperties }), suback().properties);
}

function arbitraryAcknowledgement(protocolVersion: ProtocolVersion): fc.Arbitrary<Acknowledgement> {
  const properties = answerProperties(protocolVersion);
  const published = inV5(protocolVersion, listed(publishReasonCodes), 0);
  const released = inV5(protocolVersion, listed(releaseReasonCodes), 0);
  const { Puback, Pubrec, Pubrel, Pubcomp } = PacketType;
  return fc.oneof(
    fc
      .record({ type: fc.constantFrom(Puback, Pubrec), packetIdentifier, reasonCode: published, properties })
      .map(({ type, ...fields }) => acknowledgement(type, fields)),
    fc
      .record({ type: fc.constantFrom(Pubrel, Pubcomp), packetIdentifier, reasonCode: released, properties })
      .map(({ type, ...fields }) => acknowledgement(type, fields)),
  );
}

function arbitrarySubscribe(protocolVersion: ProtocolVersion): fc.Arbitrary<Subscribe> {
  const subscription = fc
    .record({
      topicFilter,
      qos,
      noLocal: inV5(protocolVersion, fc.boolean(), false),
      retainAsPublished: inV5(protocolVersion, fc.boolean(), false),
      retainHandling: inV5(protocolVersion, qos, 0),
    })
    .map(request);
  return fc
    .record({
      packetIdentifier,
      subscriptions: fc.array(subscription, { minLength: 1, maxLength: 5 }),
      subscriptionIdentifier: inV5(protocolVersion, optional(subscriptionIdentifier), undefined),
      userProperties: inV5(protocolVersion, userProperties, []),
    })
    .map(subscribe);
}

function arbitrarySuback(protocolVersion: ProtocolVersion): fc.Arbitrary<Suback> {
  const reasonCode = listed(isV5(protocolVersion) ? subackReasonCodes : subackReturnCodes);
  return fc
    .record({
      packetIdentifier,
      reasonCodes: fc.array(reasonCode, { minLength: 1, maxLength: 6 }),
      properties: answerProperties(protocolVersion),
    })
    .map(suback);
}

function arbitraryUnsubscribe(protocolVersion: ProtocolVersion): fc.Arbitrary<Unsubscribe> {
  return fc
    .record({
      packetIdentifier,
      topicFilters: fc.array(topicFilter, { minLength: 1, maxLength: 5 }),
      userProperties: inV5(protocolVersion, userProperties, []),
    })
    .map(unsubscribe);
}

function arbitraryUnsuback(protocolVersion: ProtocolVersion): fc.Arbitrary<Unsuback> {
  return fc
    .record({
      packetIdentifier,
      reasonCodes: inV5(protocolVersion, fc.array(listed(unsubackReasonCodes), { minLength: 1, maxLength: 6 }), []),
      properties: answerProperties(protocolVersion),
    })
    .map(unsuback);
}

function arbitraryDisconnect(protocolVersion: ProtocolVersion): fc.Arbitrary<Disconnect> {
  const properties = fc.record({
    sessionExpiryIntervalSeconds: optional(fourByte),
    reasonString: optional(text),
    userProperties,
    serverReference: optional(text),
  });
  return fc
    .record({
      reasonCode: inV5(protocolVersion, listed(disconnectReasonCodes), 0),
      properties: inV5(protocolVersion, properties, disconnect().properties),
    })
    .map(disconnect);
}

const arbitraryAuth: fc.Arbitrary<Auth> = fc
  .record({
    reasonCode: listed(authReasonCodes),
    properties: fc.record({
      authenticationMethod: optional(text),
      authenticationData: optional(binary),
      reasonString: optional(text),
      userProperties,
    }),
  })
  .map(auth);

/** Any Control Packet of one protocol version, all types alike; the four acknowledgements share a weight. */
export function arbitraryPacket(protocolVersion: ProtocolVersion): fc.Arbitrary<Packet> {
  const packets: fc.Arbitrary<Packet>[] = [
    arbitraryConnect(protocolVersion),
    arbitraryConnack(protocolVersion),
    arbitraryPublish(protocolVersion),
    arbitraryAcknowledgement(protocolVersion),
    arbitrarySubscribe(protocolVersion),
    arbitrarySuback(protocolVersion),
    arbitraryUnsubscribe(protocolVersion),
    arbitraryUnsuback(protocolVersion),
    fc.constantFrom(pingreq, pingresp),
    arbitraryDisconnect(protocolVersion),
  ];
  if (isV5(protocolVersion)) packets.push(arbitraryAuth);
  return fc.oneof(...packets);
}

/** A protocol version with a packet of it. */
export const versionedPacket: fc.Arbitrary<readonly [ProtocolVersion, Packet]> = fc
  .constantFrom(ProtocolVersion.V311, ProtocolVersion.V5)
  .chain((protocolVersion) => fc.tuple(fc.constant(protocolVersion), arbitraryPacket(protocolVersion)));
