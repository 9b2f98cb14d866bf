import type { Buffer } from "node:buffer";
import type { Packet } from "../../src/mqtt/packet.ts";
import { PacketType } from "../../src/mqtt/packet-type.ts";
import { isFailure, ReasonCode } from "../../src/mqtt/reason-code.ts";
import { acknowledgement, publish } from "../mqtt/packets.ts";
import { PublisherAccount } from "./ledger.ts";
import { PersistentClient, type Report } from "./persistent-client.ts";
import type { Random } from "./random.ts";

/** A message that has its Packet Identifier and no end yet. */
interface Flow {
  readonly packetIdentifier: number;
  readonly sequence: number;
  readonly topicName: string;
  readonly payload: Buffer;
  readonly retain: boolean;
  /** PUBREC has come: PUBREL is what is sent again. */
  isReleased: boolean;
}

/** What a publisher says next: nothing when it is undefined. */
export type NextMessage = (sequence: number) => {
  readonly topicName: string;
  readonly payload: Buffer;
  readonly retain: boolean;
};

const burstMax = 8;

/**
 * A publisher at QoS 1 or 2 as §4.3 and §4.4 have it: what has no answer is sent again after a reconnect, in order, with
 * the same Packet Identifiers. Those come from a small range, so that one that the broker did not free is found soon.
 */
export class Publisher extends PersistentClient {
  readonly account: PublisherAccount;
  readonly #qos: 1 | 2;
  readonly #window: number;
  readonly #next: NextMessage;
  readonly #random: Random;
  readonly #flows: Map<number, Flow> = new Map();
  #packetIdentifier = 0;
  #isIdle: (() => void) | undefined = undefined;
  isPublishing = false;

  constructor(name: string, qos: 1 | 2, window: number, next: NextMessage, random: Random, report: Report) {
    super(name, report);
    this.account = new PublisherAccount(name);
    this.#qos = qos;
    this.#window = window;
    this.#next = next;
    this.#random = random;
  }

  /** Sends some, as far as its window allows; called again and again. */
  tick(): void {
    if (!this.isPublishing || !this.isConnected) return;
    const count = Math.min(this.#random.integer(0, burstMax), this.#window - this.#flows.size);
    for (let index = 0; index < count; index += 1) this.publish();
  }

  /** Sends one more. */
  publish(): void {
    this.account.sent += 1;
    const sequence = this.account.sent;
    const flow: Flow = { packetIdentifier: this.#take(), sequence, ...this.#next(sequence), isReleased: false };
    this.#flows.set(flow.packetIdentifier, flow);
    this.#send(flow, false);
  }

  /** Resolves when everything is acknowledged. */
  idle(): Promise<void> {
    if (this.#flows.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#isIdle = resolve;
    });
  }

  /** What has no answer, for people. */
  waiting(): string[] {
    return [...this.#flows.values()].map(({ sequence, packetIdentifier, isReleased }) => {
      return `${this.clientId}: message ${sequence}, Packet Identifier ${packetIdentifier}, awaits ${isReleased ? "PUBCOMP" : "its acknowledgement"}`;
    });
  }

  protected override welcomed(): void {
    for (const flow of this.#flows.values()) {
      if (flow.isReleased) this.#release(flow);
      else this.#send(flow, true);
    }
  }

  protected override cut(): void {}

  protected override received(packet: Packet): void {
    switch (packet.type) {
      case PacketType.Puback:
      case PacketType.Pubrec:
        this.#acknowledged(packet.packetIdentifier, packet.reasonCode);
        return;
      case PacketType.Pubcomp:
        // After a crash the identifier may be free already.
        if (![ReasonCode.Success, ReasonCode.PacketIdentifierNotFound].some((code) => code === packet.reasonCode)) {
          this.report(`${this.clientId}: PUBCOMP with ${packet.reasonCode}`);
        }
        this.#finish(packet.packetIdentifier);
        return;
      default:
        this.report(`${this.clientId}: a packet of type ${packet.type}`);
    }
  }

  #acknowledged(packetIdentifier: number, reasonCode: ReasonCode): void {
    const flow = this.#flows.get(packetIdentifier);
    if (flow === undefined || flow.isReleased) {
      this.report(`${this.clientId}: an acknowledgement of Packet Identifier ${packetIdentifier}, which awaits none`);
      return;
    }
    if (isFailure(reasonCode)) {
      if (reasonCode !== ReasonCode.QuotaExceeded) {
        this.report(`${this.clientId}: message ${flow.sequence} was refused with 0x${reasonCode.toString(16)}`);
      }
      this.account.refused.add(flow.sequence);
      this.#finish(packetIdentifier);
      return;
    }
    this.account.acknowledged += 1;
    if (this.#qos === 1) {
      this.#finish(packetIdentifier);
      return;
    }
    flow.isReleased = true;
    this.#release(flow);
  }

  #finish(packetIdentifier: number): void {
    this.#flows.delete(packetIdentifier);
    if (this.#flows.size > 0) return;
    this.#isIdle?.();
    this.#isIdle = undefined;
  }

  #take(): number {
    do this.#packetIdentifier = (this.#packetIdentifier % (this.#window * 2)) + 1;
    while (this.#flows.has(this.#packetIdentifier));
    return this.#packetIdentifier;
  }

  #send({ packetIdentifier, topicName, payload, retain }: Flow, dup: boolean): void {
    this.send(publish({ packetIdentifier, topicName, payload, retain, qos: this.#qos, dup }));
  }

  #release({ packetIdentifier }: Flow): void {
    this.send(acknowledgement(PacketType.Pubrel, { packetIdentifier }));
  }
}
