import type { Logger } from "pino";
import type { Verdict } from "../broker/authentication.ts";
import type { Broker } from "../broker/broker.ts";
import { Connection, type ConnectionLimits } from "../broker/connection.ts";
import type { Packet } from "../mqtt/packet.ts";
import { ProtocolError } from "../mqtt/protocol-error.ts";
import type { SharedPublish } from "../mqtt/shared-publish.ts";
import type { LinkOwner } from "../net/link.ts";
import type { Peer } from "./options.ts";

/** What waits until packets may be handed in. */
export interface PacketSource {
  /** Hands in what has come, as long as it may. */
  read(): void;
}

/**
 * What carries the packets of one connection: a socket's Link, or two queues inside the process. What is sent stays in
 * the order of the calls and leaves with `flush`; `commit` says behind which commit a packet is held, 0 for none.
 */
export interface Carrier extends PacketSource {
  /** False once `close()` was called or the other end is gone. */
  readonly isOpen: boolean;
  /** So much waits that it should be flushed before the turn ends. */
  readonly isFull: boolean;
  /** Whether there is room for more. */
  send(packet: Packet, commit: number): boolean;
  /** The same for a PUBLISH whose bytes are shared between subscribers. */
  deliver(shared: SharedPublish, packetIdentifier: number, dup: boolean, commit: number): boolean;
  /** Lets go what waits for no commit beyond `durableCommit`. */
  flush(durableCommit: number): void;
  /** Hands in no further packet until `resume()` and the next `read()`. */
  pause(): void;
  resume(): void;
  /** Ends it behind what was sent before. */
  close(): void;
  /** Ends it at once. */
  destroy(): void;
}

/** What a connection needs of the turn that it works in. */
export interface ConnectionTurn {
  readonly broker: Broker;
  readonly log: Logger;
  /** False while too much waits for the store. */
  readonly mayRead: boolean;
  /** The time of this turn, ms; opens a turn when none is open. */
  now(): number;
  /** A verb in came to its end: what must not happen inside of one may happen now. */
  verbEnded(): void;
  /** Its Link has something to flush. */
  touch(connection: LinkedConnection): void;
  /** Call its `read()` at the end of the turn, or once reading is allowed again. */
  readLater(source: PacketSource): void;
  /** Tell the broker at the end of the turn that its Link has room. */
  drainLater(connection: LinkedConnection): void;
  /** Its socket is gone. */
  forget(connection: LinkedConnection): void;
}

/**
 * A Network Connection with what carries it: what its Link says becomes verbs into the broker.
 *
 * A handler that throws something else than ProtocolError has a bug of ours. It is logged with its stack, and only this
 * connection ends, with 0x80: a stranger's packet must not take the others down, and not again and again.
 */
export class LinkedConnection extends Connection implements LinkOwner {
  readonly link: Carrier;
  readonly peer: Peer;
  readonly #turn: ConnectionTurn;
  /** The turn has it on its list of Links to flush. */
  isTouched = false;
  /** The turn has it on its list of Links to flush before it ends. */
  isFull = false;
  /** The last commit that told it to flush. */
  awaitedCommit = 0;

  /**
   * @param carry makes what carries it
   * @param limits those of its door; undefined for those of the whole
   */
  constructor(peer: Peer, turn: ConnectionTurn, carry: (owner: LinkOwner) => Carrier, limits?: ConnectionLimits) {
    super(limits);
    this.peer = peer;
    this.#turn = turn;
    this.link = carry(this);
  }

  get isConnected(): boolean {
    return this.state === "Connected";
  }

  get mayRead(): boolean {
    return this.#turn.mayRead;
  }

  /** Says that it stands; the first verb. */
  open(): void {
    const turn = this.#turn;
    this.#guarded(() => turn.broker.opened(this, turn.now()));
  }

  received(packet: Packet): void {
    const turn = this.#turn;
    try {
      turn.broker.received(this, packet, turn.now());
    } catch (error) {
      this.failed(error);
      return;
    }
    turn.verbEnded();
  }

  failed(error: unknown): void {
    const turn = this.#turn;
    if (!(error instanceof ProtocolError)) this.#logBug(error);
    try {
      turn.broker.failed(this, error, turn.now());
      turn.verbEnded();
    } catch (bug) {
      this.#logBug(bug);
      this.link.destroy();
      this.#guarded(() => turn.broker.closed(this, turn.now()));
    }
  }

  waiting(): void {
    this.#turn.readLater(this.link);
  }

  drained(): void {
    this.#turn.drainLater(this);
  }

  /** Tells the broker that there is room; called by the turn. */
  hasDrained(): void {
    const turn = this.#turn;
    if (this.link.isOpen) this.#handled(() => turn.broker.drained(this, turn.now()));
  }

  /** Tells the broker who it is, unless it is gone meanwhile. */
  answered(verdict: Verdict): void {
    const turn = this.#turn;
    if (this.link.isOpen) this.#handled(() => turn.broker.verdict(this, verdict, turn.now()));
  }

  closed(): void {
    const turn = this.#turn;
    this.#guarded(() => turn.broker.closed(this, turn.now()));
    turn.touch(this);
  }

  destroyed(): void {
    this.#turn.forget(this);
  }

  /** A rare verb whose error is answered like that of `received`. */
  #handled(verb: () => void): void {
    try {
      verb();
    } catch (error) {
      this.failed(error);
      return;
    }
    this.#turn.verbEnded();
  }

  /** A verb after whose failure nothing is left to be done but to let go of the connection. */
  #guarded(verb: () => void): void {
    try {
      verb();
    } catch (error) {
      this.#logBug(error);
      this.link.destroy();
    }
    this.#turn.verbEnded();
  }

  #logBug(error: unknown): void {
    this.#turn.log.error({ err: error, clientId: this.clientId }, "a bug of ours ended a connection; please report it");
  }
}
