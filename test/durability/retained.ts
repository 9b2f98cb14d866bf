import { Buffer } from "node:buffer";
import type { Packet } from "../../src/mqtt/packet.ts";
import { PacketType } from "../../src/mqtt/packet-type.ts";
import { pingreq } from "../../src/mqtt/ping.ts";
import { request, subscribe } from "../mqtt/packets.ts";
import { type Endpoint, PersistentClient, type Report } from "./persistent-client.ts";
import type { NextMessage, Publisher } from "./publisher.ts";

const topics = 5;

/** Every so often a topic is cleared instead of replaced. */
const clearEvery = 11;

/** Retained Messages of one publisher: each topic's value is the sequence number of what was said of it last. */
export class RetainedLedger {
  readonly #values: { readonly sequence: number; readonly topicName: string; readonly isClear: boolean }[] = [];

  /** What the publisher says next. */
  readonly next: NextMessage = (sequence) => {
    const topicName = `retained/${sequence % topics}`;
    const isClear = sequence % clearEvery === 0;
    this.#values.push({ sequence, topicName, isClear });
    return { topicName, payload: Buffer.from(isClear ? "" : String(sequence)), retain: true };
  };

  /**
   * What a new subscriber was sent against what the publisher was promised: of each topic the last acknowledged value, or
   * a later one that was sent.
   */
  check(found: ReadonlyMap<string, number>, acknowledgedUpTo: number, report: Report): void {
    for (let index = 0; index < topics; index += 1) {
      const topicName = `retained/${index}`;
      const said = this.#values.filter((value) => value.topicName === topicName);
      const promised = said.findLast(({ sequence }) => sequence <= acknowledgedUpTo);
      const possible = said.filter(({ sequence }) => promised === undefined || sequence >= promised.sequence);
      const value = found.get(topicName);
      const isRight =
        value === undefined
          ? promised === undefined || possible.some(({ isClear }) => isClear)
          : possible.some(({ sequence, isClear }) => sequence === value && !isClear);
      if (!isRight) report(`${topicName} has ${value}, and was promised ${promised?.sequence} or later`);
    }
  }
}

/** Looks at what is retained: subscribes again each time it is asked. */
export class RetainedReader extends PersistentClient {
  #found: Map<string, number> = new Map();
  #read: ((found: ReadonlyMap<string, number>) => void) | undefined = undefined;

  /** Resolves to the values by topic. */
  read(endpoint: Endpoint): Promise<ReadonlyMap<string, number>> {
    this.#found = new Map();
    this.up(endpoint);
    return new Promise((resolve) => {
      this.#read = resolve;
    });
  }

  protected override welcomed(): void {
    this.send(subscribe({ packetIdentifier: 1, subscriptions: [request({ topicFilter: "retained/#" })] }));
  }

  protected override cut(): void {}

  protected override received(packet: Packet): void {
    switch (packet.type) {
      case PacketType.Publish:
        // What is published meanwhile comes without RETAIN.
        if (packet.retain) this.#found.set(packet.topicName, Number(Buffer.from(packet.payload).toString()));
        return;
      case PacketType.Suback:
        // Its answer comes behind the Retained Messages.
        this.send(pingreq);
        return;
      case PacketType.Pingresp:
        this.down();
        this.#read?.(this.#found);
        return;
      default:
        this.report(`${this.clientId}: a packet of type ${packet.type}`);
    }
  }
}

/** Up to which sequence number everything is acknowledged: answers at QoS 1 come in order. */
export function acknowledgedUpTo(publisher: Publisher): number {
  return publisher.account.sent - publisher.waiting().length;
}
