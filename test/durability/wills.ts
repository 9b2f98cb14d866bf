import { Buffer } from "node:buffer";
import type { Packet } from "../../src/mqtt/packet.ts";
import { will } from "../mqtt/packets.ts";
import { PersistentClient, type Report } from "./persistent-client.ts";

/** A Client that has a Will and says nothing else. */
export class WillClient extends PersistentClient {
  constructor(name: string, delayIntervalSeconds: number, report: Report) {
    super(name, report);
    this.will = will({ topicName: `wills/${name}`, payload: Buffer.from(name), qos: 2, delayIntervalSeconds });
  }

  /** It comes back without a Will: the one of its last connection is no more [MQTT-3.1.3-9]. */
  forgetWill(): void {
    this.will = undefined;
  }

  protected override welcomed(): void {}
  protected override cut(): void {}
  protected override received(packet: Packet): void {
    this.report(`${this.clientId}: a packet of type ${packet.type}`);
  }
}

/** What became of all Wills. */
export class WillLedger {
  readonly #report: Report;
  readonly #due: Set<string> = new Set();
  readonly #cancelled: Set<string> = new Set();
  readonly #published: Set<string> = new Set();

  constructor(report: Report) {
    this.#report = report;
  }

  /** Its Client was connected when it was lost, and does not come back: it must be published, once. */
  due(name: string): void {
    this.#due.add(name);
  }

  /** Its Client came back in time: it must not be published. */
  cancelled(name: string): void {
    this.#cancelled.add(name);
  }

  published(name: string): void {
    if (this.#published.has(name)) this.#report(`the Will of ${name} was published twice`);
    if (this.#cancelled.has(name)) this.#report(`the Will of ${name} was published, and its Client was back in time`);
    this.#published.add(name);
  }

  owed(): string[] {
    return [...this.#due].filter((name) => !this.#published.has(name)).map((name) => `the Will of ${name}`);
  }
}
