import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Deadlines } from "../../src/base/deadlines.ts";

interface Key {
  readonly name: string;
}

const keys: readonly Key[] = Array.from({ length: 12 }, (_, index) => ({ name: `key ${index}` }));
const [a, b, c] = keys as [Key, Key, Key];

function takeAll(deadlines: Deadlines<Key>, now: number): string[] {
  const taken: string[] = [];
  for (let key = deadlines.take(now); key !== undefined; key = deadlines.take(now)) taken.push(key.name);
  return taken;
}

test("without deadlines the next one is never", () => {
  const deadlines = new Deadlines<Key>();
  equal(deadlines.next(), Number.POSITIVE_INFINITY);
  equal(deadlines.take(Number.MAX_SAFE_INTEGER), undefined);
  equal(deadlines.delete(a), false);
  equal(deadlines.size, 0);
});

test("a deadline is taken when it has come and not a millisecond before", () => {
  const deadlines = new Deadlines<Key>();
  deadlines.set(a, 100);
  equal(deadlines.take(99), undefined);
  equal(deadlines.take(100), a);
  equal(deadlines.size, 0);
});

test("the earliest deadline comes first, whatever the order of setting", () => {
  const deadlines = new Deadlines<Key>();
  deadlines.set(a, 30);
  deadlines.set(b, 10);
  deadlines.set(c, 20);
  equal(deadlines.next(), 10);
  deepEqual(takeAll(deadlines, 30), [b.name, c.name, a.name]);
});

test("of equal deadlines the first set comes first", () => {
  const deadlines = new Deadlines<Key>();
  for (const key of keys) deadlines.set(key, 5);
  deepEqual(
    takeAll(deadlines, 5),
    keys.map((key) => key.name),
  );
});

test("a deadline that is moved stands once, behind others of its new time", () => {
  const deadlines = new Deadlines<Key>();
  deadlines.set(a, 10);
  deadlines.set(b, 20);
  deadlines.set(a, 20);
  equal(deadlines.size, 2);
  deepEqual(takeAll(deadlines, 20), [b.name, a.name]);
});

test("a deleted deadline never comes", () => {
  const deadlines = new Deadlines<Key>();
  deadlines.set(a, 10);
  deadlines.set(b, 20);
  equal(deadlines.delete(a), true);
  equal(deadlines.delete(a), false);
  equal(deadlines.next(), 20);
  deepEqual(takeAll(deadlines, 100), [b.name]);
});

test("a deadline deleted from among late ones lets an early one into its place", () => {
  const deadlines = new Deadlines<{ readonly at: number }>();
  // As a heap: 1 above 10 and 2; 11 and 12 below 10, 3 and 4 below 2. The last, 8, takes the place of 11, below 10.
  const held = [1, 10, 2, 11, 12, 3, 4, 20, 21, 22, 23, 5, 6, 7, 8].map((at) => ({ at }));
  for (const one of held) deadlines.set(one, one.at);
  for (const one of held) if (one.at === 11) deadlines.delete(one);
  const taken: (number | undefined)[] = [];
  while (deadlines.size > 0) taken.push(deadlines.take(100)?.at);
  deepEqual(taken, [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 20, 21, 22, 23]);
});

test("a deadline that is not a number is our own bug", () => {
  const deadlines = new Deadlines<Key>();
  throws(() => deadlines.set(a, Number.NaN), /a deadline is a number/);
  equal(deadlines.size, 0);
});

const key = fc.constantFrom(...keys);
const time = fc.nat({ max: 20 });
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ verb: fc.constant("set" as const), key, at: time }) },
  { weight: 2, arbitrary: fc.record({ verb: fc.constant("delete" as const), key }) },
  { weight: 2, arbitrary: fc.record({ verb: fc.constant("take" as const), now: time }) },
);

/** The same by a sorted array: simple, and slow. */
class SortedDeadlines {
  #entries: { readonly key: Key; readonly at: number }[] = [];

  set(entry: Key, at: number): void {
    this.delete(entry);
    const place = this.#entries.findIndex((other) => other.at > at);
    this.#entries.splice(place < 0 ? this.#entries.length : place, 0, { key: entry, at });
  }

  delete(entry: Key): boolean {
    const before = this.#entries.length;
    this.#entries = this.#entries.filter((other) => other.key !== entry);
    return this.#entries.length < before;
  }

  next(): number {
    return this.#entries[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  take(now: number): Key | undefined {
    return this.next() <= now ? this.#entries.shift()?.key : undefined;
  }

  get size(): number {
    return this.#entries.length;
  }
}

test("the heap behaves as a sorted array does", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const heap = new Deadlines<Key>();
      const oracle = new SortedDeadlines();
      for (const next of steps) {
        if (next.verb === "set") {
          heap.set(next.key, next.at);
          oracle.set(next.key, next.at);
        } else if (next.verb === "delete") equal(heap.delete(next.key), oracle.delete(next.key));
        else equal(heap.take(next.now), oracle.take(next.now));
        equal(heap.next(), oracle.next());
        equal(heap.size, oracle.size);
      }
      for (let left = oracle.take(20); left !== undefined; left = oracle.take(20)) equal(heap.take(20), left);
      equal(heap.size, 0);
    }),
    { numRuns: 300 },
  );
});
