import type { Writable } from "node:stream";
import type { MqttClient } from "mqtt";
import { NotTaken } from "./client-connection.ts";
import { type Latency, preciseNow, sinceStamp } from "./client-latency.ts";
import type { MessageFormat } from "./sub-format.ts";
import type { ReceiveCounts } from "./sub-summary.ts";

/** Takes messages, writes them down, and acknowledges them when they are written, up to the last one wanted. */
export class Intake {
  readonly counts: ReceiveCounts = { messages: 0, bytes: 0 };
  readonly #countMax: number;
  readonly #format: MessageFormat;
  readonly #output: Writable;
  readonly #latency: Latency | undefined;
  readonly #full: () => void;
  /** Packet Identifiers of QoS 2 that were acknowledged once and are not written yet. */
  readonly #underWay = new Set<number>();
  #isOver = false;
  #idle: (() => void) | undefined;

  /** @param full called once, when the last one has been acknowledged */
  constructor(
    countMax: number,
    format: MessageFormat,
    output: Writable,
    latency: Latency | undefined,
    full: () => void,
  ) {
    this.#countMax = countMax;
    this.#format = format;
    this.#output = output;
    this.#latency = latency;
    this.#full = full;
  }

  /** Listens to a client that has not received anything yet. */
  attach(client: MqttClient): void {
    // Asked before a message of QoS 1 or 2 is acknowledged: what is not taken stays with the Server.
    client.options.customHandleAcks = (_topic, _payload, packet, answer) => {
      if (!this.#takes(packet.messageId)) return answer(new NotTaken("it has ended"));
      if (packet.qos === 2) this.#underWay.add(packet.messageId);
      answer(null as never, 0);
    };
    client.on("message", (topic, payload, packet) => {
      const { qos, retain, dup: duplicate, properties = {}, messageId = 0 } = packet;
      if (qos === 0 && !this.#takes(0)) return;
      this.#underWay.delete(messageId);
      this.#write({ topic, payload, qos, retain, duplicate, properties, receivedAt: Date.now() });
    });
    client.handleMessage = (_packet, acknowledge) => {
      const { stream } = client;
      this.#whenWritten(() => {
        // On another connection this Packet Identifier may be another message's.
        if (client.stream === stream) acknowledge();
        this.#check();
      });
    };
  }

  /** A Session begins anew: what was under way is sent again. */
  sessionLost(): void {
    this.#underWay.clear();
  }

  /** Takes nothing new; resolves when every message of QoS 2 that is half acknowledged is so in full. */
  async finish(): Promise<void> {
    this.#isOver = true;
    if (this.#underWay.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  #takes(packetIdentifier: number): boolean {
    if (this.#underWay.has(packetIdentifier)) return true;
    return !this.#isOver && this.counts.messages + this.#underWay.size < this.#countMax;
  }

  #write(message: Parameters<MessageFormat>[0]): void {
    const { payload, properties } = message;
    this.counts.messages += 1;
    this.counts.bytes += payload.length;
    if (this.#latency !== undefined) {
      const milliseconds = sinceStamp(properties, preciseNow());
      if (milliseconds !== undefined) this.#latency.record(milliseconds);
    }
    if (!this.#output.destroyed) this.#output.write(this.#format(message));
  }

  /** Who reads us slowly is sent to slowly. */
  #whenWritten(then: () => void): void {
    if (!this.#output.writableNeedDrain) {
      then();
      return;
    }
    const drained = (): void => {
      this.#output.off("drain", drained).off("close", drained);
      then();
    };
    this.#output.on("drain", drained).on("close", drained);
  }

  #check(): void {
    if (this.#underWay.size === 0) this.#idle?.();
    if (this.#isOver || this.counts.messages < this.#countMax) return;
    this.#isOver = true;
    this.#full();
  }
}
