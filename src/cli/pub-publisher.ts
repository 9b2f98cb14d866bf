import type { IClientPublishOptions, Packet } from "mqtt";
import { receiveMaximumDefault } from "../mqtt/limits.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import type { ClientConnection } from "./client-connection.ts";
import { unlessStopped } from "./client-endings.ts";
import { type Latency, preciseNow, stamped } from "./client-latency.ts";
import { refusalText, visible } from "./client-problems.ts";
import type { OutgoingMessage } from "./pub-message.ts";
import type { PublishCounts } from "./pub-summary.ts";

/** Not acknowledged, or not yet written: more would only lie in memory. */
const inFlightMax = 1000;

/** Further refusals are only counted. */
const refusalsShownMax = 10;

/** Hands messages to one connection, never more than the Server takes at once (§4.9). */
export class Publisher {
  readonly counts: PublishCounts;
  readonly #connection: ClientConnection;
  readonly #note: (sentence: string) => void;
  /** undefined: messages bear no stamp. */
  readonly #latency: Latency | undefined;
  readonly #stop: AbortSignal;
  readonly #inFlight = new Set<InFlight>();
  #waiter: (() => void) | undefined;
  /** Topics whose Topic Alias the Server has been told on this connection. */
  readonly #aliased = new Map<string, number>();

  constructor(
    connection: ClientConnection,
    counts: PublishCounts,
    note: (sentence: string) => void,
    latency: Latency | undefined,
    stop: AbortSignal,
  ) {
    this.#connection = connection;
    this.counts = counts;
    this.#note = note;
    this.#latency = latency;
    this.#stop = stop;
  }

  /** Resolves when it was handed over. @throws Stop */
  async publish(message: OutgoingMessage): Promise<void> {
    while (!this.#connection.isUp || this.#inFlight.size >= this.#inFlightMax()) {
      if (!this.#connection.isUp) await this.#connection.whenUp(this.#stop);
      else await this.#change(this.#stop);
    }
    const problem = this.#unwelcome(message);
    this.counts.published += 1;
    this.counts.bytes += message.payload.length;
    if (problem === undefined) this.#send(message);
    else this.#refuse(message.topic, problem);
  }

  /** Resolves when nothing is under way any more. @throws Stop */
  async settled(stop: AbortSignal): Promise<void> {
    while (this.#inFlight.size > 0) await this.#change(stop);
  }

  /** What MQTT.js does not hand on: nobody subscribes to it (0x10). */
  received(packet: Packet): void {
    if (packet.cmd !== "puback" && packet.cmd !== "pubrec") return;
    const { reasonCode } = packet as { reasonCode?: number };
    if (reasonCode === ReasonCode.NoMatchingSubscribers) this.counts.withoutSubscribers += 1;
  }

  /** The connection is gone: Topic Aliases end with it, and what waited to be written was not. */
  wentDown(): void {
    this.#aliased.clear();
    for (const entry of this.#inFlight)
      if (entry.qos === 0) this.#settle(entry, new Error("connection closed"), undefined);
  }

  /** What is still under way is so for ever. */
  abandon(): void {
    for (const entry of this.#inFlight) this.#settle(entry, new Error("connection closed"), undefined);
  }

  #inFlightMax(): number {
    return Math.min(this.#connection.connack.properties?.receiveMaximum ?? receiveMaximumDefault, inFlightMax);
  }

  async #change(stop: AbortSignal): Promise<void> {
    const change = new Promise<void>((resolve) => {
      this.#waiter = resolve;
    });
    await unlessStopped(change, stop);
  }

  /** What the Server has said that it does not take (§3.2.2.3): it would close the connection. */
  #unwelcome({ qos, retain, topic, payload, properties }: OutgoingMessage): string | undefined {
    const {
      maximumQoS,
      retainAvailable,
      maximumPacketSize,
      topicAliasMaximum = 0,
    } = this.#connection.connack.properties ?? {};
    if (maximumQoS !== undefined && qos > maximumQoS)
      return refusalText(ReasonCode.QoSNotSupported, `at most ${maximumQoS}`);
    if (retain && retainAvailable === false) return refusalText(ReasonCode.RetainNotSupported, undefined);
    if (maximumPacketSize !== undefined && Buffer.byteLength(topic) + payload.length > maximumPacketSize) {
      return refusalText(ReasonCode.PacketTooLarge, `the server takes at most ${maximumPacketSize} bytes`);
    }
    if ((properties?.topicAlias ?? 0) > topicAliasMaximum) {
      return refusalText(ReasonCode.TopicAliasInvalid, `the server knows ${topicAliasMaximum} Topic Aliases`);
    }
    return undefined;
  }

  #send(message: OutgoingMessage): void {
    const { topic, payload, qos, retain } = message;
    const entry: InFlight = { topic, qos, sentAt: performance.now() };
    this.#inFlight.add(entry);
    const properties = this.#propertiesOf(message);
    const options: IClientPublishOptions = { qos, retain, ...(properties === undefined ? {} : { properties }) };
    this.#connection.client.publish(topic, payload, options, (error, packet) => this.#settle(entry, error, packet));
  }

  /** A Topic Alias is said once with its topic; from then on MQTT.js puts it in place of the topic. */
  #propertiesOf({ topic, properties }: OutgoingMessage): OutgoingMessage["properties"] {
    const full = this.#latency === undefined ? properties : stamped(properties, preciseNow());
    if (full?.topicAlias === undefined) return full;
    if (this.#aliased.get(topic) !== full.topicAlias) {
      this.#aliased.set(topic, full.topicAlias);
      return full;
    }
    const { topicAlias: _, ...rest } = full;
    return rest;
  }

  #settle(entry: InFlight, error: (Error & { code?: unknown }) | undefined | null, packet: Packet | undefined): void {
    if (!this.#inFlight.delete(entry)) return;
    if (error && typeof error.code === "number") {
      const reasonString = (packet as { properties?: { reasonString?: string } } | undefined)?.properties?.reasonString;
      this.#refuse(entry.topic, refusalText(error.code, reasonString));
    } else if (error) {
      this.counts.unacknowledged += 1;
    } else if (entry.qos > 0) {
      this.counts.acknowledged += 1;
      this.#latency?.record(performance.now() - entry.sentAt);
    }
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.();
  }

  #refuse(topic: string, why: string): void {
    this.counts.refused += 1;
    if (this.counts.refused <= refusalsShownMax) this.#note(`${visible(topic)} was refused: ${why}`);
    if (this.counts.refused === refusalsShownMax) this.#note("further refusals are only counted");
  }
}

interface InFlight {
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
  readonly sentAt: number;
}
