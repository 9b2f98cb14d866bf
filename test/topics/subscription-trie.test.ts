import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { matches } from "../../src/topics/match.ts";
import { SubscriptionTrie } from "../../src/topics/subscription-trie.ts";
import { heapBytes } from "../base/heap.ts";
import { topicFilters, topicNames } from "./arbitraries.ts";
import { matchCases } from "./match-cases.ts";

function find<Entry>(trie: SubscriptionTrie<Entry>, topicName: string): Entry[] {
  const into: Entry[] = [];
  trie.match(topicName, into);
  return into;
}

test("an empty trie matches nothing", () => {
  const trie = new SubscriptionTrie<string>();
  deepEqual(find(trie, "a/b"), []);
  equal(trie.size, 0);
});

for (const { topicFilter, matching, others } of matchCases) {
  // [MQTT-4.7.2-1] [MQTT-4.7.3-4] [MQTT311-4.7.2-1] [MQTT311-4.7.3-4]
  test(`a subscription to ${JSON.stringify(topicFilter)} gets what §4.7 says and nothing else`, () => {
    const trie = new SubscriptionTrie<string>();
    trie.add(topicFilter, "subscriber");
    for (const topicName of matching) deepEqual(find(trie, topicName), ["subscriber"], topicName);
    for (const topicName of others) deepEqual(find(trie, topicName), [], topicName);
  });
}

for (const topicFilter of ["a/b", "a/+", "a/#"]) {
  test(`the entries of ${topicFilter} are a set`, () => {
    const trie = new SubscriptionTrie<string>();
    trie.add(topicFilter, "one");
    trie.add(topicFilter, "one");
    equal(trie.size, 1);
    trie.add(topicFilter, "two");
    trie.add(topicFilter, "three");
    trie.add(topicFilter, "two");
    equal(trie.size, 3);
    deepEqual(find(trie, "a/b").sort(), ["one", "three", "two"]);
    for (const [index, entry] of ["two", "one", "three"].entries()) {
      equal(trie.remove(topicFilter, entry), true);
      equal(trie.remove(topicFilter, entry), false);
      equal(trie.size, 2 - index);
      equal(find(trie, "a/b").includes(entry), false);
    }
    deepEqual(find(trie, "a/b"), []);
  });

  test(`nobody is removed from ${topicFilter} but who is there`, () => {
    const trie = new SubscriptionTrie<string>();
    equal(trie.remove(topicFilter, "one"), false);
    trie.add(topicFilter, "one");
    equal(trie.remove(topicFilter, "two"), false);
    equal(trie.remove("a", "one"), false);
    equal(trie.remove("a/+/+", "one"), false);
    equal(trie.remove("a/b/#", "one"), false);
    deepEqual(find(trie, "a/b"), ["one"]);
  });
}

test("entries are told apart by identity, not by what they hold", () => {
  const trie = new SubscriptionTrie<object>();
  const [one, other] = [{ clientId: "a" }, { clientId: "a" }];
  trie.add("a", one);
  equal(trie.remove("a", other), false);
  trie.add("a", other);
  equal(find(trie, "a").length, 2);
});

test("an entry comes once for each of its filters that matches", () => {
  const trie = new SubscriptionTrie<string>();
  for (const topicFilter of ["a/b", "a/+", "+/b", "+/+", "a/#", "a/b/#", "#", "a/+/#", "a", "b/#"])
    trie.add(topicFilter, "me");
  equal(find(trie, "a/b").length, 8);
});

test("matches are added to what the list holds already", () => {
  const trie = new SubscriptionTrie<string>();
  trie.add("a", "exact");
  trie.add("+", "plus");
  const into = ["before"];
  trie.match("a", into);
  deepEqual(into, ["before", "exact", "plus"]);
});

test("removing a filter leaves longer and shorter ones in place", () => {
  const trie = new SubscriptionTrie<string>();
  for (const topicFilter of ["a/+", "a/+/c", "a/+/c/#", "a/+/c/+"]) trie.add(topicFilter, topicFilter);
  trie.remove("a/+/c", "a/+/c");
  deepEqual(find(trie, "a/b"), ["a/+"]);
  deepEqual(find(trie, "a/b/c"), ["a/+/c/#"]);
  deepEqual(find(trie, "a/b/c/d").sort(), ["a/+/c/#", "a/+/c/+"]);
  trie.remove("a/+/c/+", "a/+/c/+");
  deepEqual(find(trie, "a/b/c/d"), ["a/+/c/#"]);
});

const entry = fc.constantFrom("e1", "e2", "e3");
const step = fc.record({ verb: fc.constantFrom("add", "add", "remove"), topicFilter: topicFilters, entry });

test("the trie finds what the reference matcher finds, after any adds and removes", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.array(topicNames, { minLength: 1, maxLength: 10 }),
      (steps, names) => {
        const trie = new SubscriptionTrie<string>();
        const held = new Map<string, { readonly topicFilter: string; readonly entry: string }>();
        // Removing from what was added before, or few removes would hit.
        const fewFilters = steps.slice(0, 12).map((one) => one.topicFilter);
        for (const [index, { verb, entry: who, topicFilter: own }] of steps.entries()) {
          const topicFilter = index % 2 === 0 ? own : (fewFilters[index % fewFilters.length] ?? own);
          const key = `${who} ${topicFilter}`;
          if (verb === "remove") equal(trie.remove(topicFilter, who), held.delete(key));
          else {
            trie.add(topicFilter, who);
            held.set(key, { topicFilter, entry: who });
          }
          equal(trie.size, held.size);
        }
        for (const topicName of names) {
          const expected = [...held.values()]
            .filter((one) => matches(one.topicFilter, topicName))
            .map((one) => one.entry);
          deepEqual(find(trie, topicName).sort(), expected.sort(), topicName);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("filters that came and went leave nothing behind", () => {
  const trie = new SubscriptionTrie<number>();
  trie.add("+/stays", 0);
  const before = heapBytes();
  const filters = Array.from({ length: 3000 }, (_, index) => `+/${`${index}/x/+/`.repeat(7)}#`);
  for (const topicFilter of filters) trie.add(topicFilter, 1);
  const full = heapBytes() - before;
  for (const topicFilter of filters) trie.remove(topicFilter, 1);
  const emptied = heapBytes() - before;
  equal(trie.size, 1);
  ok(full > 6_000_000, `${full} bytes when full`);
  ok(emptied < full / 3, `${emptied} bytes of ${full} when emptied`);
});

test("a topic of 65,535 slashes is matched without recursion", () => {
  const trie = new SubscriptionTrie<string>();
  const topicName = "/".repeat(65_535);
  const filters = [topicName, "#", `${"+/".repeat(32_767)}#`, `+${"/+".repeat(65_535)}`];
  for (const topicFilter of filters) trie.add(topicFilter, topicFilter);
  trie.add(`+${"/+".repeat(65_534)}`, "one level less");
  deepEqual(find(trie, topicName).sort(), filters.sort());
  for (const topicFilter of filters) equal(trie.remove(topicFilter, topicFilter), true);
  equal(trie.size, 1);
});

test("200 levels of + beside names cost no more than there are nodes", () => {
  const trie = new SubscriptionTrie<number>();
  const levels = Array.from({ length: 200 }, () => "a");
  for (let plus = 0; plus < 200; plus += 1) trie.add(levels.with(plus, "+").join("/"), plus);
  for (let depth = 1; depth < 200; depth += 1) trie.add(Array.from({ length: depth }, () => "+").join("/"), -depth);
  // Trying both ways at each level would be 2 to the power of 200 steps, and never end.
  equal(find(trie, levels.join("/")).length, 200);
});
