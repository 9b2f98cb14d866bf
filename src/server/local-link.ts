import { Buffer } from "node:buffer";
import { Ring } from "../base/ring.ts";
import type { Limits } from "../broker/limits.ts";
import type { Packet, Publish } from "../mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../mqtt/packet-type.ts";
import type { SharedPublish } from "../mqtt/shared-publish.ts";
import type { LinkOwner } from "../net/link.ts";
import type { Carrier } from "./linked-connection.ts";
import type { PacketReceiver } from "./local-connection.ts";
import { wholePacket } from "./whole-packet.ts";

/** Packets that are handed in before others get their turn. */
const packetsPerReadMax = 1_000;

/** What a packet counts for besides payload and Topic Name, bytes. */
const packetBytes = 128;

/** A packet on its way to the Client. */
interface Held {
  readonly packet: Packet;
  /** It leaves after this commit; 0 waits for nothing. */
  readonly commit: number;
}

/**
 * What carries a connection that has no socket: packets in two queues, under the same rules as the bytes of a Link. What
 * promises something is held behind its commit; a Client that does not take its messages is a slow one, above
 * `linkBytesMax`; and while too much waits for the store nothing is handed in.
 *
 * ```
 *   Client ── enter ──► incoming ──── read, at the end of a turn ────► broker
 *   Client ◄─ received ── outgoing ◄── send, deliver ── broker
 *          └─ consumed: its bytes no longer count
 * ```
 *
 * The Client is called from a microtask, so never inside a verb.
 */
export class LocalLink implements Carrier {
  readonly #owner: LinkOwner;
  readonly #receiver: PacketReceiver;
  readonly #linkBytesMax: number;
  readonly #packetBytesMax: number;
  readonly #incoming: Ring<Packet> = new Ring();
  readonly #outgoing: Ring<Held> = new Ring();
  readonly #handOver: () => void = () => this.#handOverFree();
  #incomingBytes = 0;
  /** Of the CONNECT that came in; what follows it may come before the broker has seen it. */
  #protocolVersion: ProtocolVersion = ProtocolVersion.V5;
  /** PUBLISH bytes that the Client has not consumed. */
  #unconsumedBytes = 0;
  #durable = 0;
  #paused = false;
  /** A sending method returned false, and `drained` was not yet said. */
  #lacksRoom = false;
  /** `enter` returned false, and the Client was not yet told that there is room. */
  #isCrowded = false;
  /** The Client has gone; what it sent before still counts. */
  #left = false;
  /** Nothing is handed in any more. */
  #deaf = false;
  #closing = false;
  #finished = false;
  #isScheduled = false;

  constructor(owner: LinkOwner, receiver: PacketReceiver, limits: Pick<Limits, "linkBytesMax" | "packetBytesMax">) {
    this.#owner = owner;
    this.#receiver = receiver;
    this.#linkBytesMax = limits.linkBytesMax;
    this.#packetBytesMax = limits.packetBytesMax;
  }

  get isOpen(): boolean {
    return !this.#closing;
  }

  /** There is no socket that could take it earlier. */
  get isFull(): boolean {
    return false;
  }

  /**
   * A packet from the Client. False asks to wait until it is told that there is room.
   * @throws ProtocolError when it is none; then nothing was sent
   */
  enter(packet: Packet): boolean {
    if (packet.type === PacketType.Connect) this.#protocolVersion = packet.protocolVersion;
    const whole = wholePacket(packet, this.#protocolVersion, this.#packetBytesMax);
    if (this.#deaf || this.#left) return true;
    this.#incoming.push(whole);
    this.#incomingBytes += bytesOf(whole);
    this.#owner.waiting();
    if (this.#incomingBytes <= this.#linkBytesMax) return true;
    this.#isCrowded = true;
    return false;
  }

  /** The Client is done with a PUBLISH that it got. */
  consumed(publish: Publish): void {
    this.#unconsumedBytes -= bytesOf(publish);
    if (!this.#lacksRoom || this.#closing || this.#unconsumedBytes >= this.#linkBytesMax / 2) return;
    this.#lacksRoom = false;
    this.#owner.drained();
  }

  /** The Client goes, behind what it sent. */
  leave(): void {
    if (this.#left || this.#closing) return;
    this.#left = true;
    this.#owner.waiting();
  }

  /** An answer always has room: it was asked for, and the Client takes it at once. */
  send(packet: Packet, commit: number): boolean {
    if (this.#closing) return true;
    if (packet.type !== PacketType.Publish) {
      this.#outgoing.push({ packet, commit });
      return true;
    }
    return this.#push(packet, commit);
  }

  deliver(shared: SharedPublish, packetIdentifier: number, dup: boolean, commit: number): boolean {
    if (this.#closing) return true;
    return this.#push(publishOf(shared, packetIdentifier, dup), commit);
  }

  flush(durableCommit: number): void {
    this.#durable = durableCommit;
    this.#schedule();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  read(): void {
    const owner = this.#owner;
    const incoming = this.#incoming;
    for (let step = 0; step < packetsPerReadMax && !this.#deaf && !this.#paused; step += 1) {
      if (incoming.length > 0 && !owner.mayRead) break;
      const packet = incoming.shift();
      if (packet === undefined) break;
      this.#incomingBytes -= bytesOf(packet);
      owner.received(packet);
    }
    if (this.#isCrowded && this.#incomingBytes <= this.#linkBytesMax / 2) this.#schedule();
    if (this.#deaf || this.#paused) return;
    if (incoming.length > 0) owner.waiting();
    else if (this.#left) this.#lose();
  }

  close(): void {
    this.#closing = true;
    this.#deaf = true;
  }

  destroy(): void {
    this.close();
    this.#outgoing.clear();
    this.#schedule();
  }

  #push(packet: Publish, commit: number): boolean {
    this.#outgoing.push({ packet, commit });
    this.#unconsumedBytes += bytesOf(packet);
    if (this.#unconsumedBytes <= this.#linkBytesMax) return true;
    this.#lacksRoom = true;
    return false;
  }

  #lose(): void {
    this.close();
    this.#outgoing.clear();
    this.#owner.closed();
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#finished) return;
    this.#isScheduled = true;
    queueMicrotask(this.#handOver);
  }

  #handOverFree(): void {
    this.#isScheduled = false;
    try {
      this.#handOverPackets();
    } finally {
      // After what the Client threw the rest comes all the same.
      if (this.#isFree()) this.#schedule();
      else if (this.#closing && this.#outgoing.length === 0) this.#finish();
    }
  }

  #handOverPackets(): void {
    const receiver = this.#receiver;
    while (this.#isFree()) {
      const held = this.#outgoing.shift();
      if (held !== undefined) receiver.received(held.packet);
    }
    if (!this.#isCrowded || this.#closing || this.#incomingBytes > this.#linkBytesMax / 2) return;
    this.#isCrowded = false;
    receiver.drained();
  }

  #isFree(): boolean {
    const head = this.#outgoing.peek();
    return head !== undefined && head.commit <= this.#durable;
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#incoming.clear();
    this.#owner.destroyed();
    this.#receiver.closed();
  }
}

/** The bytes are views that do not outlive the call: the Client gets its own. */
function publishOf(shared: SharedPublish, packetIdentifier: number, dup: boolean): Publish {
  const { qos, retain, topicName, subscriptionIdentifiers, properties, payload } = shared;
  const { correlationData } = properties;
  return {
    type: PacketType.Publish,
    dup,
    qos,
    retain,
    topicName,
    packetIdentifier,
    topicAlias: undefined,
    subscriptionIdentifiers,
    properties:
      correlationData === undefined ? properties : { ...properties, correlationData: Buffer.from(correlationData) },
    payload: Buffer.from(payload),
  };
}

function bytesOf(packet: Packet): number {
  if (packet.type !== PacketType.Publish) return packetBytes;
  return packetBytes + packet.topicName.length + packet.payload.length;
}
