import { Ring } from "../base/ring.ts";
import type { Principal } from "../broker/authentication.ts";
import type { Ticket } from "../broker/outbox.ts";
import type { Publish } from "../mqtt/packet.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import type { PacketSource } from "./linked-connection.ts";
import { messageOf } from "./outgoing-message.ts";
import type { Turn } from "./turn.ts";

/** How many may wait for their answer; more are answered with 0x97. */
export const publishesWaitingMax = 65_535;

/** Messages that are handed in before others get their turn. */
const messagesPerReadMax = 1_000;

/**
 * What the program publishes without being a Client. Like packets of a connection they are handed in at the end of a
 * turn, none while too much waits for the store, and each is answered after its commit.
 */
export class ProgramPublishes implements PacketSource {
  readonly #turn: Turn;
  readonly #waiting: Ring<Waiting> = new Ring();
  readonly #unanswered: Set<Waiting> = new Set();
  #ended: ReasonCode | undefined = undefined;

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  /** Resolves with what a PUBACK would have said. `principal` undefined is the Server itself. */
  publish(principal: Principal | undefined, publish: Publish): Promise<ReasonCode> {
    if (this.#ended !== undefined) return Promise.resolve(this.#ended);
    if (this.#unanswered.size >= publishesWaitingMax) return Promise.resolve(ReasonCode.QuotaExceeded);
    return new Promise((resolve) => {
      const waiting = new Waiting(principal, publish, resolve, this.#unanswered);
      this.#unanswered.add(waiting);
      this.#waiting.push(waiting);
      this.#turn.readLater(this);
    });
  }

  read(): void {
    const turn = this.#turn;
    for (let step = 0; step < messagesPerReadMax && turn.mayRead; step += 1) {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) return;
      turn.guarded(() => {
        const now = turn.now();
        turn.broker.publish(waiting.principal, messageOf(waiting.publish, now), waiting, now);
      });
    }
    if (this.#waiting.length > 0) turn.readLater(this);
  }

  /** Nothing more is taken, and what was not answered by now is answered with this. */
  end(reasonCode: ReasonCode): void {
    this.#ended ??= reasonCode;
    this.#waiting.clear();
    for (const waiting of [...this.#unanswered]) waiting.settled(this.#ended);
  }
}

class Waiting implements Ticket {
  readonly principal: Principal | undefined;
  readonly publish: Publish;
  readonly #resolve: (reasonCode: ReasonCode) => void;
  readonly #unanswered: Set<Waiting>;

  constructor(
    principal: Principal | undefined,
    publish: Publish,
    resolve: (reasonCode: ReasonCode) => void,
    unanswered: Set<Waiting>,
  ) {
    this.principal = principal;
    this.publish = publish;
    this.#resolve = resolve;
    this.#unanswered = unanswered;
  }

  settled(reasonCode: ReasonCode): void {
    this.#unanswered.delete(this);
    this.#resolve(reasonCode);
  }
}
