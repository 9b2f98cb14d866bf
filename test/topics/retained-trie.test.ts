import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { matches } from "../../src/topics/match.ts";
import { type RetainedCursor, RetainedTrie } from "../../src/topics/retained-trie.ts";
import { topicFilters, topicNames } from "./arbitraries.ts";
import { matchCases } from "./match-cases.ts";

interface Value {
  readonly topicName: string;
}

function trieOf(topicNames: readonly string[]): RetainedTrie<Value> {
  const trie = new RetainedTrie<Value>();
  for (const topicName of topicNames) trie.set(topicName, { topicName });
  return trie;
}

function walk(cursor: RetainedCursor<Value>): string[] {
  const budget = { steps: Number.POSITIVE_INFINITY };
  const found: string[] = [];
  for (let value = cursor.next(budget); value !== undefined; value = cursor.next(budget)) found.push(value.topicName);
  equal(cursor.done, true);
  return found;
}

/** How many nodes a walk looks at. */
function steps(trie: RetainedTrie<Value>, topicFilter: string): number {
  const budget = { steps: 1_000_000 };
  const cursor = trie.cursor(topicFilter);
  while (!cursor.done) cursor.next(budget);
  return 1_000_000 - budget.steps;
}

test("an empty trie holds nothing", () => {
  const trie = trieOf([]);
  equal(trie.size, 0);
  equal(trie.get("a"), undefined);
  equal(trie.delete("a"), undefined);
  deepEqual(walk(trie.cursor("#")), []);
});

test("a value replaces the one of the same Topic Name and gives it back", () => {
  const trie = new RetainedTrie<Value>();
  const [one, two] = [{ topicName: "a/b" }, { topicName: "a/b" }];
  equal(trie.set("a/b", one), undefined);
  equal(trie.set("a/b", two), one);
  equal(trie.get("a/b"), two);
  equal(trie.size, 1);
  equal(trie.delete("a/b"), two);
  equal(trie.delete("a/b"), undefined);
  equal(trie.size, 0);
});

test("a level on the way to a value has none itself", () => {
  const trie = trieOf(["a/b/c"]);
  equal(trie.get("a/b"), undefined);
  equal(trie.delete("a/b"), undefined);
  equal(trie.get("a/b/c/d"), undefined);
  equal(trie.delete("a/b/c/d"), undefined);
  equal(trie.size, 1);
});

for (const { topicFilter, matching, others } of matchCases) {
  // [MQTT-4.7.2-1] [MQTT-4.7.3-4] [MQTT311-4.7.2-1] [MQTT311-4.7.3-4]
  test(`asked for ${JSON.stringify(topicFilter)}, the trie finds what §4.7 says and nothing else`, () => {
    const trie = trieOf([...others, ...matching]);
    deepEqual(walk(trie.cursor(topicFilter)).sort(), [...matching].sort());
  });
}

test("a filter without wildcards looks at its own levels only", () => {
  const trie = trieOf(Array.from({ length: 1000 }, (_, index) => `devices/${index}/position`));
  equal(steps(trie, "devices/77/position"), 4);
  equal(steps(trie, "devices/77/nothing"), 3);
  equal(steps(trie, "nobody/77/position"), 1);
});

test("levels that nothing hangs on any more are gone", () => {
  const names = Array.from({ length: 100 }, (_, index) => `${"deep/".repeat(index % 10)}${index}`);
  const trie = trieOf(names);
  ok(steps(trie, "#") > 100);
  for (const topicName of names) trie.delete(topicName);
  equal(steps(trie, "#"), 1);
});

test("a deleted value takes neither its parent nor its children along", () => {
  const trie = trieOf(["a", "a/b", "a/b/c", "a/b/d"]);
  trie.delete("a/b");
  deepEqual(walk(trie.cursor("#")).sort(), ["a", "a/b/c", "a/b/d"]);
  trie.delete("a/b/c");
  trie.delete("a/b/d");
  deepEqual(walk(trie.cursor("#")), ["a"]);
  equal(steps(trie, "#"), 2);
});

test("a walk stops when its budget runs out and goes on where it was", () => {
  const names = Array.from({ length: 50 }, (_, index) => `a/${index}/x`);
  const cursor = trieOf(names).cursor("a/+/x");
  const found: string[] = [];
  let calls = 0;
  while (!cursor.done) {
    const budget = { steps: 7 };
    for (let value = cursor.next(budget); value !== undefined; value = cursor.next(budget)) found.push(value.topicName);
    ok(budget.steps >= 0);
    ok(cursor.done || budget.steps === 0);
    calls += 1;
  }
  deepEqual(found, names);
  // The root, a, then a child and its x for each of 50.
  equal(calls, Math.ceil(102 / 7));
});

test("a walk that finds nothing in many nodes stops at its budget too", () => {
  const cursor = trieOf(Array.from({ length: 5000 }, (_, index) => `a/${index}`)).cursor("+/+/nothing");
  const budget = { steps: 1000 };
  equal(cursor.next(budget), undefined);
  equal(budget.steps, 0);
  equal(cursor.done, false);
});

test("without a budget nothing is done", () => {
  const cursor = trieOf(["a"]).cursor("a");
  equal(cursor.next({ steps: 0 }), undefined);
  equal(cursor.done, false);
  deepEqual(walk(cursor), ["a"]);
});

test("a finished walk stays finished", () => {
  const trie = trieOf(["a"]);
  const cursor = trie.cursor("#");
  deepEqual(walk(cursor), ["a"]);
  trie.set("b", { topicName: "b" });
  equal(cursor.next({ steps: 10 }), undefined);
  equal(cursor.done, true);
});

test("a value deleted ahead of the walk is not found", () => {
  const trie = trieOf(["a/1", "a/2", "a/3"]);
  const cursor = trie.cursor("a/+");
  equal(cursor.next({ steps: 100 })?.topicName, "a/1");
  trie.delete("a/2");
  trie.delete("a/1");
  deepEqual(walk(cursor), ["a/3"]);
});

test("a value replaced ahead of the walk is found as it is now", () => {
  const trie = trieOf(["a/1", "a/2"]);
  const cursor = trie.cursor("a/#");
  cursor.next({ steps: 100 });
  const now = { topicName: "a/2" };
  trie.set("a/2", now);
  equal(cursor.next({ steps: 100 }), now);
});

test("a walk is at home in a trie that is emptied and filled again under it", () => {
  const trie = trieOf(["a/1/x", "a/2/x"]);
  const cursor = trie.cursor("a/+/x");
  equal(cursor.next({ steps: 100 })?.topicName, "a/1/x");
  trie.delete("a/1/x");
  trie.delete("a/2/x");
  trie.set("a/2/x", { topicName: "a/2/x" });
  ok(walk(cursor).length <= 1);
});

type Step =
  | { readonly verb: "set" | "delete"; readonly topicName: string }
  | { readonly verb: "walk"; readonly steps: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ verb: fc.constantFrom("set", "delete"), topicName: topicNames }),
  fc.record({ verb: fc.constant("walk"), steps: fc.nat({ max: 6 }) }),
);

test("the trie holds what a Map holds, and finds what the reference matcher finds", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), topicFilters, (verbs, topicFilter) => {
      const trie = new RetainedTrie<Value>();
      const map = new Map<string, Value>();
      for (const next of verbs) {
        if (next.verb === "walk") continue;
        const { topicName } = next;
        const before = map.get(topicName);
        if (next.verb === "set") {
          const value = { topicName };
          equal(trie.set(topicName, value), before);
          map.set(topicName, value);
        } else {
          equal(trie.delete(topicName), before);
          map.delete(topicName);
        }
        equal(trie.get(topicName), map.get(topicName));
        equal(trie.size, map.size);
      }
      const expected = [...map.keys()].filter((topicName) => matches(topicFilter, topicName));
      deepEqual(walk(trie.cursor(topicFilter)).sort(), expected.sort());
    }),
    { numRuns: 500 },
  );
});

test("whatever changes between its steps, a walk finds what stays once and what is gone never", () => {
  const initial = fc.array(topicNames, { minLength: 5, maxLength: 40 });
  const filter = fc.oneof(topicFilters, fc.constantFrom("#", "+/#", "a/#", "+/+", "$SYS/#"));
  fc.assert(
    fc.property(initial, filter, fc.array(step, { maxLength: 60 }), (names, topicFilter, verbs) => {
      const trie = trieOf(names);
      const staying = new Set(names.filter((topicName) => matches(topicFilter, topicName)));
      const cursor = trie.cursor(topicFilter);
      const found: Value[] = [];
      function go(count: number): void {
        const budget = { steps: count };
        for (let value = cursor.next(budget); value !== undefined; value = cursor.next(budget)) {
          equal(trie.get(value.topicName), value, "what is found is there now");
          ok(matches(topicFilter, value.topicName), `${topicFilter} does not match ${value.topicName}`);
          found.push(value);
        }
      }
      for (const next of verbs) {
        if (next.verb === "walk") go(next.steps);
        else if (next.verb === "set") trie.set(next.topicName, { topicName: next.topicName });
        else if (trie.delete(next.topicName) !== undefined) staying.delete(next.topicName);
      }
      go(10_000);
      equal(cursor.done, true);
      equal(new Set(found).size, found.length, "no value is found twice");
      for (const topicName of staying) {
        equal(found.filter((value) => value.topicName === topicName).length, 1, topicName);
      }
    }),
    { numRuns: 1000 },
  );
});

test("a topic of 65,535 slashes is kept, found and deleted without recursion", () => {
  const topicName = "/".repeat(65_535);
  const trie = trieOf([topicName]);
  for (const topicFilter of [topicName, "#", `${"+/".repeat(32_767)}#`, `+${"/+".repeat(65_535)}`]) {
    equal(walk(trie.cursor(topicFilter)).length, 1);
  }
  equal(walk(trie.cursor(`+${"/+".repeat(65_534)}`)).length, 0);
  ok(trie.delete(topicName));
  equal(steps(trie, "#"), 1);
});
