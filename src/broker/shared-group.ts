import { PendingQueue } from "../session/pending-queue.ts";
import type { FetchedMessage } from "./broker.ts";
import type { Session, SessionSubscription } from "./session.ts";

/**
 * A Shared Subscription's group (§4.8.2): one target of a message, with a queue of its own. A message belongs to the
 * group until it is sent to a member.
 */
export class SharedGroup {
  /** Names it in the store, from the same counter as Sessions. */
  readonly number: number;
  /** `$share/{ShareName}/{filter}`, which is what makes a group. */
  readonly name: string;
  /** The filter part alone: what Topic Names are matched with. */
  readonly topicFilter: string;
  readonly tenant: number;
  readonly pending: PendingQueue = new PendingQueue();
  fetching: readonly number[] | undefined = undefined;
  readonly fetched: Map<number, FetchedMessage | undefined> = new Map();
  overflowing = false;
  dropped = 0;
  /** Sessions that left it with messages in flight. */
  readonly former: Set<Session> = new Set();
  readonly #members: SessionSubscription[] = [];
  #durableMembers = 0;
  /** It has or had a durable member, so there may be rows of it. */
  wasDurable = false;
  #next = 0;

  constructor(number: number, tenant: number, name: string, topicFilter: string) {
    this.number = number;
    this.tenant = tenant;
    this.name = name;
    this.topicFilter = topicFilter;
  }

  /** Its backlog outlives the process as long as one member's Session does. */
  get durable(): boolean {
    return this.#durableMembers > 0;
  }

  get isEmpty(): boolean {
    return this.#members.length === 0;
  }

  get members(): readonly SessionSubscription[] {
    return this.#members;
  }

  add(member: SessionSubscription): void {
    this.#members.push(member);
    if (!member.session.durable) return;
    this.#durableMembers += 1;
    this.wasDurable = true;
  }

  remove(session: Session): void {
    const index = this.#members.findIndex((member) => member.session === session);
    if (index < 0) return;
    this.#members.splice(index, 1);
    if (session.durable) this.#durableMembers -= 1;
    if (this.#next > index) this.#next -= 1;
  }

  /** The member whose turn it is among those that can take a message now; members take turns. */
  choose(canTake: (member: SessionSubscription) => boolean): SessionSubscription | undefined {
    const count = this.#members.length;
    for (let step = 0; step < count; step += 1) {
      const index = (this.#next + step) % count;
      const member = this.#members[index];
      if (member === undefined || !canTake(member)) continue;
      this.#next = index + 1;
      return member;
    }
    return undefined;
  }
}
