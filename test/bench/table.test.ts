import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProtocolVersion } from "../../bench/brokers.ts";
import type { LoadResult } from "../../bench/load/generator.ts";
import { type Measurement, median } from "../../bench/measure.ts";
import { scenarios } from "../../bench/scenarios.ts";
import { perCore, scenarioTable } from "../../bench/table.ts";

test("a message counts by the broker's CPU seconds, not by the clock", () => {
  assert.equal(perCore(measurement("ours", 5, [run(1_000, 0.5), run(3_000, 0.5), run(2_000, 0.5)])), 4_000);
});

test("the ratio is taken against Mosquitto speaking the same version, or the one that it did speak", () => {
  const rows = [
    measurement("petstore-mqtt", 4, [run(6_000, 1)]),
    measurement("petstore-mqtt", 5, [run(6_000, 1)]),
    measurement("mosquitto", 5, [run(2_000, 1)]),
  ];
  assert.deepEqual(ratiosIn(scenarioTable(rows)), ["3.00", "3.00", "1.00"]);
  assert.deepEqual(ratiosIn(scenarioTable([...rows, measurement("mosquitto", 4, [run(1_500, 1)])])), [
    "4.00",
    "3.00",
    "1.00",
    "1.00",
  ]);
});

test("a broker whose runs all failed gets a row that says why", () => {
  const failed = { ...measurement("aedes", 4, []), failures: ["load: CONNACK with code 0x01"] };
  assert.match(scenarioTable([failed]), /aedes, 3\.1\.1 *\| +failed: load: CONNACK with code 0x01/);
});

test("the median of an even number of figures is the mean of the middle two", () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
});

function measurement(name: string, version: ProtocolVersion, runs: readonly LoadResult[]): Measurement {
  const start = () => Promise.reject(new Error("not started here"));
  const broker = { name, release: "1", versions: [version], start };
  return { scenario: scenarios[0]!, contender: { broker, version }, runs, failures: [] };
}

function run(delivered: number, brokerCpuSeconds: number): LoadResult {
  return {
    clients: 2,
    seconds: 2,
    sent: delivered,
    delivered,
    lost: 0,
    duplicated: 0,
    unacknowledged: 0,
    brokerCpuSeconds,
    generatorCpuSeconds: 0.1,
    brokerKilobytes: 9_000,
    brokerKilobytesMax: 9_000,
    brokerKilobytesBefore: 8_000,
    latencyMicroseconds: { p50: 100, p90: 200, p99: 300, p999: 400 },
  };
}

function ratiosIn(table: string): readonly string[] {
  return table
    .split("\n")
    .slice(2)
    .map((row) => row.split("|")[5]!.trim());
}
