import type { Connection } from "../broker/connection.ts";
import type { Packet, Publish } from "../mqtt/packet.ts";
import type { LocalLink } from "./local-link.ts";

/** Who hears what a Network Connection inside the process brings. Never called from inside a method of the server. */
export interface PacketReceiver {
  /** A packet from the Server. For a PUBLISH, say `consumed` when it is dealt with: until then its bytes count. */
  received(packet: Packet): void;
  /** There is room again, after `send` returned false. */
  drained(): void;
  /** The connection is over, by whoever's doing. Once, and the last word. */
  closed(): void;
}

/**
 * A Network Connection (§1.2) of a Client inside the process, packet by packet: no socket, no TLS, no bytes. The Server
 * treats it like any other: CONNECT comes first, limits and policy hold, a packet that promises something comes after the
 * commit. MQTT 5.0 and 3.1.1, as its CONNECT says.
 *
 * A sender that keeps its Packet Identifiers itself can send a PUBLISH again with DUP after a restart: at QoS 2, in a
 * Session that does not expire meanwhile, the message still comes exactly once.
 */
export class LocalConnection {
  readonly #link: LocalLink;
  readonly #connection: Connection;

  constructor(link: LocalLink, connection: Connection) {
    this.#link = link;
    this.#connection = connection;
  }

  /**
   * Sends a packet. False when more than `linkBytesMax` waits to be read: send on when the receiver hears `drained`. The
   * bytes of a PUBLISH must stay as they are until then, or until it is acknowledged.
   * @throws ProtocolError when it is no packet that a Client could send; then nothing was sent
   */
  send(packet: Packet): boolean {
    return this.#link.enter(packet);
  }

  /** A PUBLISH that was received is dealt with, once for each. Above `linkBytesMax` no more come. */
  consumed(publish: Publish): void {
    this.#link.consumed(publish);
  }

  /** Goes without a word, behind what was sent: unless that was a DISCONNECT, the Will is published. */
  close(): void {
    this.#link.leave();
  }

  /** Packet Identifiers of QoS 2 messages that the Session had from this Client and that were not released (§4.3.3). */
  get unreleased(): readonly number[] {
    return [...(this.#connection.session?.received ?? [])];
  }
}
