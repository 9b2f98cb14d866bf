import type { QoS } from "../mqtt/packet-type.ts";
import type { Message } from "../session/message.ts";
import type { PendingQueue } from "../session/pending-queue.ts";
import type { StepBudget } from "../topics/retained-trie.ts";
import type { Session, SessionSubscription } from "./session.ts";
import type { SharedGroup } from "./shared-group.ts";
import type { BrokerState } from "./state.ts";

/**
 * A walk over what a broker knows, which can stop and go on between verbs: what is removed meanwhile is not found, what
 * stays is found once, what is new perhaps.
 */
export interface Walk<Item> {
  /** The walk is over. */
  readonly done: boolean;
  /** The next one; undefined when the walk is over or the budget ran out, which `done` tells apart. */
  next(budget: StepBudget): Item | undefined;
}

/** Whose queue it is: the Client Identifier of a Session, or the name of a shared group. */
export interface QueueOwner {
  readonly kind: "session" | "group";
  readonly name: string;
  /** Not sent yet. */
  readonly waiting: number;
  /** Sent and not acknowledged. */
  readonly inFlight: number;
}

/** A message of a queue. */
export interface QueuedEntry {
  /** Of its row in the store; 0 for one that has none, which is here whole. */
  readonly number: number;
  /** `sent` is not acknowledged, `released` has its PUBREC. */
  readonly state: "waiting" | "sent" | "released";
  /** 0 while waiting. */
  readonly packetIdentifier: number;
  /** What it is or will be sent with; undefined when its row says it. */
  readonly qos: QoS | undefined;
  /** The number of the Session or shared group whose target in the row it is. */
  readonly owner: number;
  /** Undefined when it must be read by its number. */
  readonly message: Message | undefined;
}

/** A look at one tenant's part of a broker. It changes nothing, and nothing of it may be changed. */
export class Inspection {
  readonly #state: BrokerState;
  readonly #tenant: number;

  constructor(state: BrokerState, tenant: number) {
    this.#state = state;
    this.#tenant = tenant;
  }

  /** In the order in which they began. */
  sessions(): Walk<Session> {
    return new IteratorWalk(this.#state.tenant(this.#tenant).sessions.values(), (session) => session);
  }

  session(clientId: string): Session | undefined {
    return this.#state.tenant(this.#tenant).sessions.get(clientId);
  }

  subscriptions(session: Session): Walk<SessionSubscription> {
    return new IteratorWalk(session.subscriptions.values(), (subscription) => subscription);
  }

  /** Retained Messages whose Topic Names match a well-formed filter. */
  retained(topicFilter: string): Walk<Message> {
    const cursor = this.#state.tenant(this.#tenant).retained.cursor(topicFilter);
    return {
      get done() {
        return cursor.done;
      },
      next: (budget) => cursor.next(budget)?.message,
    };
  }

  retainedMessage(topicName: string): Message | undefined {
    return this.#state.tenant(this.#tenant).retained.get(topicName)?.message;
  }

  /** Sessions and shared groups with something in their queues. */
  queues(): Walk<QueueOwner> {
    const { sessions, groups } = this.#state.tenant(this.#tenant);
    const ofSessions = new IteratorWalk(sessions.values(), ownerOfSession);
    return chain(ofSessions, new IteratorWalk(groups.values(), ownerOfGroup));
  }

  /** The queue of a Session, or of the shared group of this name: what is in flight, then what waits. */
  queue(name: string): Walk<QueuedEntry> | undefined {
    const { sessions, groups } = this.#state.tenant(this.#tenant);
    const session = sessions.get(name);
    if (session !== undefined) {
      return chain(this.#inFlight(session), new PendingWalk(session.pending, this.#waitingFor(session)));
    }
    const group = groups.get(name);
    return group === undefined ? undefined : new PendingWalk(group.pending, this.#waitingFor(group));
  }

  #inFlight({ sender }: Session): Walk<QueuedEntry> {
    return new IteratorWalk(sender.inFlight.values(), (entry) => {
      const { number, packetIdentifier, owner, qos, stage } = entry;
      const message = entry.message ?? this.#state.cache.get(number)?.message;
      return { number, state: stage === "received" ? "released" : "sent", packetIdentifier, qos, owner, message };
    });
  }

  #waitingFor({ number: owner }: Session | SharedGroup): (entry: PendingEntry) => QueuedEntry {
    const { cache } = this.#state;
    return (entry) => {
      const number = typeof entry === "number" ? entry : 0;
      const message = typeof entry === "number" ? cache.get(entry)?.message : entry.message;
      const qos = typeof entry === "number" ? cache.target(entry, owner)?.qos : entry.qos;
      return { number, state: "waiting", packetIdentifier: 0, qos, owner, message };
    };
  }
}

type PendingEntry = NonNullable<ReturnType<PendingQueue["at"]>>;

function ownerOfSession({ clientId, pending, sender }: Session): QueueOwner | undefined {
  if (pending.length === 0 && sender.inFlight.size === 0) return undefined;
  return { kind: "session", name: clientId, waiting: pending.length, inFlight: sender.inFlight.size };
}

/** What its members have in flight counts for them. */
function ownerOfGroup({ name, pending }: SharedGroup): QueueOwner | undefined {
  return pending.length === 0 ? undefined : { kind: "group", name, waiting: pending.length, inFlight: 0 };
}

/** Over a Map's values: what is deleted before its turn is passed over. */
class IteratorWalk<Source, Item> implements Walk<Item> {
  readonly #values: Iterator<Source>;
  readonly #view: (value: Source) => Item | undefined;
  #done = false;

  /** @param view undefined passes the value over */
  constructor(values: Iterator<Source>, view: (value: Source) => Item | undefined) {
    this.#values = values;
    this.#view = view;
  }

  get done(): boolean {
    return this.#done;
  }

  next(budget: StepBudget): Item | undefined {
    while (!this.#done && budget.steps > 0) {
      budget.steps -= 1;
      const { value, done } = this.#values.next();
      if (done === true) this.#done = true;
      else {
        const item = this.#view(value);
        if (item !== undefined) return item;
      }
    }
    return undefined;
  }
}

/**
 * Over a queue that moves on: the head is taken while the walk stands somewhere behind it.
 *
 * ```
 *   │ 17 │ 18 │ 21 │ 25 │ 30 │      seen up to 21, the next is 25
 *             │ 21 │ 25 │ 30 │ 31 │ later: 21 is looked for before where it was; not found, the head is next
 * ```
 */
class PendingWalk<Item> implements Walk<Item> {
  readonly #pending: PendingQueue;
  readonly #view: (entry: PendingEntry) => Item;
  #last: PendingEntry | undefined = undefined;
  /** Where the next one stands if nothing moved. */
  #index = 0;
  #done = false;

  constructor(pending: PendingQueue, view: (entry: PendingEntry) => Item) {
    this.#pending = pending;
    this.#view = view;
  }

  get done(): boolean {
    return this.#done;
  }

  next(budget: StepBudget): Item | undefined {
    for (; this.#index > 0 && this.#pending.at(this.#index - 1) !== this.#last; this.#index -= 1) {
      if (budget.steps <= 0) return undefined;
      budget.steps -= 1;
    }
    if (budget.steps <= 0) return undefined;
    budget.steps -= 1;
    const entry = this.#pending.at(this.#index);
    if (entry === undefined) {
      this.#done = true;
      return undefined;
    }
    this.#last = entry;
    this.#index += 1;
    return this.#view(entry);
  }
}

/** One after the other. */
function chain<Item>(first: Walk<Item>, second: Walk<Item>): Walk<Item> {
  return {
    get done() {
      return first.done && second.done;
    },
    next: (budget) => (first.done ? undefined : first.next(budget)) ?? (first.done ? second.next(budget) : undefined),
  };
}
