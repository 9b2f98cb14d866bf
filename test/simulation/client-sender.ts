import { noAcknowledgementProperties } from "../../src/mqtt/acknowledgement.ts";
import { noSubscriptionIdentifiers, type Packet, type Publish } from "../../src/mqtt/packet.ts";
import { PacketType } from "../../src/mqtt/packet-type.ts";
import { noPublishProperties } from "../../src/mqtt/publish-properties.ts";
import { isFailure, ReasonCode } from "../../src/mqtt/reason-code.ts";
import { type MessageRecord, type Step, Violation } from "./records.ts";

/** How a Client sends. */
export interface SenderPort {
  readonly name: string;
  send(packet: Packet, handed?: (step: Step) => void): void;
  handed(message: MessageRecord, step: Step): void;
  acknowledged(message: MessageRecord): void;
  takePacketIdentifier(): number | undefined;
}

interface Outgoing {
  readonly message: MessageRecord;
  readonly packetIdentifier: number;
  /** `publish` until PUBREC, `release` from there on. */
  stage: "publish" | "release";
  isCounted: boolean;
}

/** A Client's QoS 1 and 2 as sender (§4.3, §4.4): its own state outlives its connections, and it keeps the Server's quota. */
export class ClientSender {
  readonly #port: SenderPort;
  /** By Packet Identifier, in the order of the first sending. */
  readonly #inFlight: Map<number, Outgoing> = new Map();
  #waiting: MessageRecord[] = [];
  /** To be sent again on this connection. */
  #again: Outgoing[] = [];
  /** QoS 1 and QoS 2 as sent on this connection, whose acknowledgement has not come: it comes in this order. */
  #awaitsPuback: number[] = [];
  #awaitsPubrec: number[] = [];
  #quota = 0;

  constructor(port: SenderPort) {
    this.#port = port;
  }

  /** What it waits for, if for anything. */
  get awaits(): string | undefined {
    for (const [packetIdentifier, { message, stage }] of this.#inFlight) {
      return `the acknowledgement of ${message.id}, #${packetIdentifier}, ${stage}`;
    }
    const [waiting] = this.#waiting;
    return waiting === undefined ? undefined : `a place for ${waiting.id}`;
  }

  /** So much waits that more would only wait too. */
  get isBehind(): boolean {
    return this.#waiting.length > 20;
  }

  uses(packetIdentifier: number): boolean {
    return this.#inFlight.has(packetIdentifier);
  }

  /** Hands a message in to be sent; it waits for its turn, over connections and Sessions. */
  publish(message: MessageRecord): void {
    this.#waiting.push(message);
    this.#pump();
  }

  /** A connection stands, on the Session that was before. */
  resume(receiveMaximum: number): void {
    this.#begin(receiveMaximum);
    // [MQTT-4.4.0-1] [MQTT-4.6.0-1]
    this.#again = [...this.#inFlight.values()];
    for (const outgoing of this.#again) outgoing.isCounted = false;
    this.#pump();
  }

  /** A connection stands, and its Session is new: what was in flight is nobody's any more. */
  restart(receiveMaximum: number): void {
    this.#inFlight.clear();
    this.#begin(receiveMaximum);
    this.#pump();
  }

  /** The connection ended. */
  suspend(): void {
    this.#quota = 0;
    this.#again = [];
  }

  /** What was not sent yet never will be. */
  giveUp(): void {
    this.#waiting = [];
  }

  puback(packetIdentifier: number, reasonCode: number): void {
    this.#inOrder(this.#awaitsPuback, packetIdentifier, "PUBACK");
    const outgoing = this.#expected(packetIdentifier, "PUBACK");
    this.#finish(outgoing, reasonCode);
  }

  pubrec(packetIdentifier: number, reasonCode: number): void {
    this.#inOrder(this.#awaitsPubrec, packetIdentifier, "PUBREC");
    const outgoing = this.#expected(packetIdentifier, "PUBREC");
    if (isFailure(reasonCode as ReasonCode)) {
      this.#finish(outgoing, reasonCode);
      return;
    }
    if (outgoing.stage === "publish") this.#port.acknowledged(outgoing.message);
    outgoing.stage = "release";
    this.#release(packetIdentifier);
  }

  pubcomp(packetIdentifier: number): void {
    const outgoing = this.#expected(packetIdentifier, "PUBCOMP");
    if (outgoing.stage !== "release") throw this.#wrong("PUBCOMP before PUBREC", outgoing.message.id);
    this.#give(outgoing);
  }

  #begin(receiveMaximum: number): void {
    this.#quota = receiveMaximum;
    this.#again = [];
    this.#awaitsPuback = [];
    this.#awaitsPubrec = [];
  }

  #pump(): void {
    while (this.#quota > 0) {
      const again = this.#again.shift();
      if (again !== undefined) {
        if (again.stage === "release") this.#release(again.packetIdentifier);
        else this.#send(again, true);
        continue;
      }
      const next = this.#waiting[0];
      if (next === undefined) return;
      const packetIdentifier = next.qos === 0 ? 0 : this.#port.takePacketIdentifier();
      if (packetIdentifier === undefined) return;
      this.#waiting.shift();
      const outgoing: Outgoing = { message: next, packetIdentifier, stage: "publish", isCounted: false };
      if (next.qos > 0) this.#inFlight.set(packetIdentifier, outgoing);
      this.#send(outgoing, false);
    }
  }

  #send(outgoing: Outgoing, dup: boolean): void {
    const { message, packetIdentifier } = outgoing;
    if (message.qos > 0) {
      outgoing.isCounted = true;
      this.#quota -= 1;
      (message.qos === 1 ? this.#awaitsPuback : this.#awaitsPubrec).push(packetIdentifier);
    }
    message.sent += 1;
    this.#port.send(publishOf(message, packetIdentifier, dup), (step) => this.#port.handed(message, step));
  }

  #release(packetIdentifier: number): void {
    this.#port.send({
      type: PacketType.Pubrel,
      packetIdentifier,
      reasonCode: ReasonCode.Success,
      properties: noAcknowledgementProperties,
    });
  }

  #finish(outgoing: Outgoing, reasonCode: number): void {
    if (!isFailure(reasonCode as ReasonCode)) this.#port.acknowledged(outgoing.message);
    this.#give(outgoing);
  }

  #give(outgoing: Outgoing): void {
    this.#inFlight.delete(outgoing.packetIdentifier);
    if (outgoing.isCounted) this.#quota += 1;
    this.#pump();
  }

  #expected(packetIdentifier: number, name: string): Outgoing {
    const outgoing = this.#inFlight.get(packetIdentifier);
    if (outgoing === undefined) throw this.#wrong(`${name} #${packetIdentifier} for nothing that is in flight`);
    return outgoing;
  }

  /** Acknowledgements come in the order of what they acknowledge [MQTT-4.6.0-2] [MQTT-4.6.0-3]. */
  #inOrder(awaited: number[], packetIdentifier: number, name: string): void {
    const expected = awaited.shift();
    if (expected === packetIdentifier) return;
    throw this.#wrong(`${name} #${packetIdentifier} came where #${expected} was to be acknowledged`);
  }

  #wrong(what: string, ...about: readonly string[]): Violation {
    return new Violation(`${this.#port.name} got ${what}`, this.#port.name, ...about);
  }
}

function publishOf(message: MessageRecord, packetIdentifier: number, dup: boolean): Publish {
  const { qos, retain, topicName, payload, expirySeconds } = message;
  return {
    type: PacketType.Publish,
    dup,
    qos,
    retain,
    topicName,
    packetIdentifier,
    topicAlias: undefined,
    subscriptionIdentifiers: noSubscriptionIdentifiers,
    properties:
      expirySeconds === undefined
        ? noPublishProperties
        : { ...noPublishProperties, messageExpiryIntervalSeconds: expirySeconds },
    payload,
  };
}
