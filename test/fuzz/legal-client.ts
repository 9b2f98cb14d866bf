import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { encodedLength } from "../../src/mqtt/codec.ts";
import { formatPacket, parsePacket } from "../../src/mqtt/notation.ts";
import type { Packet, Publish } from "../../src/mqtt/packet.ts";
import { PacketType, ProtocolVersion, type QoS } from "../../src/mqtt/packet-type.ts";
import type { CoreStage } from "../../src/testing/core-stage.ts";
import { encoded } from "../../src/testing/recording-outbox.ts";
import { matches } from "../../src/topics/match.ts";

/** How a Client connects. */
export interface Connecting {
  readonly version: ProtocolVersion;
  readonly maximumPacketSize: number | undefined;
  readonly topicAliasMaximum: number;
  readonly isEnhanced: boolean;
}

/** A message, and with which QoS and Subscription Identifiers somebody is to get it. */
export interface Expected {
  readonly topicName: string;
  readonly payload: string;
  readonly qos: QoS;
  readonly subscriptionIdentifiers: readonly number[];
  /** It was sent before. */
  readonly dup: boolean;
}

interface Unanswered {
  readonly packetIdentifier: number;
  readonly expected: Expected;
}

/** No Client takes less than CONNACK with everything. */
export const smallPacketSize = 110;

/**
 * A Client that keeps to the protocol and knows what it must get: the core is asked to settle after everything that
 * happens, so what is to come has come by then.
 */
export class LegalClient {
  readonly name: string;
  readonly #stage: CoreStage;
  /** By Topic Filter: granted QoS and Subscription Identifier. */
  readonly #subscriptions = new Map<string, { readonly qos: QoS; readonly identifier: number }>();
  #connecting: Connecting | undefined = undefined;
  /** It takes messages and does not answer them. */
  isMute = false;
  /** What it must get next, in this order. */
  #expected: Expected[] = [];
  #unanswered: Unanswered[] = [];
  #outbound = new Map<number, string>();
  readonly #inbound = new Map<number, string>();
  #others: Packet[] = [];

  constructor(name: string, stage: CoreStage) {
    this.name = name;
    this.#stage = stage;
  }

  get isOnline(): boolean {
    return this.#connecting !== undefined;
  }

  get version(): ProtocolVersion {
    return this.#connecting?.version ?? ProtocolVersion.V5;
  }

  /** Connects and goes on with its Session, if there is one: what it did not answer comes again first. */
  async connect(connecting: Connecting, isResumed: boolean): Promise<void> {
    this.#connecting = connecting;
    this.isMute = false;
    this.#outbound = new Map();
    this.#inbound.clear();
    const again = this.#unanswered.map(({ expected }) => ({ ...expected, dup: true }));
    this.#unanswered = [];
    this.#expected = [...again, ...this.#expected].filter((each) => this.#takes(each));
    await this.#stage.open(this.name);
    this.#stage.speaks();
    await this.send(connectLine(this.name, connecting));
    if (connecting.isEnhanced) {
      this.#next(PacketType.Auth);
      await this.send('AUTH 0x18 authenticationMethod="DEMO" authenticationData="me"');
    }
    const connack = this.#next(PacketType.Connack);
    assert.ok(connack.type === PacketType.Connack && connack.reasonCode === 0);
    assert.equal(connack.sessionPresent, isResumed);
    if (connecting.isEnhanced) assert.equal(connack.properties.authenticationMethod, "DEMO");
  }

  async drop(): Promise<void> {
    await this.#stage.drop(this.name);
    await this.lost();
  }

  /** Leaves for good: its Session ends. */
  async leave(): Promise<void> {
    const line = "DISCONNECT sessionExpiryInterval=0";
    await this.#stage.send(this.name, encoded(parsePacket(line), this.version));
    await this.lost();
  }

  /** The Network Connection is over. */
  async lost(): Promise<void> {
    this.#connecting = undefined;
    while ((await this.#stage.next(this.name)) !== undefined);
  }

  async subscribe(topicFilter: string, qos: QoS, identifier: number): Promise<void> {
    const isV5 = this.version === ProtocolVersion.V5;
    const property = isV5 && identifier > 0 ? ` subscriptionIdentifier=${identifier}` : "";
    await this.send(`SUBSCRIBE #7${property} "${topicFilter}" q${qos}`);
    this.#subscriptions.set(topicFilter, { qos, identifier: isV5 ? identifier : 0 });
    const suback = this.#next(PacketType.Suback);
    assert.ok(suback.type === PacketType.Suback);
    assert.deepEqual([suback.packetIdentifier, ...suback.reasonCodes], [7, qos]);
  }

  async unsubscribe(topicFilter: string): Promise<void> {
    await this.send(`UNSUBSCRIBE #8 "${topicFilter}"`);
    const wasThere = this.#subscriptions.delete(topicFilter);
    const unsuback = this.#next(PacketType.Unsuback);
    assert.ok(unsuback.type === PacketType.Unsuback);
    if (this.version === ProtocolVersion.V5) assert.deepEqual(unsuback.reasonCodes, [wasThere ? 0 : 0x11]);
  }

  /** Proves again who it is; `between` happens in the middle. */
  async authenticateAgain(between: () => Promise<void>): Promise<void> {
    await this.send('AUTH 0x19 authenticationMethod="DEMO"');
    const challenge = this.#next(PacketType.Auth);
    assert.ok(challenge.type === PacketType.Auth && challenge.reasonCode === 0x18);
    await between();
    await this.send('AUTH 0x18 authenticationMethod="DEMO" authenticationData="me"');
    const success = this.#next(PacketType.Auth);
    assert.ok(success.type === PacketType.Auth && success.reasonCode === 0);
  }

  get isEnhanced(): boolean {
    return this.#connecting?.isEnhanced === true;
  }

  /** The Topic Name that it gave this Topic Alias. */
  aliased(alias: number): string | undefined {
    return this.#outbound.get(alias);
  }

  /** Publishes, with a Topic Alias if it has one, which says the Topic Name once; does the whole flow. */
  async publish(topicName: string, payload: string, qos: QoS, alias: number, isMatched: boolean): Promise<void> {
    const isV5 = this.version === ProtocolVersion.V5;
    const isKnown = isV5 && alias > 0 && this.#outbound.get(alias) === topicName;
    if (isV5 && alias > 0) this.#outbound.set(alias, topicName);
    const property = isV5 && alias > 0 ? ` topicAlias=${alias}` : "";
    const identifier = qos > 0 ? " #5" : "";
    await this.send(`PUBLISH q${qos}${identifier} "${isKnown ? "" : topicName}"${property} payload="${payload}"`);
    const reasonCode = isMatched || !isV5 ? 0 : 0x10;
    if (qos === 1) this.#answered(PacketType.Puback, reasonCode);
    if (qos !== 2) return;
    this.#answered(PacketType.Pubrec, reasonCode);
    await this.send("PUBREL #5");
    this.#answered(PacketType.Pubcomp, 0);
  }

  /** Somebody publishes; whether this Client is to get it or has a Session that is. */
  expect(topicName: string, payload: string, qos: QoS): boolean {
    const found = [...this.#subscriptions].filter(([topicFilter]) => matches(topicFilter, topicName));
    if (found.length === 0) return false;
    const granted = Math.max(...found.map(([, subscription]) => subscription.qos));
    const expected: Expected = {
      topicName,
      payload,
      qos: Math.min(qos, granted) as QoS,
      subscriptionIdentifiers: found.map(([, { identifier }]) => identifier).filter((identifier) => identifier > 0),
      dup: false,
    };
    const isQueued = !this.isOnline && expected.qos > 0;
    if (isQueued || (this.isOnline && this.#takes(expected))) this.#expected.push(expected);
    return true;
  }

  /** Looks at everything that came, answers it, and again, until nothing more comes. */
  async settle(): Promise<void> {
    if (!this.isOnline) return;
    for (;;) {
      await this.#receive();
      const [answers, rest] = [this.isMute ? [] : this.#unanswered, this.isMute ? this.#unanswered : []];
      this.#unanswered = rest;
      if (answers.length === 0) break;
      for (const { packetIdentifier, expected } of answers) await this.#answer(packetIdentifier, expected.qos);
    }
    assert.deepEqual(this.#others.map(formatPacket), [], `${this.name} did not expect this`);
    assert.deepEqual(this.#expected, [], `${this.name} was to get this`);
  }

  async send(line: string): Promise<void> {
    const { version } = this;
    await this.#stage.send(this.name, encoded(parsePacket(line, version), version));
    await this.#receive();
  }

  async #answer(packetIdentifier: number, qos: QoS): Promise<void> {
    if (qos === 1) {
      await this.send(`PUBACK #${packetIdentifier}`);
      return;
    }
    await this.send(`PUBREC #${packetIdentifier}`);
    const pubrel = this.#next(PacketType.Pubrel);
    assert.ok(pubrel.type === PacketType.Pubrel && pubrel.packetIdentifier === packetIdentifier);
    await this.send(`PUBCOMP #${packetIdentifier}`);
  }

  async #receive(): Promise<void> {
    for (let came = await this.#stage.next(this.name); came !== undefined; came = await this.#stage.next(this.name)) {
      assert.ok(came.kind === "packet", `${this.name} was closed`);
      const { packet } = came;
      const maximum = this.#connecting?.maximumPacketSize ?? Number.POSITIVE_INFINITY;
      assert.ok(encodedLength(packet, this.version) <= maximum, `above ${maximum}: ${formatPacket(packet)}`);
      if (packet.type === PacketType.Publish) this.#delivered(packet);
      else this.#others.push(packet);
    }
  }

  #delivered(publish: Publish): void {
    const { topicAlias } = publish;
    assert.ok((topicAlias ?? 0) <= (this.#connecting?.topicAliasMaximum ?? 0));
    if (topicAlias !== undefined && publish.topicName !== "") this.#inbound.set(topicAlias, publish.topicName);
    const topicName = publish.topicName === "" ? (this.#inbound.get(topicAlias ?? 0) ?? "") : publish.topicName;
    const expected = this.#expected.shift();
    const isV5 = this.version === ProtocolVersion.V5;
    const came = {
      topicName,
      payload: Buffer.from(publish.payload).toString(),
      qos: publish.qos,
      dup: publish.dup,
      subscriptionIdentifiers: [...publish.subscriptionIdentifiers].sort(),
    };
    const identifiers = isV5 ? [...(expected?.subscriptionIdentifiers ?? [])].sort() : [];
    assert.deepEqual(came, { ...expected, subscriptionIdentifiers: identifiers }, `${this.name} got something else`);
    if (expected !== undefined && publish.qos > 0) {
      this.#unanswered.push({ packetIdentifier: publish.packetIdentifier, expected });
    }
  }

  #answered(type: PacketType, reasonCode: number): void {
    const packet = this.#next(type);
    assert.ok("reasonCode" in packet && "packetIdentifier" in packet);
    assert.deepEqual([packet.packetIdentifier, packet.reasonCode], [5, reasonCode], formatPacket(packet));
  }

  #next(type: PacketType): Packet {
    const packet = this.#others.shift();
    assert.ok(packet?.type === type, `${this.name}: ${packet === undefined ? "nothing came" : formatPacket(packet)}`);
    return packet;
  }

  /** Whether a message fits into what this Client takes; only Clients without aliases are that strict. */
  #takes({ topicName, payload, qos, subscriptionIdentifiers }: Expected): boolean {
    const maximum = this.#connecting?.maximumPacketSize;
    if (maximum === undefined) return true;
    const line = `PUBLISH q${qos}${qos > 0 ? " #1" : ""} "${topicName}" payload="${payload}"`;
    const packet = parsePacket(line) as Publish;
    return encodedLength({ ...packet, subscriptionIdentifiers }, ProtocolVersion.V5) <= maximum;
  }
}

function connectLine(name: string, { version, maximumPacketSize, topicAliasMaximum, isEnhanced }: Connecting): string {
  if (version === ProtocolVersion.V311) return `CONNECT ${name} v4`;
  const size = maximumPacketSize === undefined ? "" : ` maximumPacketSize=${maximumPacketSize}`;
  const method = isEnhanced ? ' authenticationMethod="DEMO"' : "";
  return `CONNECT ${name} sessionExpiryInterval=1000${size} topicAliasMaximum=${topicAliasMaximum}${method}`;
}
