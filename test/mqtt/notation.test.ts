import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatPacket, NotationError, packetName, parsePacket } from "../../src/mqtt/notation.ts";
import type { Packet, PublishProperties, UserProperty, Will } from "../../src/mqtt/packet.ts";
import { PacketType, ProtocolVersion, type QoS } from "../../src/mqtt/packet-type.ts";
import { ReasonCode } from "../../src/mqtt/reason-code.ts";

/** Lines that are their packet's own way to be written, one for each form. */
const lines: readonly string[] = [
  "CONNECT c1 clean keepAlive=30 sessionExpiryInterval=100",
  "CONNECT c1 v4",
  'CONNECT "" clean',
  'CONNECT "42" userName="alice" password="secret"',
  "CONNECT c-1.a_b password=x'00ff' requestResponseInformation=1 requestProblemInformation=0",
  'CONNECT c will(q1 retain "w" delayInterval=5 contentType="text/plain" userProperty="a":"1" payload="gone")',
  'CONNECT c will(q0 "w") receiveMaximum=1 maximumPacketSize=100 topicAliasMaximum=2 userProperty="b":"2" authenticationMethod="M" authenticationData=""',
  "CONNACK 0x00 sessionPresent receiveMaximum=100 maximumQoS=1 retainAvailable=0",
  'CONNACK 0x87 reasonString="no"',
  'CONNACK 0x00 assignedClientIdentifier="x" serverKeepAlive=60 responseInformation="r" serverReference="s"',
  'PUBLISH q0 "a/b" payload="hi"',
  'PUBLISH q0 "a/b"',
  'PUBLISH q1 #7 dup retain "a/b" topicAlias=1 subscriptionIdentifier=5 subscriptionIdentifier=6 contentType="x" payload="hi"',
  'PUBLISH q2 #65535 "" payloadFormatIndicator=1 messageExpiryInterval=4294967295 responseTopic="r" correlationData=x\'00\' userProperty="z":"1" userProperty="z":"" payload=x\'c328\'',
  'PUBLISH q0 "quoted \\"\\\\ \\n" payload="ä€"',
  "PUBACK #7",
  "PUBACK #7 0x10",
  'PUBREC #7 0x87 reasonString="no" userProperty="a":"b"',
  "PUBREL #7 0x92",
  "PUBCOMP #1",
  'SUBSCRIBE #1 "a/+" q1 noLocal retainAsPublished retainHandling=2, "b" q0',
  'SUBSCRIBE #1 subscriptionIdentifier=268435455 userProperty="a":"b" "$share/g/t" q2',
  "SUBSCRIBE #1",
  "SUBACK #1 0x00 0x01 0x87",
  'SUBACK #1 reasonString="r"',
  'UNSUBSCRIBE #2 "a", "b"',
  'UNSUBSCRIBE #2 userProperty="a":"b" "a"',
  "UNSUBACK #2 0x00 0x11",
  "UNSUBACK #2",
  "PINGREQ",
  "PINGRESP",
  "DISCONNECT",
  'DISCONNECT 0x04 sessionExpiryInterval=0 reasonString="bye" serverReference="s"',
  "AUTH",
  "AUTH 0x18 authenticationMethod=\"M\" authenticationData=x'00ff'",
];

for (const line of lines) {
  test(`${line} reads and writes itself`, () => {
    assert.equal(formatPacket(parsePacket(line)), line);
  });
}

test("a PUBLISH line is the packet that it says", () => {
  assert.deepEqual(parsePacket('PUBLISH "a" q1 retain payload=x\'00ff\' #7 userProperty="n":"v"'), {
    type: PacketType.Publish,
    dup: false,
    qos: 1,
    retain: true,
    topicName: "a",
    packetIdentifier: 7,
    topicAlias: undefined,
    subscriptionIdentifiers: [],
    properties: {
      payloadFormatIndicator: undefined,
      messageExpiryIntervalSeconds: undefined,
      contentType: undefined,
      responseTopic: undefined,
      correlationData: undefined,
      userProperties: [["n", "v"]],
    },
    payload: Buffer.from([0x00, 0xff]),
  });
});

test("a CONNECT that names no version has the default one", () => {
  const version = (packet: Packet) => (packet.type === PacketType.Connect ? packet.protocolVersion : undefined);
  assert.equal(version(parsePacket("CONNECT c")), ProtocolVersion.V5);
  assert.equal(version(parsePacket("CONNECT c", ProtocolVersion.V311)), ProtocolVersion.V311);
  assert.equal(version(parsePacket("CONNECT c v5", ProtocolVersion.V311)), ProtocolVersion.V5);
});

test("fields come in any order", () => {
  assert.equal(
    formatPacket(parsePacket('SUBSCRIBE #1 "a" q1, "b" subscriptionIdentifier=5')),
    'SUBSCRIBE #1 subscriptionIdentifier=5 "a" q1, "b" q0',
  );
  assert.equal(
    formatPacket(parsePacket('CONNACK reasonString="r" 0x80 sessionPresent')),
    'CONNACK 0x80 sessionPresent reasonString="r"',
  );
});

test("payloads that are no readable text are written as bytes", () => {
  const payload = (bytes: readonly number[]) =>
    formatPacket({ ...(parsePacket('PUBLISH "t"') as Packet & { type: 3 }), payload: Buffer.from(bytes) });
  assert.equal(payload([0x61, 0x00]), "PUBLISH q0 \"t\" payload=x'6100'");
  assert.equal(payload([0xff]), "PUBLISH q0 \"t\" payload=x'ff'");
  assert.equal(payload([0xc3, 0xa4]), 'PUBLISH q0 "t" payload="ä"');
});

/** What is wrong, and in which column. */
const errors: readonly (readonly [line: string, column: number, message: RegExp])[] = [
  ["", 1, /name of a packet.*the line ends/],
  ["PUBLISHED", 1, /name of a packet/],
  ["CONNECT", 8, /Client Identifier/],
  ["CONNECT 42", 9, /Client Identifier/],
  ["CONNECT c keepAlive=65536", 21, /a number up to 65535/],
  ["CONNECT c keepAlive 3", 21, /"="/],
  ["CONNECT c clean cleaner", 17, /end of the line or a field/],
  ["CONNECT c receiveMaximum=1 receiveMaximum=2", 28, /receiveMaximum comes twice/],
  ["CONNECT c will(q1", 18, /"\)"/],
  ["CONNACK 0x77", 9, /no Reason Code/],
  ["PUBACK 7", 8, /Packet Identifier/],
  ["PUBACK #65536", 8, /Packet Identifier up to #65535/],
  ["PUBLISH payload=hi", 17, /text in quotes or bytes/],
  ["PUBLISH \"t\" contentType=x'00'", 25, /a text in quotes is wanted, found bytes/],
  ['PUBLISH "t', 9, /begins nothing/],
  ['PUBLISH "\\x"', 9, /as in JSON/],
  ['PUBLISH "t" userProperty="a"', 29, /":"/],
  ["PUBLISH x'0'", 10, /begins nothing/],
  ['SUBSCRIBE #1 "t" retainHandling=3', 33, /a number up to 2/],
  ['UNSUBSCRIBE #1 "a",', 20, /text in quotes/],
  ["PINGREQ 0x00", 9, /end of the line/],
];

for (const [line, column, message] of errors) {
  test(`${JSON.stringify(line)} is refused in column ${column}`, () => {
    assert.throws(
      () => parsePacket(line),
      (error) => error instanceof NotationError && error.column === column && message.test(error.message),
    );
  });
}

test("every packet type has the specification's name", () => {
  assert.deepEqual(
    Object.values(PacketType).map(packetName),
    Object.keys(PacketType).map((name) => name.toUpperCase()),
  );
});

test("any packet is one line that says it again", () => {
  fc.assert(
    fc.property(anyPacket(), (packet) => {
      const line = formatPacket(packet);
      assert.ok(!line.includes("\n"));
      assert.deepEqual(parsePacket(line), packet);
    }),
    { numRuns: 1_000 },
  );
});

function anyPacket(): fc.Arbitrary<Packet> {
  const code = fc.constantFrom(...Object.values(ReasonCode));
  const acknowledgement = (...types: readonly number[]) =>
    record({ type: fc.constantFrom(...types), packetIdentifier: twoByte, reasonCode: code, properties: reason });
  const codes = fc.array(code, { maxLength: 5 });
  const packets = [
    connect(),
    connack(code),
    publish(),
    acknowledgement(4, 5, 6, 7),
    subscribe(),
    record({ type: fc.constantFrom(9, 11), packetIdentifier: twoByte, reasonCodes: codes, properties: reason }),
    record({ type: fc.constant(10), packetIdentifier: twoByte, topicFilters: fc.array(text), userProperties }),
    record({ type: fc.constantFrom(12, 13) }),
    record({ type: fc.constant(14), reasonCode: code, properties: disconnectProperties() }),
    record({ type: fc.constant(15), reasonCode: code, properties: authProperties() }),
  ];
  return fc.oneof(...packets) as fc.Arbitrary<Packet>;
}

const text = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.constantFrom("q1", "will", "\u0085", "\ufeff"));
const binary = fc
  .oneof(
    fc.uint8Array(),
    text.map((value) => Buffer.from(value)),
  )
  .map((bytes) => Buffer.from(bytes));
const bit = fc.constantFrom<0 | 1>(0, 1);
const twoByte = fc.integer({ min: 0, max: 65_535 });
const fourByte = fc.integer({ min: 0, max: 4_294_967_295 });
const variableByte = fc.integer({ min: 0, max: 268_435_455 });
const qos = fc.constantFrom<QoS>(0, 1, 2);
const userProperties: fc.Arbitrary<UserProperty[]> = fc.array(fc.tuple(text, text), { maxLength: 3 });
const reason = record({ reasonString: maybe(text), userProperties });

/** Packets are plain objects with their keys in order. */
function record<Model>(model: { [Key in keyof Model]: fc.Arbitrary<Model[Key]> }): fc.Arbitrary<Model> {
  return fc.record(model, { noNullPrototype: true });
}

function maybe<Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  return fc.option(value, { nil: undefined });
}

function publishProperties(): fc.Arbitrary<PublishProperties> {
  return record({
    payloadFormatIndicator: maybe(bit),
    messageExpiryIntervalSeconds: maybe(fourByte),
    contentType: maybe(text),
    responseTopic: maybe(text),
    correlationData: maybe(binary),
    userProperties,
  });
}

function will(): fc.Arbitrary<Will> {
  return record({
    topicName: text,
    payload: binary,
    qos,
    retain: fc.boolean(),
    delayIntervalSeconds: fourByte,
    properties: publishProperties(),
  });
}

function connect(): fc.Arbitrary<unknown> {
  return record({
    type: fc.constant(1),
    protocolVersion: fc.constantFrom(4, 5),
    cleanStart: fc.boolean(),
    keepAliveSeconds: twoByte,
    clientId: text,
    will: maybe(will()),
    userName: maybe(text),
    password: maybe(binary),
    properties: record({
      sessionExpiryIntervalSeconds: maybe(fourByte),
      receiveMaximum: maybe(twoByte),
      maximumPacketSize: maybe(fourByte),
      topicAliasMaximum: maybe(twoByte),
      requestResponseInformation: maybe(fc.boolean()),
      requestProblemInformation: maybe(fc.boolean()),
      userProperties,
      authenticationMethod: maybe(text),
      authenticationData: maybe(binary),
    }),
  });
}

function connack(reasonCode: fc.Arbitrary<number>): fc.Arbitrary<unknown> {
  return record({
    type: fc.constant(2),
    sessionPresent: fc.boolean(),
    reasonCode,
    properties: record({
      sessionExpiryIntervalSeconds: maybe(fourByte),
      receiveMaximum: maybe(twoByte),
      maximumQoS: maybe(bit),
      retainAvailable: maybe(fc.boolean()),
      maximumPacketSize: maybe(fourByte),
      assignedClientId: maybe(text),
      topicAliasMaximum: maybe(twoByte),
      reasonString: maybe(text),
      userProperties,
      wildcardSubscriptionAvailable: maybe(fc.boolean()),
      subscriptionIdentifierAvailable: maybe(fc.boolean()),
      sharedSubscriptionAvailable: maybe(fc.boolean()),
      serverKeepAliveSeconds: maybe(twoByte),
      responseInformation: maybe(text),
      serverReference: maybe(text),
      authenticationMethod: maybe(text),
      authenticationData: maybe(binary),
    }),
  });
}

function publish(): fc.Arbitrary<unknown> {
  return record({
    type: fc.constant(3),
    dup: fc.boolean(),
    qos,
    retain: fc.boolean(),
    topicName: text,
    packetIdentifier: twoByte,
    topicAlias: maybe(twoByte),
    subscriptionIdentifiers: fc.array(variableByte, { maxLength: 3 }),
    properties: publishProperties(),
    payload: binary,
  });
}

function subscribe(): fc.Arbitrary<unknown> {
  const request = record({
    topicFilter: text,
    qos,
    noLocal: fc.boolean(),
    retainAsPublished: fc.boolean(),
    retainHandling: fc.constantFrom(0, 1, 2),
  });
  return record({
    type: fc.constant(8),
    packetIdentifier: twoByte,
    subscriptions: fc.array(request, { maxLength: 3 }),
    subscriptionIdentifier: maybe(variableByte),
    userProperties,
  });
}

function disconnectProperties(): fc.Arbitrary<unknown> {
  return record({
    sessionExpiryIntervalSeconds: maybe(fourByte),
    reasonString: maybe(text),
    userProperties,
    serverReference: maybe(text),
  });
}

function authProperties(): fc.Arbitrary<unknown> {
  return record({
    authenticationMethod: maybe(text),
    authenticationData: maybe(binary),
    reasonString: maybe(text),
    userProperties,
  });
}
