import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { covers, overlaps } from "../../src/topics/covers.ts";
import { matches } from "../../src/topics/match.ts";
import { topicFilters, topicNames } from "./arbitraries.ts";

/** A word that stands in no filter: what a wildcard matches beside the words of the other filter. */
const strange = "elsewhere";

/**
 * Topic Names that a filter matches, enough of them to tell it from any other: every `+` stands for each word of the other
 * filter and a strange one, `#` for nothing and for strange levels up to beyond the other's end.
 */
function samples(topicFilter: string, other: string): string[] {
  const words = [...new Set([...other.split("/").filter((level) => level !== "+" && level !== "#"), strange])];
  let names: (readonly string[])[] = [[]];
  for (const level of topicFilter.split("/")) {
    if (level === "#") names = names.flatMap((name) => tails(name, words, other.split("/").length + 1));
    else names = names.flatMap((name) => (level === "+" ? words : [level]).map((word) => [...name, word]));
  }
  return names.map((name) => name.join("/")).filter((name) => name !== "" && matches(topicFilter, name));
}

function tails(name: readonly string[], words: readonly string[], length: number): (readonly string[])[] {
  const longer = name.length < length ? words.flatMap((word) => tails([...name, word], words, length)) : [];
  return [name, ...longer];
}

const filters = topicFilters.filter((topicFilter) => topicFilter.split("/").length <= 3);

test("a filter covers another exactly when it matches every Topic Name of it", () => {
  fc.assert(
    fc.property(filters, filters, (wide, narrow) => {
      const expected = samples(narrow, wide).every((name) => matches(wide, name));
      assert.equal(covers(wide, narrow), expected);
    }),
    { numRuns: 3_000 },
  );
});

test("two filters overlap exactly when some Topic Name is matched by both", () => {
  fc.assert(
    fc.property(filters, filters, (first, second) => {
      const expected = samples(first, second).some((name) => matches(second, name));
      assert.equal(overlaps(first, second), expected);
      assert.equal(overlaps(second, first), expected);
    }),
    { numRuns: 3_000 },
  );
});

test("a Topic Name as a filter is covered by what matches it, and overlaps with nothing else", () => {
  fc.assert(
    fc.property(topicFilters, topicNames, (topicFilter, topicName) => {
      const expected = matches(topicFilter, topicName);
      assert.equal(covers(topicFilter, topicName), expected);
      assert.equal(overlaps(topicFilter, topicName), expected);
    }),
    { numRuns: 2_000 },
  );
});

for (const [wide, narrow, expected] of [
  ["#", "a/+/c", true],
  ["#", "$SYS/#", false],
  ["$SYS/#", "$SYS/broker/+", true],
  ["$SYS/#", "$SYS", true],
  ["+/broker", "$SYS/broker", false],
  ["+/#", "#", true],
  ["#", "+/#", true],
  ["a/+/#", "a/#", false],
  ["a/#", "a", true],
  ["a/+", "a/#", false],
  ["orders/+/status", "orders/42/status", true],
  ["orders/+/status", "orders/+/+", false],
] as const) {
  test(`${wide} ${expected ? "covers" : "does not cover"} ${narrow}`, () => {
    assert.equal(covers(wide, narrow), expected);
  });
}
