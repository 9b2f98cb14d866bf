import { noConnectProperties } from "../../src/mqtt/connect.ts";
import { noDisconnectProperties } from "../../src/mqtt/disconnect.ts";
import { type Acknowledgement, type Connack, noUserProperties, type Packet, type Will } from "../../src/mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { noPublishProperties } from "../../src/mqtt/publish-properties.ts";
import { isFailure, type PublishReasonCode, ReasonCode } from "../../src/mqtt/reason-code.ts";
import type { Agenda } from "../../src/testing/agenda.ts";
import type { Random } from "../../src/testing/random.ts";
import { ClientReceiver } from "./client-receiver.ts";
import { ClientSender } from "./client-sender.ts";
import { ClientSubscriptions } from "./client-subscriptions.ts";
import type { ClientTraits } from "./client-traits.ts";
import type { Ledger } from "./ledger.ts";
import type { Link, LinkOwner } from "./link.ts";
import { type MessageRecord, type SessionRecord, type Step, Violation, type WillRecord } from "./records.ts";

/** Where Clients live. */
export interface ClientWorld {
  readonly agenda: Agenda;
  readonly random: Random;
  readonly ledger: Ledger;
  /** A new Network Connection; undefined while nobody listens. */
  open(client: SimulatedClient): Link | undefined;
  /** The network between the two breaks; who notices is drawn. */
  cut(link: Link): void;
}

/** How long it waits for CONNACK before it tries again, ms. */
const patience = 30_000;

/**
 * A Client that keeps the protocol to the letter and leaves it at any moment: it publishes, subscribes, is slow, is cut off,
 * comes back.
 */
export class SimulatedClient implements LinkOwner {
  readonly traits: ClientTraits;
  readonly #world: ClientWorld;
  readonly #sender: ClientSender;
  readonly #receiver: ClientReceiver;
  readonly #subscriptions: ClientSubscriptions;
  link: Link | undefined = undefined;
  #isConnected = false;
  #session: SessionRecord | undefined = undefined;
  /** It wants a new Session until it has one. */
  #wantsClean = false;
  #will: WillRecord | undefined = undefined;
  readonly #inbox: { readonly packet: Packet; readonly bytes: number }[] = [];
  #isTaking = false;
  #stalledUntil = 0;
  #answersAt = 0;
  #packetIdentifier = 0;
  #isSettling = false;

  constructor(world: ClientWorld, traits: ClientTraits) {
    this.#world = world;
    this.traits = traits;
    const port = {
      name: traits.name,
      send: (packet: Packet, handed?: (step: Step) => void) => this.link?.send(packet, handed),
      takePacketIdentifier: () => this.#takePacketIdentifier(),
    };
    this.#sender = new ClientSender({
      ...port,
      handed: (message, step) => world.ledger.handed(message, step),
      acknowledged: (message) => world.ledger.acknowledged(message),
    });
    this.#receiver = new ClientReceiver({
      name: traits.name,
      answer: (packet, sent, message) => this.#answer(packet, sent, message),
      reasonCode: () => this.#reasonCode(),
      received: (publish, message, isNew) => {
        if (this.#session !== undefined) world.ledger.received(this.#session, publish, message, isNew);
      },
    });
    this.#subscriptions = new ClientSubscriptions(port, traits, world.random);
  }

  get name(): string {
    return this.traits.name;
  }

  /** The Session that it has a connection on. */
  get session(): SessionRecord | undefined {
    return this.#isConnected ? this.#session : undefined;
  }

  /** What it waits for; undefined when that is nothing. */
  get awaits(): string | undefined {
    if (!this.#isConnected) return "CONNACK";
    return this.#sender.awaits ?? this.#receiver.awaits ?? this.#subscriptions.awaits;
  }

  /** Begins to live. */
  start(): void {
    this.#world.agenda.after(this.#world.random.integer(0, 200), () => {
      if (this.link === undefined) this.#connect();
    });
    this.#live();
  }

  /** From here on it only finishes what it has begun. */
  settle(): void {
    if (this.#isSettling) return;
    this.#isSettling = true;
    this.#stalledUntil = 0;
    this.#sender.giveUp();
    this.#take();
    if (this.link === undefined) this.#connect();
  }

  publish(message: MessageRecord): void {
    this.#sender.publish(message);
  }

  arrives(link: Link, packet: Packet, bytes: number): void {
    if (link !== this.link) return;
    this.#inbox.push({ packet, bytes });
    this.#take();
  }

  ended(link: Link): void {
    if (link !== this.link) return;
    this.link = undefined;
    this.#isConnected = false;
    this.#inbox.length = 0;
    this.#sender.suspend();
    const pause = this.#isSettling ? 100 : this.#world.random.pick([10, 10, 100, 1_000, 4_000, 15_000]);
    this.#world.agenda.after(pause, () => {
      if (this.link === undefined) this.#connect();
    });
  }

  #connect(): void {
    const { agenda, random, ledger } = this.#world;
    const link = this.#world.open(this);
    if (link === undefined) {
      agenda.after(200, () => {
        if (this.link === undefined) this.#connect();
      });
      return;
    }
    const { traits } = this;
    this.link = link;
    this.#isConnected = false;
    this.#inbox.length = 0;
    this.#sender.suspend();
    this.#answersAt = 0;
    if (!this.#isSettling && random.chance(traits.cleanStartChance)) this.#wantsClean = true;
    if (this.#wantsClean) this.#subscriptions.giveUp();
    const isV5 = traits.protocolVersion === ProtocolVersion.V5;
    link.protocolVersion = traits.protocolVersion;
    link.cleanStart = isV5 ? this.#wantsClean : this.#wantsClean || traits.sessionExpirySeconds === 0;
    this.#will = random.chance(traits.willChance) && !this.#isSettling ? ledger.createWill(link, isV5) : undefined;
    link.will = this.#will;
    link.send({
      type: PacketType.Connect,
      protocolVersion: traits.protocolVersion,
      cleanStart: link.cleanStart,
      keepAliveSeconds: traits.keepAliveSeconds,
      clientId: traits.name,
      will: this.#will === undefined ? undefined : willOf(this.#will),
      userName: undefined,
      password: undefined,
      properties: {
        ...noConnectProperties,
        sessionExpiryIntervalSeconds: isV5 ? traits.sessionExpirySeconds : undefined,
        receiveMaximum: traits.receiveMaximum,
        topicAliasMaximum: isV5 ? traits.topicAliasMaximum : undefined,
      },
    });
    this.#keepAlive(link);
    agenda.after(patience, () => {
      if (this.link === link && !this.#isConnected) this.#world.cut(link);
    });
  }

  #connack(link: Link, connack: Connack): void {
    if (isFailure(connack.reasonCode)) {
      const { hasRefused } = this.#world.ledger;
      if (connack.reasonCode !== ReasonCode.ServerUnavailable || !hasRefused)
        throw this.#wrong(`CONNACK ${connack.reasonCode}`);
      return;
    }
    const session = link.sessionRecord;
    if (session === undefined) throw this.#wrong("CONNACK before its CONNECT was accepted");
    if (connack.sessionPresent !== link.isResumed) {
      throw this.#wrong(
        `Session Present ${connack.sessionPresent}, and its Session ${link.isResumed ? "went on" : "is new"}`,
      );
    }
    this.#isConnected = true;
    this.#wantsClean = false;
    const quota = connack.properties.receiveMaximum ?? 65_535;
    const { receiveMaximum = 65_535 } = this.traits;
    if (session === this.#session) {
      this.#receiver.resume(receiveMaximum);
      this.#subscriptions.begin(session);
      this.#sender.resume(quota);
    } else {
      this.#session = session;
      this.#receiver.restart(receiveMaximum);
      this.#subscriptions.begin(session);
      this.#sender.restart(quota);
    }
  }

  /** From CONNECT on, whether CONNACK came or not [MQTT-3.1.2-20]. */
  #keepAlive(link: Link): void {
    const { keepAliveSeconds } = this.traits;
    if (keepAliveSeconds === 0) return;
    this.#world.agenda.after(keepAliveSeconds * 800, () => {
      if (this.link !== link) return;
      link.send({ type: PacketType.Pingreq });
      this.#keepAlive(link);
    });
  }

  #take(): void {
    if (this.#isTaking || this.#inbox.length === 0) return;
    this.#isTaking = true;
    const { agenda, random } = this.#world;
    const handling = random.integer(
      0,
      this.#isSettling ? Math.min(this.traits.handlingMax, 5) : this.traits.handlingMax,
    );
    agenda.at(Math.max(this.#stalledUntil, agenda.now + handling), () => {
      this.#isTaking = false;
      const next = this.#inbox.shift();
      const { link } = this;
      if (next === undefined || link === undefined) return;
      link.taken(next.bytes);
      this.#handle(link, next.packet);
      this.#take();
    });
  }

  #handle(link: Link, packet: Packet): void {
    if (!this.#isConnected && packet.type !== PacketType.Connack) throw this.#wrong("a packet before CONNACK");
    switch (packet.type) {
      case PacketType.Connack:
        this.#connack(link, packet);
        break;
      case PacketType.Publish:
        this.#receiver.publish(packet);
        break;
      case PacketType.Puback:
        this.#sender.puback(packet.packetIdentifier, packet.reasonCode);
        break;
      case PacketType.Pubrec:
        this.#sender.pubrec(packet.packetIdentifier, packet.reasonCode);
        break;
      case PacketType.Pubrel:
        this.#receiver.pubrel(packet.packetIdentifier);
        break;
      case PacketType.Pubcomp:
        this.#sender.pubcomp(packet.packetIdentifier);
        break;
      case PacketType.Suback:
        this.#subscriptions.suback(packet.packetIdentifier, packet.reasonCodes);
        break;
      case PacketType.Unsuback:
        this.#subscriptions.unsuback(packet.packetIdentifier, packet.reasonCodes);
        break;
      case PacketType.Pingresp:
        break;
      case PacketType.Disconnect:
        if (!mayEnd(link, packet.reasonCode)) throw this.#wrong(`DISCONNECT ${packet.reasonCode}`);
        break;
      default:
        throw this.#wrong(`packet type ${packet.type}`);
    }
  }

  /** Answers leave in the order of what they answer [MQTT-4.6.0-2] [MQTT-4.6.0-3]. */
  #answer(packet: Acknowledgement, sent: () => void, message: string | undefined): void {
    const { agenda, random, ledger } = this.#world;
    const { link, traits } = this;
    const delay = random.integer(0, this.#isSettling ? 5 : traits.handlingMax);
    this.#answersAt = Math.max(this.#answersAt, agenda.now + delay);
    const session = this.#session;
    agenda.at(this.#answersAt, () => {
      if (link === undefined || this.link !== link) return;
      sent();
      link.send(packet, (step) => {
        if (message !== undefined && session !== undefined) ledger.settled(session, message, step);
      });
    });
  }

  #reasonCode(): PublishReasonCode {
    return this.#world.random.chance(this.traits.refusalChance)
      ? ReasonCode.ImplementationSpecificError
      : ReasonCode.Success;
  }

  /** One thing after the other, of its own accord. */
  #live(): void {
    const { agenda, random } = this.#world;
    agenda.after(random.integer(1, this.traits.pauseMax), () => {
      if (this.#isSettling) return;
      if (this.#isConnected) this.#act();
      this.#live();
    });
  }

  #act(): void {
    const { random, ledger, agenda } = this.#world;
    const { traits, link } = this;
    if (link === undefined) return;
    if (random.chance(traits.leaveChance)) this.#leave(link);
    else if (random.chance(traits.stallChance)) this.#stalledUntil = agenda.now + random.integer(100, 3_000);
    else if (random.chance(traits.unsubscribeChance)) this.#subscriptions.change();
    else if (traits.publishes.length > 0 && !this.#sender.isBehind) {
      const count = random.pick([1, 1, 1, 5]);
      for (let index = 0; index < count; index += 1) this.publish(ledger.createMessage(traits));
    }
  }

  #leave(link: Link): void {
    const { random } = this.#world;
    const isV5 = this.traits.protocolVersion === ProtocolVersion.V5;
    switch (random.pick(["cut", "cut", "cut", "end", "disconnect", "with Will", "new expiry", "take over"] as const)) {
      case "cut":
        this.#world.cut(link);
        break;
      case "end":
        link.send("end");
        this.ended(link);
        break;
      case "take over":
        this.#connect();
        break;
      case "disconnect":
        this.#disconnect(link, ReasonCode.Success, undefined);
        break;
      case "with Will":
        this.#disconnect(link, isV5 ? ReasonCode.DisconnectWithWillMessage : ReasonCode.Success, undefined);
        break;
      case "new expiry":
        this.#disconnect(
          link,
          ReasonCode.Success,
          isV5 && this.traits.sessionExpirySeconds > 0 ? random.pick([0, 2, 100]) : undefined,
        );
        break;
    }
  }

  #disconnect(link: Link, reasonCode: 0 | 4, sessionExpiryIntervalSeconds: number | undefined): void {
    link.disconnectExpirySeconds = sessionExpiryIntervalSeconds;
    if (sessionExpiryIntervalSeconds === 0) this.#subscriptions.giveUp();
    link.send(
      {
        type: PacketType.Disconnect,
        reasonCode,
        properties: { ...noDisconnectProperties, sessionExpiryIntervalSeconds, userProperties: noUserProperties },
      },
      () => {
        link.goodbye = reasonCode;
      },
    );
    link.send("end");
    this.ended(link);
  }

  #takePacketIdentifier(): number | undefined {
    const { packetIdentifierMax } = this.traits;
    for (let tries = 0; tries < packetIdentifierMax; tries += 1) {
      this.#packetIdentifier = (this.#packetIdentifier % packetIdentifierMax) + 1;
      const isUsed = this.#sender.uses(this.#packetIdentifier) || this.#subscriptions.uses(this.#packetIdentifier);
      if (!isUsed) return this.#packetIdentifier;
    }
    return undefined;
  }

  #wrong(what: string): Violation {
    return new Violation(`${this.name} got ${what}`, this.name);
  }
}

/** Why a Server may end the connection of a Client that does nothing wrong. */
function mayEnd(link: Link, reasonCode: ReasonCode): boolean {
  return reasonCode === ReasonCode.ServerShuttingDown || (reasonCode === ReasonCode.KeepAliveTimeout && link.wasHeld);
}

function willOf(will: WillRecord): Will {
  const { topicName, payload, qos, retain, delaySeconds } = will;
  return { topicName, payload, qos, retain, delayIntervalSeconds: delaySeconds, properties: noPublishProperties };
}
