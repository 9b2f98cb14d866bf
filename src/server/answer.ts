import { setImmediate } from "node:timers/promises";
import type { Inspection, QueuedEntry, QueueOwner, Walk } from "../broker/inspection.ts";
import type { Session, SessionSubscription } from "../broker/session.ts";
import type { Message } from "../session/message.ts";
import type { Store } from "../store/store.ts";
import type { DeadLetterDoneRow, DeadLetterRow } from "./dead-letter-request.ts";
import { type MessageRow, messageRow, timeText } from "./message-row.ts";
import type { Question } from "./question.ts";
import type { RefusalRow, Refusals } from "./refusals.ts";

/** A Session, for people. Times are ISO 8601; null is never. */
export interface SessionRow {
  readonly clientId: string;
  /** Name of the Principal that it belongs to; empty for an anonymous one. */
  readonly user: string;
  readonly connected: boolean;
  /** It has rows in the store. */
  readonly durable: boolean;
  readonly subscriptions: number;
  /** Messages that were not sent yet. */
  readonly waiting: number;
  /** Messages that were sent and not acknowledged. */
  readonly inFlight: number;
  /** Messages that its full queue has lost. */
  readonly dropped: number;
  readonly sessionExpirySeconds: number;
  /** When it ends if nobody comes back; null while connected, and when it does not expire. */
  readonly expiresAt: string | null;
  readonly willTopicName: string | null;
}

export interface SubscriptionRow {
  readonly topicFilter: string;
  readonly qos: number;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: number;
  /** Null when the SUBSCRIBE had none. */
  readonly subscriptionIdentifier: number | null;
}

export type QueueOwnerRow = QueueOwner;

export interface QueuedRow extends MessageRow {
  /** Of its row in the store; null when it has none. */
  readonly number: number | null;
  /** `sent` is not acknowledged, `released` has its PUBREC. */
  readonly state: QueuedEntry["state"];
  readonly packetIdentifier: number | null;
}

export type Row =
  | SessionRow
  | SubscriptionRow
  | MessageRow
  | QueueOwnerRow
  | QueuedRow
  | RefusalRow
  | DeadLetterRow
  | DeadLetterDoneRow;

/** A broker whose state is asked, and what is needed for it. */
export interface Asked {
  readonly inspection: Inspection;
  /** For bodies that are not in memory. */
  readonly store: Pick<Store, "read">;
  /** Nothing is refused while no server runs. */
  readonly refusals: Refusals | undefined;
  /** So many steps are done before others have their turn. */
  readonly sliceMax: number;
  now(): number;
}

/** Bodies that are read and handed on at one time. */
const bodiesMax = 100;

/**
 * Answers a question in slices, so that nobody is stalled; undefined when there is no such Session, queue or message.
 * About one Session it is its own row, then those of its subscriptions, which `skip` and `limit` are about.
 */
export function answer(question: Question, asked: Asked): AsyncIterable<readonly Row[]> | undefined {
  const { inspection } = asked;
  const { name, whole } = question;
  switch (question.about) {
    case "sessions":
      return slices(inspection.sessions(), sessionRow, question, asked);
    case "session": {
      const session = inspection.session(name);
      if (session === undefined) return undefined;
      const subscriptions = slices(inspection.subscriptions(session), subscriptionRow, question, asked);
      return behind([sessionRow(session)], subscriptions);
    }
    case "retained": {
      const now = asked.now();
      const row = (message: Message): Row | undefined => {
        return message.expiresAt > now ? messageRow(message, message.qos, whole) : undefined;
      };
      return slices(inspection.retained(name), row, question, asked);
    }
    case "retainedMessage": {
      const message = inspection.retainedMessage(name);
      if (message === undefined || message.expiresAt <= asked.now()) return undefined;
      return behind([messageRow(message, message.qos, whole)], undefined);
    }
    case "queues":
      return slices(inspection.queues(), (owner) => owner, question, asked);
    case "queue": {
      const walk = inspection.queue(name);
      return walk === undefined ? undefined : queuedRows(walk, question, asked);
    }
    case "refusals": {
      const { skip, limit } = question;
      const rows = asked.refusals?.rows(Number(name)) ?? [];
      return behind(rows.slice(skip, limit === 0 ? undefined : skip + limit), undefined);
    }
  }
}

async function* behind(
  head: readonly Row[],
  rest: AsyncIterable<readonly Row[]> | undefined,
): AsyncIterable<readonly Row[]> {
  yield head;
  if (rest !== undefined) yield* rest;
}

/** What was found in one slice, as it was at that moment. */
async function* slices<Item, Found>(
  walk: Walk<Item>,
  view: (item: Item) => Found | undefined,
  { skip, limit }: Question,
  { sliceMax }: Asked,
): AsyncIterable<readonly Found[]> {
  let passed = 0;
  let left = limit === 0 ? Number.POSITIVE_INFINITY : limit;
  while (!walk.done && left > 0) {
    const budget = { steps: sliceMax };
    const found: Found[] = [];
    for (let item = walk.next(budget); item !== undefined; item = left > 0 ? walk.next(budget) : undefined) {
      const row = view(item);
      if (row === undefined) continue;
      if (passed < skip) {
        passed += 1;
        continue;
      }
      found.push(row);
      left -= 1;
    }
    if (found.length > 0) yield found;
    await setImmediate();
  }
}

async function* queuedRows(walk: Walk<QueuedEntry>, question: Question, asked: Asked): AsyncIterable<readonly Row[]> {
  const sliceMax = Math.min(asked.sliceMax, bodiesMax);
  for await (const entries of slices(walk, (entry) => entry, question, { ...asked, sliceMax })) {
    const missing = entries.filter(({ message, qos }) => message === undefined || qos === undefined);
    const bodies = await asked.store.read(missing.map(({ number }) => number));
    const stored = new Map(missing.map(({ number }, index) => [number, bodies[index]]));
    yield entries.flatMap((entry): QueuedRow[] => {
      const { number, state, packetIdentifier, owner } = entry;
      const body = stored.get(number);
      const message = entry.message ?? body?.message;
      // It was settled meanwhile.
      if (message === undefined) return [];
      const target = body?.targets.find((each) => each.owner === owner && each.kind === "session");
      const row = messageRow(message, entry.qos ?? target?.qos ?? message.qos, question.whole);
      return [{ number: number || null, state, packetIdentifier: packetIdentifier || null, ...row }];
    });
  }
}

function sessionRow(session: Session): SessionRow {
  const { clientId, principal, connection, durable, subscriptions, pending, sender, dropped, will } = session;
  return {
    clientId,
    user: principal.name,
    connected: connection !== undefined,
    durable,
    subscriptions: subscriptions.size,
    waiting: pending.length,
    inFlight: sender.inFlight.size,
    dropped,
    sessionExpirySeconds: session.sessionExpirySeconds,
    expiresAt: timeText(session.expiresAt),
    willTopicName: will?.topicName ?? null,
  };
}

function subscriptionRow({ topicFilter, subscription }: SessionSubscription): SubscriptionRow {
  const { qos, noLocal, retainAsPublished, retainHandling, subscriptionIdentifier } = subscription;
  return {
    topicFilter,
    qos,
    noLocal,
    retainAsPublished,
    retainHandling,
    subscriptionIdentifier: subscriptionIdentifier || null,
  };
}
