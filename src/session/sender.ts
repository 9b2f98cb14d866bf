import { Ring } from "../base/ring.ts";
import { twoByteMax } from "../mqtt/limits.ts";
import type { Message } from "./message.ts";

/** A QoS 1 or 2 message that was sent and is not acknowledged (§4.3.2, §4.3.3). */
export interface InFlight {
  readonly packetIdentifier: number;
  /** The Session, or the shared group that the message was taken from. */
  readonly owner: number;
  /** Of its row in the store; 0 when nothing durable waits for it. */
  readonly number: number;
  /** For resending; undefined when it never will be, or must be fetched first. */
  message: Message | undefined;
  readonly qos: 1 | 2;
  readonly retain: boolean;
  readonly subscriptionIdentifiers: readonly number[];
  /** `received`: PUBREC came, PUBREL is what is resent [MQTT-4.3.3-6]. */
  stage: "published" | "received";
  /** Sent on this Network Connection, so it counts against the send quota (§4.9). */
  counted: boolean;
}

/**
 * QoS 1 and 2 as sender: Packet Identifiers, what is in flight in its order, the send quota.
 *
 * ```
 *              resume()
 *  inFlight ──────────────► resend ──┐
 *     ▲                              ├──► sent ──► counted ──► acknowledged: gone, quota back
 *     └── start() ◄── pending queue ─┘
 * ```
 */
export class Sender {
  /** By Packet Identifier; iterates in the order of the first sending. */
  readonly inFlight: Map<number, InFlight> = new Map();
  /** In flight before this Network Connection and not yet sent again on it. */
  readonly resend: Ring<InFlight> = new Ring();
  #lastPacketIdentifier = 0;
  #quotaMax = 0;
  #counted = 0;

  /**
   * How many more may be sent [MQTT-4.9.0-2] [MQTT-3.3.4-9]. A PUBREL that was sent again takes no quota by §4.9, but
   * without it what is in flight would grow with every connection of a Client that answers none.
   */
  get quota(): number {
    const unfinished = this.inFlight.size - this.resend.length;
    return Math.max(0, this.#quotaMax - Math.max(this.#counted, unfinished));
  }

  /** A new Network Connection: a fresh quota, and everything in flight is sent again [MQTT-4.4.0-1] [MQTT-4.9.0-1]. */
  resume(quotaMax: number): void {
    this.#quotaMax = quotaMax;
    this.#counted = 0;
    this.resend.clear();
    for (const entry of this.inFlight.values()) {
      entry.counted = false;
      // [MQTT-4.4.0-1] [MQTT-4.6.0-1] [MQTT311-4.4.0-1] [MQTT311-4.6.0-1]
      this.resend.push(entry);
    }
  }

  /** The Network Connection ended: nothing is sent until the next. */
  suspend(): void {
    this.#quotaMax = 0;
    this.#counted = 0;
    this.resend.clear();
  }

  /** An unused Packet Identifier [MQTT-2.2.1-4]; there is one, since the quota keeps the number in flight below 65,535. */
  takePacketIdentifier(): number {
    do {
      this.#lastPacketIdentifier = this.#lastPacketIdentifier === twoByteMax ? 1 : this.#lastPacketIdentifier + 1;
      // [MQTT-2.2.1-4] [MQTT311-2.3.1-4] [MQTT-4.3.2-1] [MQTT-4.3.3-1]
    } while (this.inFlight.has(this.#lastPacketIdentifier));
    return this.#lastPacketIdentifier;
  }

  /** A message is being sent for the first time. */
  start(entry: InFlight): void {
    this.inFlight.set(entry.packetIdentifier, entry);
    this.count(entry);
  }

  /** A PUBLISH of this entry goes out on this Network Connection. */
  count(entry: InFlight): void {
    entry.counted = true;
    this.#counted += 1;
  }

  /** The Client is done with it, or it was taken back: identifier and quota are free again. */
  finish(entry: InFlight): void {
    this.inFlight.delete(entry.packetIdentifier);
    if (entry.counted) this.#counted -= 1;
  }

  /** From the store, at start. */
  recover(entry: InFlight): void {
    this.inFlight.set(entry.packetIdentifier, entry);
    this.#lastPacketIdentifier = entry.packetIdentifier;
  }
}
