import type { Message } from "../session/message.ts";
import type { Delivery, PendingQueue } from "../session/pending-queue.ts";
import type { InFlight } from "../session/sender.ts";
import type { FetchedMessage } from "./broker.ts";
import type { BindPacketIdentifier, Target } from "./mutation.ts";
import type { Session } from "./session.ts";
import type { BrokerState } from "./state.ts";

/** Most bodies asked for at one time. */
const fetchMax = 100;

/** A Session or a shared group: whoever has a queue of messages. */
export interface Owner {
  readonly number: number;
  readonly pending: PendingQueue;
  fetching: readonly number[] | undefined;
  readonly fetched: Map<number, FetchedMessage | undefined>;
  overflowing: boolean;
  dropped: number;
}

/** What stands at the head of a queue: ready to be sent, gone, or still to be fetched. */
export type Head = Delivery | "gone" | "missing";

/**
 * Appends to the queue; where a bound is passed the oldest message is dropped and counted. What has no row and finds no
 * memory although nothing else waits here is dropped itself.
 */
export function enqueue(state: BrokerState, owner: Owner, name: string, entry: number | Delivery, bytes: number): void {
  const { queueMessagesMax, queueBytesMax } = state.limits;
  const { pending } = owner;
  while (
    pending.isFull(bytes, queueMessagesMax, queueBytesMax) ||
    (pending.length > 0 && !pending.hasMemory(entry, bytes))
  ) {
    observeLost(state, owner, name, "overflowed");
    dropHead(state, owner);
    countDropped(state, owner, name);
  }
  if (typeof entry !== "number" && !pending.hasMemory(entry, bytes)) {
    const { message } = entry;
    state.outbox.observe({ kind: "messageLost", cause: "overflowed", clientId: name, number: 0, message });
    countDropped(state, owner, name);
    return;
  }
  pending.push(entry, bytes);
  state.counters.queuedMessages += 1;
}

function countDropped(state: BrokerState, owner: Owner, name: string): void {
  state.counters.publishDropped += 1;
  owner.dropped += 1;
  if (owner.overflowing) return;
  owner.overflowing = true;
  state.outbox.observe({ kind: "queueOverflow", clientId: name, dropped: owner.dropped });
}

/** The head does not come to this owner. To be called before it is dropped, while its row can still be read. */
export function observeLost(state: BrokerState, owner: Owner, name: string, cause: "overflowed" | "expired"): void {
  const entry = owner.pending.peek();
  if (entry === undefined) return;
  const number = typeof entry === "number" ? entry : 0;
  const message = typeof entry === "number" ? knownBody(state, owner, entry) : entry.message;
  state.outbox.observe({ kind: "messageLost", cause, clientId: name, number, message });
}

/** Takes the head away without sending it: dropped, expired, too large or settled. */
export function dropHead(state: BrokerState, owner: Owner): void {
  const entry = takeHead(owner);
  if (entry === undefined) return;
  state.counters.queuedMessages -= 1;
  if (typeof entry === "number") settle(state, owner.number, entry);
}

/** Takes the head to be sent. */
export function takeHead(owner: Owner): number | Delivery | undefined {
  const entry = owner.pending.shift();
  if (typeof entry === "number") owner.fetched.delete(entry);
  if (owner.pending.length === 0) {
    owner.overflowing = false;
    owner.fetched.clear();
  }
  return entry;
}

/** Looks the head up in what was fetched and in the cache. */
export function headOf(state: BrokerState, owner: Owner): Head | undefined {
  const entry = owner.pending.peek();
  return typeof entry === "number" ? bodyOf(state, owner, entry) : entry;
}

/** The body of a kept message that this Session has in flight. */
export function messageOf(state: BrokerState, session: Session, number: number): Message | "gone" | "missing" {
  const message = knownBody(state, session, number);
  if (message !== undefined) return message;
  return session.fetched.has(number) ? "gone" : "missing";
}

/** The body of a kept message, as far as it is in memory. */
function knownBody(state: BrokerState, owner: Owner, number: number): Message | undefined {
  return owner.fetched.get(number)?.message ?? state.cache.get(number)?.message;
}

/** What the owner is to be sent of a kept message. */
function bodyOf(state: BrokerState, owner: Owner, number: number): Head {
  const fetched = owner.fetched.get(number);
  const target =
    fetched === undefined
      ? state.cache.target(number, owner.number)
      : fetched.targets.find((candidate) => candidate.owner === owner.number);
  const message = knownBody(state, owner, number);
  if (target === undefined || message === undefined) return owner.fetched.has(number) ? "gone" : "missing";
  // A group's target has the QoS of the member it was bound to last; the next one may take more.
  const qos = target.kind === "group" ? message.qos : target.qos;
  if (qos === 0) return "gone";
  const { retain, subscriptionIdentifiers } = target;
  return { message, qos, retain, subscriptionIdentifiers, kept: true };
}

/** Asks for the bodies at the head of the queue, unless some are on their way. */
export function fetchHead(state: BrokerState, owner: Owner): void {
  if (owner.fetching !== undefined) return;
  const numbers: number[] = [];
  for (let index = 0; index < owner.pending.length && numbers.length < fetchMax; index += 1) {
    const entry = owner.pending.at(index);
    if (typeof entry === "number") numbers.push(entry);
  }
  fetch(state, owner, numbers);
}

/** Asks for the bodies of what is to be sent again. */
export function fetchResend(state: BrokerState, session: Session): void {
  if (session.fetching !== undefined) return;
  const numbers: number[] = [];
  for (let index = 0; index < session.sender.resend.length && numbers.length < fetchMax; index += 1) {
    const entry = session.sender.resend.at(index);
    if (entry !== undefined && isBodyMissing(entry)) numbers.push(entry.number);
  }
  fetch(state, session, numbers);
}

/** Whether a message in flight must be fetched before it can be sent again. */
export function isBodyMissing(entry: InFlight): boolean {
  return entry.stage === "published" && entry.message === undefined && entry.number > 0;
}

/** The row of a message in flight, as it is now. */
export function bindingOf(session: Session, entry: InFlight): BindPacketIdentifier {
  const { number, owner, qos, packetIdentifier, stage } = entry;
  return { kind: "bindPacketIdentifier", number, owner, session: session.number, qos, packetIdentifier, stage };
}

/** Gives a message a row for this one target; returns its number. */
export function keepFor(state: BrokerState, message: Message, target: Target): number {
  state.lastNumber += 1;
  state.outbox.persist({ kind: "keepMessage", number: state.lastNumber, message, targets: [target] });
  return state.lastNumber;
}

/** The owner is done with a kept message. */
export function settle(state: BrokerState, owner: number, number: number): void {
  if (number > 0) state.outbox.persist({ kind: "settle", number, owner });
}

function fetch(state: BrokerState, owner: Owner, numbers: readonly number[]): void {
  owner.fetching = numbers;
  state.outbox.fetch(owner.number, numbers);
}
