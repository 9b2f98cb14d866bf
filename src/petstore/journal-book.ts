import { Ring } from "../base/ring.ts";
import type { StoreEvent } from "./domain.ts";

/** An event that waits to be published; kept with the change that it tells of. */
export interface JournalRow {
  /** Ascends with the order of the changes. */
  readonly number: number;
  /** Number of the first event of the same step. */
  readonly step: number;
  readonly entity: string;
  /** It is sent with this one, again and again, until it is released (§4.3.3). */
  readonly packetIdentifier: number;
  readonly topicName: string;
  /** JSON; empty takes a snapshot away. */
  readonly payload: string;
  readonly retain: boolean;
}

/** How far an event is. */
type Stage =
  /** Its row is on the way to the disk. */
  | "new"
  /** It may be sent once it is the first of its lanes. */
  | "kept"
  /** PUBREC is awaited. */
  | "sent"
  /** PUBREC has come, and that is on the way to the disk. */
  | "received"
  /** PUBCOMP is awaited. */
  | "released";

interface Entry {
  readonly row: JournalRow;
  stage: Stage;
  /** The server may have it: it was sent, in this life or perhaps in an earlier one. */
  mayBeKnown: boolean;
}

/** How many events may wait. */
export const journalRowsMax = 10_000;

/** There are more than may wait. */
const identifierMax = 65_535;

/**
 * What has to be published, and what of it may be sent now: events of one entity, and those of one step, go one after
 * another, each when the server has the one before. So an order holds also when the server refuses one for a while.
 *
 * Says nothing to anybody and knows no time.
 */
export class JournalBook {
  readonly #entries: Map<number, Entry> = new Map();
  readonly #byIdentifier: Map<number, Entry> = new Map();
  /** By entity, and by step: what was not received by the server yet, in order. */
  readonly #lanes: Map<string | number, Ring<Entry>> = new Map();
  /** May be sent, but for those that were sent meanwhile. */
  #ready: Ring<Entry> = new Ring();
  #lastNumber = 0;
  #lastIdentifier = 0;

  /** Events that are not done with. */
  get size(): number {
    return this.#entries.size;
  }

  /** Takes the events of one step; there must be room for them. */
  add(events: readonly StoreEvent[]): readonly JournalRow[] {
    const step = this.#lastNumber + 1;
    return events.map(({ topicName, payload, retain, entity }) => {
      this.#lastNumber += 1;
      const text = payload === undefined ? "" : JSON.stringify(payload);
      const packetIdentifier = this.#takeIdentifier();
      const row = { number: this.#lastNumber, step, entity, packetIdentifier, topicName, payload: text, retain };
      this.#enter({ row, stage: "new", mayBeKnown: false });
      return row;
    });
  }

  /** Takes back what an earlier life of the process kept; in the order of the numbers. */
  recover(row: JournalRow, isReleased: boolean): void {
    this.#lastNumber = Math.max(this.#lastNumber, row.number);
    if (!isReleased) {
      this.#enter({ row, stage: "kept", mayBeKnown: true });
      return;
    }
    const entry: Entry = { row, stage: "released", mayBeKnown: true };
    this.#entries.set(row.number, entry);
    this.#byIdentifier.set(row.packetIdentifier, entry);
  }

  /** Their rows are on the disk. */
  kept(rows: readonly JournalRow[]): void {
    for (const { number } of rows) {
      const entry = this.#entries.get(number)!;
      entry.stage = "kept";
      this.#offer(entry);
    }
  }

  /** The next event to be sent, and whether the server may have it already; it counts as sent. */
  next(): { readonly row: JournalRow; readonly dup: boolean } | undefined {
    for (let entry = this.#ready.shift(); entry !== undefined; entry = this.#ready.shift()) {
      if (entry.stage !== "kept") continue;
      const { row, mayBeKnown: dup } = entry;
      entry.stage = "sent";
      entry.mayBeKnown = true;
      return { row, dup };
    }
    return undefined;
  }

  /** PUBREC: the server has it, the next of its lanes may follow. Undefined when none was awaited. */
  received(packetIdentifier: number): JournalRow | undefined {
    const entry = this.#awaiting(packetIdentifier, "sent");
    if (entry === undefined) return undefined;
    entry.stage = "received";
    this.#leaveLanes(entry);
    return entry.row;
  }

  /** That it was received is on the disk: PUBREL may be sent. */
  released({ number }: JournalRow): void {
    this.#entries.get(number)!.stage = "released";
  }

  /** PUBCOMP: it is done with. Undefined when none was awaited. */
  completed(packetIdentifier: number): JournalRow | undefined {
    const entry = this.#awaiting(packetIdentifier, "released");
    if (entry !== undefined) this.#remove(entry);
    return entry?.row;
  }

  /** The server does not take it now: it is to be sent again. */
  putBack(packetIdentifier: number): JournalRow | undefined {
    const entry = this.#awaiting(packetIdentifier, "sent");
    if (entry === undefined) return undefined;
    entry.stage = "kept";
    this.#offer(entry);
    return entry.row;
  }

  /** The server will never take it. Undefined when none was awaited. */
  dropped(packetIdentifier: number): JournalRow | undefined {
    const entry = this.#awaiting(packetIdentifier, "sent");
    if (entry === undefined) return undefined;
    this.#leaveLanes(entry);
    this.#remove(entry);
    return entry.row;
  }

  /** The connection is another one: what was sent and not received is to be sent again. */
  restart(): void {
    this.#ready = new Ring();
    for (const entry of this.#entries.values()) {
      if (entry.stage === "sent") entry.stage = "kept";
      this.#offer(entry);
    }
  }

  /**
   * Packet Identifiers for which PUBREL has to be sent on another connection: of events that were received, and those that
   * the server has from a journal that is not this one.
   * @param unreleased what the server has of this Session
   */
  releases(unreleased: readonly number[]): readonly number[] {
    const received = [...this.#entries.values()].filter(({ stage }) => stage === "released");
    const strange = unreleased.filter((each) => this.#byIdentifier.get(each)?.mayBeKnown !== true);
    return [...received.map(({ row }) => row.packetIdentifier), ...strange];
  }

  #enter(entry: Entry): void {
    const { row } = entry;
    this.#entries.set(row.number, entry);
    this.#byIdentifier.set(row.packetIdentifier, entry);
    for (const name of [row.entity, row.step]) {
      const lane = this.#lanes.get(name) ?? new Ring<Entry>();
      this.#lanes.set(name, lane);
      lane.push(entry);
    }
    this.#offer(entry);
  }

  /** It may be sent if it is the first everywhere. */
  #offer(entry: Entry): void {
    const { row, stage } = entry;
    if (stage !== "kept") return;
    if (this.#lanes.get(row.entity)?.peek() !== entry || this.#lanes.get(row.step)?.peek() !== entry) return;
    this.#ready.push(entry);
  }

  #leaveLanes({ row }: Entry): void {
    for (const name of [row.entity, row.step]) {
      const lane = this.#lanes.get(name)!;
      lane.shift();
      const next = lane.peek();
      if (next === undefined) this.#lanes.delete(name);
      else this.#offer(next);
    }
  }

  #remove({ row }: Entry): void {
    this.#entries.delete(row.number);
    this.#byIdentifier.delete(row.packetIdentifier);
  }

  #awaiting(packetIdentifier: number, stage: Stage): Entry | undefined {
    const entry = this.#byIdentifier.get(packetIdentifier);
    return entry?.stage === stage ? entry : undefined;
  }

  /** One that is not in use [MQTT-2.2.1-3]. */
  #takeIdentifier(): number {
    do this.#lastIdentifier = (this.#lastIdentifier % identifierMax) + 1;
    while (this.#byIdentifier.has(this.#lastIdentifier));
    return this.#lastIdentifier;
  }
}
