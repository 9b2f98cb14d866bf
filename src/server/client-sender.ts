import { Ring } from "../base/ring.ts";
import { noAcknowledgementProperties } from "../mqtt/acknowledgement.ts";
import { twoByteMax } from "../mqtt/limits.ts";
import type { Packet, Publish, Suback, Unsuback } from "../mqtt/packet.ts";
import { PacketType } from "../mqtt/packet-type.ts";
import { isFailure, ReasonCode } from "../mqtt/reason-code.ts";
import { publishesWaitingMax } from "./program-publishes.ts";

/** A PUBLISH and who waits for its answer. */
interface Publishing {
  readonly publish: Publish;
  readonly resolve: (reasonCode: ReasonCode) => void;
  /** What PUBREC said. */
  reasonCode: ReasonCode;
}

/** What sends a packet, and says whether there is room for more. */
type Send = (packet: Packet) => boolean;

/**
 * The sending half of a Client inside the process (§4.3): Packet Identifiers, the Server's Receive Maximum, and who waits
 * for which answer. What is published leaves in its order; what has no room or quota waits.
 */
export class ClientSender {
  readonly #send: Send;
  readonly #waiting: Ring<Publishing> = new Ring();
  readonly #inFlight: Map<number, Publishing> = new Map();
  readonly #requests: Map<number, (answer: Suback | Unsuback | undefined) => void> = new Map();
  #receiveMaximum = 0;
  #hasRoom = true;
  #lastIdentifier = 0;
  #ended: ReasonCode | undefined = undefined;
  #idle: (() => void) | undefined = undefined;

  constructor(send: Send) {
    this.#send = send;
  }

  /** The Session stands: what waits may go. */
  start(receiveMaximum: number): void {
    this.#receiveMaximum = receiveMaximum;
    this.#pump();
  }

  /** Resolves with the Reason Code of the answer. */
  publish(publish: Publish): Promise<ReasonCode> {
    if (this.#ended !== undefined) return Promise.resolve(this.#ended);
    const open = this.#waiting.length + this.#inFlight.size;
    if (open >= publishesWaitingMax) return Promise.resolve(ReasonCode.QuotaExceeded);
    return new Promise((resolve) => {
      this.#waiting.push({ publish, resolve, reasonCode: ReasonCode.Success });
      this.#pump();
    });
  }

  /** Sends a SUBSCRIBE or UNSUBSCRIBE and resolves with its answer; undefined when there will be none. */
  request(packetOf: (packetIdentifier: number) => Packet): Promise<Suback | Unsuback | undefined> {
    if (this.#ended !== undefined) return Promise.resolve(undefined);
    const packetIdentifier = this.#takeIdentifier();
    return new Promise((resolve, reject) => {
      try {
        this.#hasRoom = this.#send(packetOf(packetIdentifier)) && this.#hasRoom;
        this.#requests.set(packetIdentifier, resolve);
      } catch (error) {
        reject(error);
      }
    });
  }

  /** SUBACK, UNSUBACK, PUBACK, PUBREC and PUBCOMP. */
  answered(packet: Packet): void {
    switch (packet.type) {
      case PacketType.Suback:
      case PacketType.Unsuback:
        this.#requests.get(packet.packetIdentifier)?.(packet);
        this.#requests.delete(packet.packetIdentifier);
        return;
      case PacketType.Puback:
        this.#finish(packet.packetIdentifier, packet.reasonCode);
        return;
      case PacketType.Pubrec:
        this.#release(packet.packetIdentifier, packet.reasonCode);
        return;
      case PacketType.Pubcomp:
        this.#finish(packet.packetIdentifier, this.#inFlight.get(packet.packetIdentifier)?.reasonCode ?? 0);
    }
  }

  /** There is room again. */
  drained(): void {
    this.#hasRoom = true;
    this.#pump();
  }

  /** Releases an identifier of an earlier life of this Session, so that it can be used again. */
  release(packetIdentifier: number): void {
    const properties = noAcknowledgementProperties;
    this.#send({ type: PacketType.Pubrel, packetIdentifier, reasonCode: ReasonCode.Success, properties });
  }

  /** Resolves when everything published is answered. */
  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  /** The connection is over: what was not answered is answered with this. */
  end(reasonCode: ReasonCode): void {
    this.#ended = isFailure(reasonCode) ? reasonCode : ReasonCode.UnspecifiedError;
    const open = [...this.#inFlight.values()];
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) open.push(next);
    this.#inFlight.clear();
    for (const { resolve } of open) resolve(this.#ended);
    for (const resolve of this.#requests.values()) resolve(undefined);
    this.#requests.clear();
    this.#idle?.();
  }

  #pump(): void {
    while (this.#hasRoom) {
      const next = this.#waiting.peek();
      if (next === undefined) break;
      const { publish, resolve } = next;
      if (publish.qos > 0 && this.#inFlight.size >= this.#receiveMaximum) break;
      if (this.#receiveMaximum === 0) break;
      this.#waiting.shift();
      if (publish.qos === 0) {
        this.#hasRoom = this.#send(publish);
        resolve(ReasonCode.Success);
        continue;
      }
      const packetIdentifier = this.#takeIdentifier();
      this.#inFlight.set(packetIdentifier, next);
      this.#hasRoom = this.#send({ ...publish, packetIdentifier });
    }
    if (this.#isIdle()) this.#idle?.();
  }

  /** QoS 2: PUBREL follows, unless the message was refused [MQTT-4.3.3-4]. */
  #release(packetIdentifier: number, reasonCode: ReasonCode): void {
    const publishing = this.#inFlight.get(packetIdentifier);
    if (publishing === undefined || isFailure(reasonCode)) {
      this.#finish(packetIdentifier, reasonCode);
      return;
    }
    publishing.reasonCode = reasonCode;
    this.release(packetIdentifier);
  }

  #finish(packetIdentifier: number, reasonCode: ReasonCode): void {
    const publishing = this.#inFlight.get(packetIdentifier);
    if (publishing === undefined) return;
    this.#inFlight.delete(packetIdentifier);
    publishing.resolve(reasonCode);
    this.#pump();
  }

  #isIdle(): boolean {
    return this.#waiting.length === 0 && this.#inFlight.size === 0 && this.#requests.size === 0;
  }

  /** One that is not in use [MQTT-2.2.1-3]; there are more than may be in flight. */
  #takeIdentifier(): number {
    do this.#lastIdentifier = (this.#lastIdentifier % twoByteMax) + 1;
    while (this.#inFlight.has(this.#lastIdentifier) || this.#requests.has(this.#lastIdentifier));
    return this.#lastIdentifier;
  }
}
