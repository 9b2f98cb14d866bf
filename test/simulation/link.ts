import { Connection } from "../../src/broker/connection.ts";
import { decode } from "../../src/mqtt/codec.ts";
import { Framer } from "../../src/mqtt/framer.ts";
import { packetBytesMax } from "../../src/mqtt/limits.ts";
import type { Packet } from "../../src/mqtt/packet.ts";
import type { Agenda } from "../../src/testing/agenda.ts";
import type { Random } from "../../src/testing/random.ts";
import { encoded } from "../../src/testing/recording-outbox.ts";
import type { SessionRecord, Step, WillRecord } from "./records.ts";

/** The Client's end. */
export interface LinkOwner {
  readonly name: string;
  /** A packet lies there to be taken. */
  arrives(link: Link, packet: Packet, bytes: number): void;
  /** The Network Connection is over, as the Client sees it. */
  ended(link: Link): void;
}

/** The Server's end. */
export interface LinkHost {
  readonly isDead: boolean;
  /** Something was received that may be handed in. */
  readable(link: Link): void;
  /** It had no room, and has again. */
  roomy(link: Link): void;
  /** The Network Connection broke. */
  broken(link: Link): void;
}

interface Sent {
  readonly packet: Packet;
  readonly bytes: number;
  readonly commit: number;
}

/** What a Client sent, and who wants to know that the Server has it. */
export interface Incoming {
  readonly packet: Packet | "end";
  readonly handed: ((step: Step) => void) | undefined;
}

/**
 * One Network Connection: packets take their time, stay in their order, and are lost from the moment it is cut.
 *
 * ```
 *  Client ──send──► … wire … ──► inbox ──hand──► Broker
 *  Client ◄─arrives─ … wire … ◄─ flush ◄─ outgoing (held until their commit) ◄─queue─ Broker
 * ```
 */
export class Link extends Connection {
  readonly owner: LinkOwner;
  readonly number: number;
  readonly #host: LinkHost;
  readonly #agenda: Agenda;
  readonly #random: Random;
  readonly #latencyMax: number;
  readonly #bytesMax: number;
  readonly inbox: Incoming[] = [];
  readonly #outgoing: Sent[] = [];
  #unsent = 0;
  #lacksRoom = false;
  #upAt = 0;
  #downAt = 0;
  #isClosing = false;
  /** Nothing passes any more. */
  isCut = false;
  /** The Server may be told of it and may send on it. */
  isOpen = true;
  isHeld = false;
  /** The Server did not read it for a while after it was accepted: it cannot know that its Client lives. */
  wasHeld = false;
  isTouched = false;

  /** CONNECT of this connection was accepted in this step. */
  accepted: Step | undefined = undefined;
  cleanStart = false;
  /** Its Session was there before. */
  isResumed = false;
  /** Session Expiry Interval that CONNECT was granted, and that DISCONNECT asked for, seconds. */
  expirySeconds = 0;
  disconnectExpirySeconds: number | undefined = undefined;
  /** Whose Session it was accepted for. */
  sessionRecord: SessionRecord | undefined = undefined;
  will: WillRecord | undefined = undefined;
  /** The Server saw its end in this step. */
  left: Step | undefined = undefined;
  /** Reason Code of the DISCONNECT that the Server was handed. */
  goodbye: number | undefined = undefined;

  constructor(number: number, owner: LinkOwner, host: LinkHost, agenda: Agenda, random: Random, latencyMax: number) {
    super();
    this.number = number;
    this.owner = owner;
    this.#host = host;
    this.#agenda = agenda;
    this.#random = random;
    this.#latencyMax = latencyMax;
    this.#bytesMax = random.pick([300, 2_000, 100_000]);
  }

  get hasRoomNow(): boolean {
    if (!this.isOpen || this.#unsent <= this.#bytesMax) return true;
    this.#lacksRoom = true;
    return false;
  }

  /** From the Client; `handed` hears in which step the Server got it. */
  send(packet: Packet | "end", handed?: (step: Step) => void): void {
    if (this.isCut) return;
    this.#upAt = this.#arrival(this.#upAt);
    this.#agenda.at(this.#upAt, () => {
      if (this.isCut || !this.isOpen) return;
      this.inbox.push({ packet, handed });
      this.#host.readable(this);
    });
  }

  /** From the Server, held until `commit` is durable; 0 is held for nothing. */
  queue(packet: Packet, bytes: number, commit: number): void {
    if (!this.isOpen) return;
    this.#unsent += bytes;
    this.#outgoing.push({ packet, bytes, commit });
  }

  /** Sends what waits for no commit beyond `durable`, in order. */
  flush(durable: number): void {
    for (let next = this.#outgoing[0]; next !== undefined && next.commit <= durable; next = this.#outgoing[0]) {
      this.#outgoing.shift();
      const { packet, bytes } = next;
      this.#down(() => this.owner.arrives(this, packet, bytes));
    }
    if (!this.#isClosing || this.#outgoing.length > 0) return;
    this.#isClosing = false;
    this.#down(() => {
      this.isCut = true;
      this.owner.ended(this);
    });
  }

  /** The Client took a packet from its end. */
  taken(bytes: number): void {
    this.#unsent -= bytes;
    if (!this.#lacksRoom || !this.isOpen || this.#unsent > this.#bytesMax / 2) return;
    this.#lacksRoom = false;
    this.#host.roomy(this);
  }

  /** The Server wants nothing more of it for now. */
  hold(): void {
    this.isHeld = true;
    if (this.accepted !== undefined) this.wasHeld = true;
  }

  /** The Server ends it behind what was sent. */
  close(): void {
    this.isOpen = false;
    this.#isClosing = true;
    this.inbox.length = 0;
  }

  /** What is under way is lost; who hears of it, and when, is the caller's to say. */
  cut(): void {
    this.isCut = true;
    this.inbox.length = 0;
  }

  /** The Server hears that it broke. */
  breaks(): void {
    if (!this.isOpen || this.#host.isDead) return;
    this.isOpen = false;
    this.#host.broken(this);
  }

  #down(act: () => void): void {
    if (this.isCut) return;
    this.#downAt = this.#arrival(this.#downAt);
    this.#agenda.at(this.#downAt, () => {
      if (!this.isCut) act();
    });
  }

  #arrival(last: number): number {
    return Math.max(last, this.#agenda.now + this.#random.integer(0, this.#latencyMax));
  }
}

/**
 * Hands a packet to `receive` as a socket would: decoded from bytes that are good during the call only, so whoever keeps a
 * view of them is found out.
 */
export function handIn(link: Link, packet: Packet, receive: (packet: Packet) => void): void {
  const bytes = Buffer.from(
    encoded(packet, "protocolVersion" in packet ? packet.protocolVersion : link.protocolVersion),
  );
  const framer = new Framer(packetBytesMax);
  framer.push(bytes);
  if (!framer.next()) throw new Error("a packet is not whole");
  receive(decode(framer.firstByte, framer.reader, link.protocolVersion));
  bytes.fill(0xee);
}
