import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { addressFilter, addressParameters, matchLevel, parseAddress } from "../../src/contract/address.ts";

describe("an address is texts and parameters, level by level", () => {
  for (const [text, filter, parameters] of [
    ["pets/{petId}/health", "pets/+/health", ["petId"]],
    ["a", "a", []],
    ["/a//b/", "/a//b/", []],
    ["pets/pet-{petId}/x", "pets/+/x", ["petId"]],
    ["v{major}.{minor}/x", "+/x", ["major", "minor"]],
    ["a/+/b", "a/+/b", []],
    ["a/#", "a/#", []],
    ["#", "#", []],
  ] as const) {
    test(text, () => {
      const address = parseAddress(text);
      assert.ok(!("problem" in address));
      assert.equal(addressFilter(address), filter);
      assert.deepEqual(addressParameters(address), parameters);
    });
  }
});

describe("what is no address says why", () => {
  for (const [text, problem] of [
    ["", "An address has at least one character"],
    ["a\0b", "An address has no U+0000"],
    ["a/{id", "A { is not closed in {id"],
    ["a/{}", "{} is no parameter"],
    ["a/{b c}", "{b c} is no parameter"],
    ["a/{id}/{id}", "The parameter id stands twice in the address"],
    ["{a}{b}", "Nothing stands between {a} and {b}"],
    ["a/b+", "+ cannot stand in the level b+"],
    ["a/#/b", "# cannot stand in the level #"],
    ["a/b}", "} cannot stand in the level b}"],
  ] as const) {
    test(JSON.stringify(text), () => {
      const address = parseAddress(text);
      assert.equal("problem" in address ? address.problem : undefined, problem);
    });
  }
});

describe("a level gives its parameters their values", () => {
  for (const [level, text, values] of [
    ["{id}", "abc", ["abc"]],
    ["{id}", "", undefined],
    ["pet-{id}", "pet-7", ["7"]],
    ["pet-{id}", "pet-", undefined],
    ["pet-{id}", "dog-7", undefined],
    ["{id}.json", "7.json", ["7"]],
    ["{id}.json", "7.xml", undefined],
    ["v{major}.{minor}", "v1.2", ["1", "2"]],
    ["v{major}.{minor}", "v1.2.3", ["1", "2.3"]],
    ["v{major}.{minor}", "v.2", undefined],
    ["{a}--{b}", "x--y--z", ["x", "y--z"]],
    ["a{x}a", "aa", undefined],
    ["a{x}a", "aba", ["b"]],
  ] as const) {
    test(`${level} in ${JSON.stringify(text)}`, () => {
      const address = parseAddress(level);
      assert.ok(!("problem" in address));
      const first = address.levels[0];
      assert.ok(first?.kind === "parameters");
      assert.deepEqual(matchLevel(first, text), values);
    });
  }
});
