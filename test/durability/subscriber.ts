import { Buffer } from "node:buffer";
import type { Packet, Publish, Subscribe } from "../../src/mqtt/packet.ts";
import { PacketType, type QoS } from "../../src/mqtt/packet-type.ts";
import { pingreq } from "../../src/mqtt/ping.ts";
import { isFailure } from "../../src/mqtt/reason-code.ts";
import { acknowledgement, request, subscribe, unsubscribe } from "../mqtt/packets.ts";
import { PersistentClient, type Report } from "./persistent-client.ts";
import type { Random } from "./random.ts";

/** A message as a subscriber took it. */
export interface Taken {
  readonly topicName: string;
  readonly payload: string;
  readonly retain: boolean;
}

/**
 * A subscriber as §4.3 and §4.4 have it: the Packet Identifiers that it received at QoS 2 outlive its connections, and a
 * message whose identifier it knows is not taken again. It answers in order and late.
 */
export class Subscriber extends PersistentClient {
  readonly #subscribe: Subscribe;
  readonly #taken: (message: Taken) => void;
  readonly #random: Random;
  /** QoS 2 as receiver: what was taken and not yet released. */
  readonly #held: Map<number, string> = new Map();
  /** Answers that were not sent yet. */
  #answers: Packet[] = [];
  #isSubscribed = false;
  #whenSubscribed: (() => void)[] = [];
  #whenUnsubscribed: (() => void) | undefined = undefined;
  #fenced: (() => void) | undefined = undefined;

  constructor(
    name: string,
    topicFilter: string,
    qos: QoS,
    taken: (message: Taken) => void,
    random: Random,
    report: Report,
  ) {
    super(name, report);
    this.#subscribe = subscribe({ packetIdentifier: 1, subscriptions: [request({ topicFilter, qos })] });
    this.#taken = taken;
    this.#random = random;
  }

  /** Resolves when SUBACK has come, once and for all. */
  subscribed(): Promise<void> {
    if (this.#isSubscribed) return Promise.resolve();
    return new Promise((resolve) => this.#whenSubscribed.push(resolve));
  }

  /** Nothing is left to answer, and nothing to be released. */
  get isSettled(): boolean {
    return this.#answers.length === 0 && this.#held.size === 0;
  }

  /** Resolves when the broker has read everything that was sent up to now. */
  fence(): Promise<void> {
    this.send(pingreq);
    return new Promise((resolve) => {
      this.#fenced = resolve;
    });
  }

  /** Resolves when UNSUBACK has come; to be called while connected. */
  unsubscribe(): Promise<void> {
    const topicFilters = this.#subscribe.subscriptions.map(({ topicFilter }) => topicFilter);
    this.send(unsubscribe({ packetIdentifier: 1, topicFilters }));
    return new Promise((resolve) => {
      this.#whenUnsubscribed = resolve;
    });
  }

  /** Sends some of its answers; called again and again. */
  tick(): void {
    if (!this.isConnected || this.#answers.length === 0) return;
    for (const packet of this.#answers.splice(0, this.#random.integer(0, this.#answers.length))) this.send(packet);
  }

  protected override welcomed(): void {
    if (!this.#isSubscribed) this.send(this.#subscribe);
  }

  protected override cut(): void {
    this.#answers = [];
  }

  protected override received(packet: Packet): void {
    switch (packet.type) {
      case PacketType.Publish:
        this.#publish(packet);
        return;
      case PacketType.Pubrel:
        this.#held.delete(packet.packetIdentifier);
        this.#answer(PacketType.Pubcomp, packet.packetIdentifier);
        return;
      case PacketType.Suback:
        if (packet.reasonCodes.some(isFailure)) this.report(`${this.clientId}: its subscription was refused`);
        this.#isSubscribed = true;
        for (const resolve of this.#whenSubscribed.splice(0)) resolve();
        return;
      case PacketType.Unsuback:
        if (packet.reasonCodes.some((code) => code !== 0)) this.report(`${this.clientId}: nothing to unsubscribe from`);
        this.#whenUnsubscribed?.();
        return;
      case PacketType.Pingresp:
        this.#fenced?.();
        return;
      default:
        this.report(`${this.clientId}: a packet of type ${packet.type}`);
    }
  }

  #publish({ qos, packetIdentifier, topicName, payload, retain, dup }: Publish): void {
    const text = Buffer.from(payload).toString("latin1");
    if (qos === 2) {
      const held = this.#held.get(packetIdentifier);
      const what = `${topicName} ${text.slice(0, 16)}`;
      if (held === undefined) {
        this.#held.set(packetIdentifier, what);
        this.#taken({ topicName, payload: text, retain });
      } else if (held !== what || !dup) {
        this.report(
          `${this.clientId}: Packet Identifier ${packetIdentifier} came with ${what} (DUP ${dup}) and is ${held}`,
        );
      }
      this.#answer(PacketType.Pubrec, packetIdentifier);
      return;
    }
    this.#taken({ topicName, payload: text, retain });
    if (qos === 1) this.#answer(PacketType.Puback, packetIdentifier);
  }

  #answer(
    type: typeof PacketType.Puback | typeof PacketType.Pubrec | typeof PacketType.Pubcomp,
    packetIdentifier: number,
  ): void {
    this.#answers.push(acknowledgement(type, { packetIdentifier }));
  }
}
