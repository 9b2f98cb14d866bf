import { assert } from "./assert.ts";

/** One key and its deadline; `order` breaks ties: first set, first taken. */
interface Entry<T> {
  readonly key: T;
  at: number;
  order: number;
  index: number;
}

/**
 * Who must be looked at when: a binary min-heap of deadlines in which each key stands once and can be moved.
 *
 * ```
 *            [0] at 5
 *        ┌──────┴──────┐
 *    [1] at 9      [2] at 7      parent (i-1)/2, children 2i+1 and 2i+2
 * ```
 */
export class Deadlines<T extends object> {
  readonly #heap: Entry<T>[] = [];
  readonly #entries: Map<T, Entry<T>> = new Map();
  #order = 0;

  /** How many keys have a deadline. */
  get size(): number {
    return this.#heap.length;
  }

  /** Sets or moves the key's deadline, ms; one that is moved stands behind others of the same time. */
  set(key: T, at: number): void {
    assert(!Number.isNaN(at), "a deadline is a number");
    this.#order += 1;
    const known = this.#entries.get(key);
    if (known === undefined) {
      const entry = { key, at, order: this.#order, index: this.#heap.length };
      this.#entries.set(key, entry);
      this.#heap.push(entry);
      this.#rise(entry);
      return;
    }
    known.at = at;
    known.order = this.#order;
    this.#rise(known);
    this.#sink(known);
  }

  /** Takes the key's deadline away; false when it had none. */
  delete(key: T): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#remove(entry);
    return true;
  }

  /** The earliest deadline, ms; Infinity when there is none. */
  next(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Takes the key with the earliest deadline, if that has come by `now`, ms; of equal ones the first set. */
  take(now: number): T | undefined {
    const entry = this.#heap[0];
    if (entry === undefined || entry.at > now) return undefined;
    this.#remove(entry);
    return entry.key;
  }

  #remove(entry: Entry<T>): void {
    this.#entries.delete(entry.key);
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    this.#place(last, entry.index);
    this.#rise(last);
    this.#sink(last);
  }

  #place(entry: Entry<T>, index: number): void {
    entry.index = index;
    this.#heap[index] = entry;
  }

  #rise(entry: Entry<T>): void {
    while (entry.index > 0) {
      const parent = this.#heap[(entry.index - 1) >> 1];
      if (parent === undefined || !isBefore(entry, parent)) return;
      this.#swap(entry, parent);
    }
  }

  #sink(entry: Entry<T>): void {
    for (;;) {
      const left = this.#heap[entry.index * 2 + 1];
      const right = this.#heap[entry.index * 2 + 2];
      const least = right !== undefined && left !== undefined && isBefore(right, left) ? right : left;
      if (least === undefined || !isBefore(least, entry)) return;
      this.#swap(entry, least);
    }
  }

  #swap(one: Entry<T>, other: Entry<T>): void {
    const { index } = one;
    this.#place(one, other.index);
    this.#place(other, index);
  }
}

function isBefore<T>(one: Entry<T>, other: Entry<T>): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
