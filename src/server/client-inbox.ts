import { Ring } from "../base/ring.ts";
import { noAcknowledgementProperties } from "../mqtt/acknowledgement.ts";
import type { Packet, Publish } from "../mqtt/packet.ts";
import { PacketType } from "../mqtt/packet-type.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import { matches } from "../topics/match.ts";
import type { MessageTaker } from "./message-taker.ts";

/** A message that came, and what it waits for before it is acknowledged. */
export interface Arrival {
  readonly publish: Publish;
  /** Takers that are not done with it; -1 while nobody takes it. */
  open: number;
}

/** What an inbox needs of its Client. */
export interface InboxOwner {
  send(packet: Packet): void;
  /** The bytes of this message no longer count. */
  consumed(publish: Publish): void;
  /** Nobody takes a message, which waits until somebody does. Once. */
  unclaimed(topicName: string): void;
}

/**
 * The receiving half of a Client inside the process: each message goes to all whose Topic Filter matches, and is
 * acknowledged when they are done with it, in the order in which messages came [MQTT-4.6.0-2]. What nobody takes waits,
 * so that the queue of an old Session is there for whoever subscribes first.
 */
export class ClientInbox {
  readonly #owner: InboxOwner;
  readonly #takers: Map<string, MessageTaker> = new Map();
  /** Gets what matches no taker. */
  readonly #otherwise: MessageTaker | undefined;
  /** QoS 1 and 2, in the order in which they came. */
  readonly #unacknowledged: Ring<Arrival> = new Ring();
  #unclaimed: Arrival[] = [];
  #hasSaid = false;
  #ended = false;

  constructor(owner: InboxOwner, otherwise: MessageTaker | undefined) {
    this.#owner = owner;
    this.#otherwise = otherwise;
  }

  taker(topicFilter: string): MessageTaker | undefined {
    return this.#takers.get(topicFilter);
  }

  /** From now on this taker gets what matches its Topic Filter, and what waited for somebody. */
  add(taker: MessageTaker): void {
    const before = this.#takers.get(taker.topicFilter);
    this.#takers.set(taker.topicFilter, taker);
    if (before !== undefined) for (const arrival of before.end()) taker.take(arrival);
    const waited = this.#unclaimed;
    this.#unclaimed = [];
    for (const arrival of waited) this.#distribute(arrival);
  }

  /** It gets nothing more, and what waits for it is dealt with: the program wants it no longer. */
  remove(taker: MessageTaker): void {
    if (this.#takers.get(taker.topicFilter) === taker) this.#takers.delete(taker.topicFilter);
    for (const arrival of taker.end()) this.done(arrival);
  }

  /** It was not allowed: what it was to get waits for somebody else. */
  giveBack(taker: MessageTaker): void {
    if (this.#takers.get(taker.topicFilter) === taker) this.#takers.delete(taker.topicFilter);
    for (const arrival of taker.end()) {
      arrival.open -= 1;
      if (arrival.open === 0) this.#distribute(arrival);
    }
  }

  received(publish: Publish): void {
    const arrival: Arrival = { publish, open: -1 };
    if (publish.qos > 0) this.#unacknowledged.push(arrival);
    this.#distribute(arrival);
  }

  /** PUBREL: the QoS 2 message will not come again [MQTT-4.3.3-11]. */
  released(packetIdentifier: number): void {
    this.#acknowledge(PacketType.Pubcomp, packetIdentifier);
  }

  /** A taker is done with it. */
  done(arrival: Arrival): void {
    arrival.open -= 1;
    if (arrival.open > 0 || this.#ended) return;
    this.#owner.consumed(arrival.publish);
    this.#acknowledgeHead();
  }

  /** Takers get nothing more, and what they have in hand counts as dealt with. */
  letGo(): void {
    for (const taker of this.#all()) {
      taker.end();
      for (const arrival of taker.takeBack()) this.done(arrival);
    }
  }

  /** Takers get nothing more; resolves when none has a message in hand. */
  async settle(): Promise<void> {
    const takers = this.#all();
    for (const taker of takers) taker.end();
    await Promise.all(takers.map((taker) => taker.emptied()));
  }

  /** The connection is over: nothing is acknowledged any more. */
  end(): void {
    this.#ended = true;
    for (const taker of this.#all()) taker.end();
  }

  #all(): MessageTaker[] {
    return this.#otherwise === undefined ? [...this.#takers.values()] : [...this.#takers.values(), this.#otherwise];
  }

  #distribute(arrival: Arrival): void {
    const { topicName } = arrival.publish;
    let takers = [...this.#takers.values()].filter(({ matchedFilter }) => matches(matchedFilter, topicName));
    if (takers.length === 0 && this.#otherwise !== undefined) takers = [this.#otherwise];
    if (takers.length === 0) {
      arrival.open = -1;
      this.#unclaimed.push(arrival);
      if (!this.#hasSaid) this.#owner.unclaimed(topicName);
      this.#hasSaid = true;
      return;
    }
    arrival.open = takers.length;
    for (const taker of takers) taker.take(arrival);
  }

  #acknowledgeHead(): void {
    for (;;) {
      const head = this.#unacknowledged.peek();
      if (head?.open !== 0) return;
      this.#unacknowledged.shift();
      const { qos, packetIdentifier } = head.publish;
      // [MQTT-4.3.2-4] [MQTT-4.3.3-8]
      this.#acknowledge(qos === 1 ? PacketType.Puback : PacketType.Pubrec, packetIdentifier);
    }
  }

  #acknowledge(
    type: typeof PacketType.Puback | typeof PacketType.Pubrec | typeof PacketType.Pubcomp,
    packetIdentifier: number,
  ): void {
    const properties = noAcknowledgementProperties;
    this.#owner.send({ type, packetIdentifier, reasonCode: ReasonCode.Success, properties });
  }
}
