import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { LoadResult } from "../../bench/load/generator.ts";
import type { Measurement } from "../../bench/measure.ts";
import { drawPage } from "../../bench/page.ts";
import { type Results, readResults, writeResults } from "../../bench/results.ts";
import { scenarios } from "../../bench/scenarios.ts";

const page = `# Performance

By hand.

<!-- measured: what follows is written by npm run bench:all -->

old figures

<!-- end of what was measured -->

The end.
`;

const results: Results = {
  date: "2026-11-25",
  machine: "2 × a processor",
  loadAverage: 0.1,
  effort: { rounds: 3, seconds: 2, warmUpSeconds: 0.5 },
  measurements: [
    measured("p2p-qos1", "petstore-mqtt", 9_000),
    measured("p2p-qos1", "mosquitto", 3_000),
    measured("growth-topics-10", "petstore-mqtt", 8_000),
    measured("growth-topics-1000000", "petstore-mqtt", 4_000),
  ],
  restart: undefined,
};

test("the measured part of the page is written anew, and nothing else of it", () => {
  const { text } = drawPage(page, results);
  assert.match(text, /^# Performance\n\nBy hand\.\n\n<!-- measured/);
  assert.match(text, /<!-- end of what was measured -->\n\nThe end\.\n$/);
  assert.doesNotMatch(text, /old figures/);
  assert.match(text, /### p2p-qos1\n/);
  assert.equal(drawPage(text, results).text, text);
});

test("the page shows a chart of ratios and one for each curve, and links no other", () => {
  const { text, charts } = drawPage(page, results);
  assert.deepEqual([...charts.keys()].sort(), ["growth-topics.svg", "ratios.svg"]);
  const linked = [...text.matchAll(/\]\(performance\/([\w.-]+)\)/g)].map(([, name]) => name);
  assert.deepEqual(linked.sort(), [...charts.keys()].sort());
  assert.match(charts.get("ratios.svg")!, />3\.00</);
  for (const svg of charts.values()) assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
});

test("figures of a machine that did other work are called loaded", () => {
  assert.match(drawPage(page, results).text, /quiet: load average 0\.1/);
  assert.match(drawPage(page, { ...results, loadAverage: 3 }).text, /loaded: other work ran \(load average 3\.0\)/);
});

test("a page without its two lines is refused", () => {
  assert.throws(() => drawPage("# Performance\n", results), /the page lacks the lines/);
});

test("what was written can be read again, and scenarios that there are no more are left out", () => {
  const directory = mkdtempSync(join(tmpdir(), "petstore-bench-test-"));
  try {
    const file = join(directory, "bench.json");
    const gone = { ...results.measurements[0]!, scenario: { ...results.measurements[0]!.scenario, name: "gone" } };
    writeFileSync(file, writeResults({ ...results, measurements: [...results.measurements, gone] }));
    const { restart: _none, ...rest } = results;
    assert.deepEqual(readResults(file), rest);
    writeFileSync(file, "{}");
    assert.throws(() => readResults(file), /was not written by npm run bench/);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

function measured(scenario: string, name: string, delivered: number): Measurement {
  const run: LoadResult = {
    clients: 2,
    seconds: 2,
    sent: delivered,
    delivered,
    lost: 0,
    duplicated: 0,
    unacknowledged: 0,
    brokerCpuSeconds: 1,
    generatorCpuSeconds: 0.1,
    brokerKilobytes: 9_000,
    brokerKilobytesMax: 9_000,
    brokerKilobytesBefore: 8_000,
    resumed: 0,
    latencyMicroseconds: { p50: 100, p90: 200, p99: 300, p999: 400 },
  };
  const contender = { broker: { name, release: "1", versions: [5] as const }, version: 5 as const, step: 0 };
  return { scenario: scenarios.find((each) => each.name === scenario)!, contender, runs: [run], failures: [] };
}
