import type { Mutation, QueuedMessage, Recovered, Target } from "../broker/mutation.ts";
import type { PublishProperties } from "../mqtt/packet.ts";
import { type Message, messageBytes } from "../session/message.ts";
import type { Store, StoredMessage } from "../store/store.ts";

/** What a store holds, as plain values that can be compared. */
export interface StoreState {
  /** Key → what is known, for everything but messages. */
  readonly rows: ReadonlyMap<string, unknown>;
  /** By number: those that somebody still has. */
  readonly messages: ReadonlyMap<number, { readonly bytes: number; readonly targets: readonly unknown[] }>;
  readonly lastNumber: number;
  readonly lastOwner: number;
}

/** What a store holds that these mutations, of which none deletes or replaces another, were committed to. */
export function stateOfRows(mutations: readonly Mutation[]): Promise<StoreState> {
  let lastNumber = 0;
  let lastOwner = 0;
  const messages: QueuedMessage[] = [];
  const rows: Recovered[] = [];
  for (const row of mutations) {
    if (row.kind === "keepMessage") {
      const { number, message, targets } = row;
      messages.push({ kind: "queuedMessage", number, bytes: messageBytes(message), targets });
      lastNumber = Math.max(lastNumber, number);
      lastOwner = Math.max(lastOwner, ...targets.map(({ session }) => session));
    } else {
      rows.push(row);
      if (row.kind === "putRetained") lastNumber = Math.max(lastNumber, row.stamp);
      if (row.kind === "putSession") lastOwner = Math.max(lastOwner, row.session);
      if (row.kind === "putSubscription") lastOwner = Math.max(lastOwner, row.group);
    }
  }
  return collect([[{ kind: "counters", lastNumber, lastOwner }], rows, messages]);
}

/**
 * Loads everything, and checks the order that the port promises.
 * @throws Error when a row comes twice, too early, or the messages do not ascend
 */
export function stateOf(store: Store): Promise<StoreState> {
  return collect(store.load());
}

async function collect(
  loaded: AsyncIterable<readonly Recovered[]> | readonly (readonly Recovered[])[],
): Promise<StoreState> {
  const rows = new Map<string, unknown>();
  const messages = new Map<number, { bytes: number; targets: unknown[] }>();
  const sessions = new Set<number>();
  let counters = { lastNumber: 0, lastOwner: 0 };
  let count = 0;
  let last = 0;
  for await (const batch of loaded) {
    for (const row of batch) {
      count += 1;
      if (row.kind === "counters") {
        if (count > 1) throw new Error("the counters come first");
        counters = row;
      } else if (row.kind === "queuedMessage") {
        if (row.number <= last) throw new Error(`message ${row.number} came behind ${last}`);
        last = row.number;
        messages.set(row.number, { bytes: row.bytes, targets: targetsOf(row.targets) });
      } else {
        if (row.kind === "putSession") sessions.add(row.session);
        else if ("session" in row && !sessions.has(row.session)) throw new Error(`${row.kind} came before its Session`);
        const key = keyOf(row);
        if (rows.has(key)) throw new Error(`${key} came twice`);
        rows.set(key, comparable(row));
      }
    }
  }
  return { rows, messages, lastNumber: counters.lastNumber, lastOwner: counters.lastOwner };
}

/** A message that was read, comparable; its targets by owner, without how they are bound now. */
export function readOf(stored: StoredMessage | undefined): unknown {
  if (stored === undefined) return undefined;
  const { number, message, targets } = stored;
  return {
    number,
    message: messageOf(message),
    targets: [...targets]
      .sort((one, other) => one.owner - other.owner)
      .map(({ kind, owner, retain, subscriptionIdentifiers }) => ({
        kind,
        owner,
        retain,
        subscriptionIdentifiers: [...subscriptionIdentifiers],
      })),
  };
}

/** A message, comparable: bytes as text. */
function messageOf({ topicName, payload, qos, retain, properties, expiresAt }: Message): unknown {
  return { topicName, payload: textOf(payload), qos, retain, expiresAt, properties: propertiesOf(properties) };
}

function targetsOf(targets: readonly Target[]): unknown[] {
  return [...targets]
    .sort((one, other) => one.owner - other.owner)
    .map((target) => ({ ...target, subscriptionIdentifiers: [...target.subscriptionIdentifiers] }));
}

type Row = Exclude<Recovered, { kind: "queuedMessage" | "counters" }>;

function keyOf(row: Row): string {
  switch (row.kind) {
    case "putSubscription":
      return `subscription ${row.session} ${row.topicFilter}`;
    case "keepReceived":
      return `received ${row.session} ${row.packetIdentifier}`;
    case "putRetained":
      return `retained ${row.tenant} ${row.message.topicName}`;
    case "putSession":
    case "putWill":
      return `${row.kind} ${row.session}`;
    case "alive":
      return row.kind;
    default:
      throw new Error(`${row.kind} is not what a store gives back`);
  }
}

function comparable(row: Row): unknown {
  if (row.kind === "putRetained") return { ...row, message: messageOf(row.message) };
  if (row.kind !== "putWill") return row;
  const { payload, properties } = row.will;
  return { ...row, will: { ...row.will, payload: textOf(payload), properties: propertiesOf(properties) } };
}

function propertiesOf(properties: PublishProperties): unknown {
  const { correlationData } = properties;
  return { ...properties, correlationData: correlationData === undefined ? undefined : textOf(correlationData) };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
