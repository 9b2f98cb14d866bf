import type { Buffer } from "node:buffer";
import type { QueuedMessage, Recovered, Target } from "../../broker/mutation.ts";
import type { Backlog } from "./backlog.ts";
import type { RecordReader } from "./bytes.ts";
import { identifierOf, numberOf, numberOfOwnerKey, ownerOf } from "./keys.ts";
import { queuedMessages } from "./log-block.ts";
import type { Preparation } from "./preparation.ts";
import {
  type Binding,
  readBinding,
  readCounters,
  readRetained,
  readSession,
  readSubscription,
  readTime,
  readWill,
} from "./records.ts";
import { unsealed } from "./sealed.ts";
import { aliveKey, countersKey, type TableName, type Tables } from "./tables.ts";

/** Rows handed on at a time. */
const rowsMax = 1_000;

/** What a load fills besides what it gives back. */
export interface LoadTarget {
  readonly backlog: Backlog;
  readonly preparation: Preparation;
  /** There are rows of an owner that is no more. */
  readonly ended: (owner: number) => void;
}

/** Reads everything that was kept, and counts again who is owed what. */
export async function* loadTables(tables: Tables, target: LoadTarget): AsyncIterable<readonly Recovered[]> {
  yield [...metaRows(tables, target.preparation)];
  const owners = new Owners(target);
  yield* inBatches(sessionRows(tables, owners));
  yield* inBatches(rowsOfSessions(tables, owners));
  yield* inBatches(retainedRows(tables));
  owners.readQueues(tables);
  yield* inBatches(messageRows(tables, target.backlog, owners));
}

function* metaRows({ meta }: Tables, preparation: Preparation): Generator<Recovered> {
  const counters = meta.get(countersKey);
  if (counters !== undefined) {
    const { lastNumber, lastOwner } = readCounters(unsealed(countersKey, counters));
    preparation.setCounters(lastNumber, lastOwner);
    yield { kind: "counters", lastNumber, lastOwner };
  }
  const alive = meta.get(aliveKey);
  if (alive !== undefined) yield { kind: "alive", at: readTime(unsealed(aliveKey, alive)) };
}

function* sessionRows(tables: Tables, owners: Owners): Generator<Recovered> {
  for (const [key, record] of rowsOf(tables, "sessions")) {
    const session = ownerOf(key);
    owners.add(session);
    yield readSession(session, record);
  }
}

function* rowsOfSessions(tables: Tables, owners: Owners): Generator<Recovered> {
  for (const [key, record] of rowsOf(tables, "subscriptions")) {
    const session = ownerOf(key);
    if (!owners.isKnown(session)) continue;
    const row = readSubscription(session, record);
    if (row.group > 0) owners.addGroup(row.group);
    yield row;
  }
  for (const [key] of rowsOf(tables, "received")) {
    const session = ownerOf(key);
    if (owners.isKnown(session)) yield { kind: "keepReceived", session, packetIdentifier: identifierOf(key) };
  }
  for (const [key, record] of rowsOf(tables, "wills")) {
    const session = ownerOf(key);
    if (owners.isKnown(session)) yield readWill(session, record);
  }
}

function* retainedRows(tables: Tables): Generator<Recovered> {
  for (const [key, record] of rowsOf(tables, "retained")) {
    const { stamp, message } = readRetained(record);
    yield { kind: "putRetained", tenant: ownerOf(key), message, stamp };
  }
}

function* messageRows({ log }: Tables, backlog: Backlog, owners: Owners): Generator<QueuedMessage> {
  for (const { key, value } of log.getRange()) {
    const first = numberOf(key);
    let owed = 0;
    const rows: QueuedMessage[] = [];
    for (const row of queuedMessages(key, value, first)) {
      const targets = owners.open(row);
      owed += targets.length;
      if (targets.length > 0) rows.push({ ...row, targets });
    }
    backlog.addBlock(first, owed);
    for (const { number, targets } of rows) for (const { owner } of targets) backlog.owe(owner, number);
    yield* rows;
  }
}

/** Rows of a table, checked and ready to be read. */
function* rowsOf(tables: Tables, name: TableName): Generator<readonly [Buffer, RecordReader]> {
  for (const { key, value } of tables[name].getRange()) yield [key, unsealed(key, value)];
}

/** Who is there, and of each what is settled and how it was bound. */
class Owners {
  readonly #target: LoadTarget;
  readonly #sessions: Set<number> = new Set();
  readonly #groups: Set<number> = new Set();
  readonly #floors: Map<number, number> = new Map();
  readonly #settled: Map<number, Set<number>> = new Map();
  readonly #bound: Map<number, Map<number, Binding>> = new Map();

  constructor(target: LoadTarget) {
    this.#target = target;
  }

  add(session: number): void {
    this.#sessions.add(session);
  }

  addGroup(group: number): void {
    this.#groups.add(group);
  }

  /** A group is there while a Session has a subscription to it. */
  isKnown(owner: number): boolean {
    if (this.#sessions.has(owner) || this.#groups.has(owner)) return true;
    this.#target.ended(owner);
    return false;
  }

  /** After all subscriptions. */
  readQueues(tables: Tables): void {
    for (const [key, record] of rowsOf(tables, "floors")) {
      if (this.isKnown(ownerOf(key))) this.#floors.set(ownerOf(key), record.number());
    }
    for (const [key] of rowsOf(tables, "settled")) {
      const owner = ownerOf(key);
      if (this.isKnown(owner)) entryOf(this.#settled, owner, () => new Set()).add(numberOfOwnerKey(key));
    }
    for (const [key, record] of rowsOf(tables, "bound")) {
      const owner = ownerOf(key);
      if (!this.isKnown(owner)) continue;
      const number = numberOfOwnerKey(key);
      this.#target.preparation.bind(owner, number);
      entryOf(this.#bound, owner, () => new Map()).set(number, readBinding(record));
    }
  }

  /** The targets of a message that are not settled, as they are now. */
  open({ number, targets }: QueuedMessage): Target[] {
    const open: Target[] = [];
    for (const target of targets) {
      const { owner } = target;
      if (!this.isKnown(owner) || number <= (this.#floors.get(owner) ?? 0)) continue;
      if (this.#settled.get(owner)?.has(number) === true) continue;
      const binding = this.#bound.get(owner)?.get(number);
      open.push(binding === undefined ? target : { ...target, ...binding });
    }
    return open;
  }
}

function entryOf<Value>(map: Map<number, Value>, key: number, create: () => Value): Value {
  const found = map.get(key);
  if (found !== undefined) return found;
  const created = create();
  map.set(key, created);
  return created;
}

function* inBatches(rows: Iterable<Recovered>): Generator<readonly Recovered[]> {
  let batch: Recovered[] = [];
  for (const row of rows) {
    batch.push(row);
    if (batch.length < rowsMax) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
