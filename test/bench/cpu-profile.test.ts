import assert from "node:assert/strict";
import { test } from "node:test";
import { type CpuProfile, fileCosts, functionCosts } from "../../bench/cpu-profile.ts";

const frame = (functionName: string, url: string, lineNumber: number) => ({ functionName, url, lineNumber });

/** 10 ms idle, then decode 3 ms (in two tree nodes), write 6 ms, garbage collector 1 ms. */
const profile: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame("(idle)", "", -1) },
    { id: 2, callFrame: frame("decode", "file:///app/dist/mqtt/publish.js", 41) },
    { id: 3, callFrame: frame("writeBuffer", "", -1) },
    { id: 4, callFrame: frame("decode", "file:///app/dist/mqtt/publish.js", 41) },
    { id: 5, callFrame: frame("(garbage collector)", "", -1) },
  ],
  samples: [1, 2, 3, 4, 5],
  timeDeltas: [500, 10_000, 1_000, 6_000, 2_000, 1_000],
};

test("a function's self time is summed over the tree, dearest first, and idle time does not count", () => {
  assert.deepEqual(functionCosts(profile, "/app"), [
    { name: "writeBuffer", place: "", milliseconds: 6, share: 0.6 },
    { name: "decode", place: "dist/mqtt/publish.js:42", milliseconds: 3, share: 0.3 },
    { name: "(garbage collector)", place: "", milliseconds: 1, share: 0.1 },
  ]);
});

test("time goes to files, and to its own name where there is no file", () => {
  assert.deepEqual(
    fileCosts(profile, "/app").map(({ name, milliseconds }) => [name, milliseconds]),
    [
      ["writeBuffer", 6],
      ["dist/mqtt/publish.js", 3],
      ["(garbage collector)", 1],
    ],
  );
});
