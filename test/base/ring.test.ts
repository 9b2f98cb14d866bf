import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Ring } from "../../src/base/ring.ts";
import { heapBytes } from "./heap.ts";

function contents<T>(ring: Ring<T>): (T | undefined)[] {
  return Array.from({ length: ring.length }, (_, index) => ring.at(index));
}

test("an empty ring has no head and nothing to take", () => {
  const ring = new Ring<number>();
  equal(ring.length, 0);
  equal(ring.peek(), undefined);
  equal(ring.shift(), undefined);
  equal(ring.at(0), undefined);
});

test("what is pushed first is taken first", () => {
  const ring = new Ring<string>();
  for (const item of ["a", "b", "c"]) ring.push(item);
  equal(ring.peek(), "a");
  deepEqual([ring.shift(), ring.shift(), ring.shift(), ring.shift()], ["a", "b", "c", undefined]);
});

test("what is put in front is taken next", () => {
  const ring = new Ring<string>();
  ring.unshift("b");
  ring.push("c");
  ring.unshift("a");
  deepEqual(contents(ring), ["a", "b", "c"]);
});

test("there is nothing before the head nor behind the last item", () => {
  const ring = new Ring<number>();
  for (let item = 0; item < 5; item += 1) ring.push(item);
  ring.shift();
  equal(ring.at(-1), undefined);
  equal(ring.at(3), 4);
  equal(ring.at(4), undefined);
});

test("a cleared ring is empty and can be used again", () => {
  const ring = new Ring<number>();
  for (let item = 0; item < 100; item += 1) ring.push(item);
  ring.clear();
  equal(ring.length, 0);
  equal(ring.peek(), undefined);
  ring.push(7);
  deepEqual(contents(ring), [7]);
});

test("the order survives growing to 100,000 items and shrinking back", () => {
  const ring = new Ring<number>();
  for (let item = 0; item < 100_000; item += 1) ring.push(item);
  for (let item = 0; item < 99_990; item += 1) equal(ring.shift(), item);
  deepEqual(
    contents(ring),
    Array.from({ length: 10 }, (_, index) => 99_990 + index),
  );
});

test("a long queue that was drained gives its memory back", () => {
  const ring = new Ring<number>();
  const before = heapBytes();
  for (let item = 0; item < 1_000_000; item += 1) ring.push(item);
  const full = heapBytes() - before;
  while (ring.length > 1) ring.shift();
  const drained = heapBytes() - before;
  ok(full > 6_000_000, `${full} bytes when full`);
  ok(drained < full / 3, `${drained} bytes of ${full} when drained`);
  equal(ring.peek(), 999_999);
});

type Step =
  | { readonly verb: "push" | "unshift"; readonly items: readonly number[] }
  | { readonly verb: "shift"; readonly count: number }
  | { readonly verb: "clear" };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ verb: fc.constantFrom("push", "unshift"), items: fc.array(fc.integer()) }) },
  { weight: 4, arbitrary: fc.record({ verb: fc.constant("shift"), count: fc.nat({ max: 30 }) }) },
  { weight: 1, arbitrary: fc.record({ verb: fc.constant("clear") }) },
);

test("a ring behaves as an array does", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const ring = new Ring<number>();
      let array: number[] = [];
      for (const next of steps) {
        switch (next.verb) {
          case "push":
            array.push(...next.items);
            for (const item of next.items) ring.push(item);
            break;
          case "unshift":
            array.unshift(...next.items.toReversed());
            for (const item of next.items) ring.unshift(item);
            break;
          case "shift":
            for (let turn = 0; turn < next.count; turn += 1) equal(ring.shift(), array.shift());
            break;
          case "clear":
            array = [];
            ring.clear();
            break;
        }
        equal(ring.length, array.length);
        equal(ring.peek(), array[0]);
        deepEqual(contents(ring), array);
      }
    }),
    { numRuns: 200 },
  );
});
