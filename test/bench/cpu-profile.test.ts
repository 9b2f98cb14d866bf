import assert from "node:assert/strict";
import { test } from "node:test";
import { type CpuProfile, fileCosts, functionCosts } from "../../bench/cpu-profile.ts";
import { flameGraph } from "../../bench/flame-graph.ts";

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

test("a flame graph has a box for each function where it was called from, as wide as it and its callees took", () => {
  const calls: CpuProfile = {
    nodes: [
      { id: 1, callFrame: frame("(root)", "", -1), children: [2, 5] },
      { id: 2, callFrame: frame("receive", "file:///app/dist/net/link.js", 9), children: [3, 4] },
      { id: 3, callFrame: frame("decode", "file:///app/dist/mqtt/publish.js", 41) },
      { id: 4, callFrame: frame("<T>", "file:///app/dist/mqtt/reader.js", 4) },
      { id: 5, callFrame: frame("(idle)", "", -1) },
    ],
    samples: [2, 3, 4, 5],
    timeDeltas: [0, 2_000, 6_000, 2_000, 90_000],
  };
  const svg = flameGraph(calls, "/app", "p2p");
  const boxes = [...svg.matchAll(/<title>([^<]*)<\/title><rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/g)];
  assert.deepEqual(
    boxes.map(([, title, x, width]) => [title, Number(x), Number(width)]),
    [
      ["all  10 ms, 100.0 %", 0, 1_600],
      ["(root)  10 ms, 100.0 %", 0, 1_600],
      ["receive dist/net/link.js:10 10 ms, 100.0 %", 0, 1_600],
      ["decode dist/mqtt/publish.js:42 6 ms, 60.0 %", 0, 960],
      ["&lt;T&gt; dist/mqtt/reader.js:5 2 ms, 20.0 %", 960, 320],
    ],
  );
});
