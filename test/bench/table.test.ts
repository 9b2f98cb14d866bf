import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProtocolVersion } from "../../bench/broker.ts";
import type { LoadResult } from "../../bench/load/generator.ts";
import { type Measurement, median, perCore } from "../../bench/measure.ts";
import { type Scenario, scenarios } from "../../bench/scenarios.ts";
import { growthTable, scenarioTable } from "../../bench/table.ts";

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

test("a step is held against the step before, and against the last Mosquitto that can do it too", () => {
  const deployed = named("deployed-telemetry-qos1");
  const at = (name: string, step: number, delivered: number): Measurement => {
    const measured = measurement(name, 5, [run(delivered, 1)]);
    return { ...measured, scenario: deployed, contender: { ...measured.contender, step } };
  };
  const table = scenarioTable([
    at("petstore-mqtt", 0, 8_000),
    at("mosquitto", 0, 1_000),
    at("petstore-mqtt", 2, 6_000),
    at("mosquitto", 2, 500),
    at("petstore-mqtt", 3, 3_000),
    at("petstore-mqtt", 4, 1_500),
    at("mosquitto-saving", 4, 100),
  ]);
  const rows = cells(table).map((row) => [row[0], row[4], row[5]]);
  assert.deepEqual(rows, [
    ["petstore-mqtt, 5.0, plain", "", "8.00"],
    ["mosquitto, 5.0, plain", "", "1.00"],
    ["petstore-mqtt, 5.0, + TLS", "", "12.00"],
    ["mosquitto, 5.0, + TLS", "", "1.00"],
    ["petstore-mqtt, 5.0, + contract", "0.50", "6.00"],
    ["petstore-mqtt, 5.0, + disk", "0.50", "15.00"],
    ["mosquitto-saving, 5.0, + disk", "", "1.00"],
  ]);
});

test("latency is held against Mosquitto's by its median, and less is better", () => {
  const late = (name: string, p50: number): Measurement => {
    const slow = { ...run(2_000, 1), latencyMicroseconds: { p50, p90: p50, p99: p50, p999: p50 } };
    return { ...measurement(name, 5, [slow]), scenario: named("latency") };
  };
  assert.deepEqual(ratiosIn(scenarioTable([late("petstore-mqtt", 100), late("mosquitto", 150)])), ["1.50", "1.00"]);
});

test("what was measured before is held against the same broker, version and scenario of that time", () => {
  const now = measurement("petstore-mqtt", 5, [run(6_000, 1)]);
  const before = [
    measurement("petstore-mqtt", 4, [run(1_000, 1)]),
    measurement("petstore-mqtt", 5, [run(4_000, 1)]),
    { ...measurement("petstore-mqtt", 5, [run(2_000, 1)]), scenario: named("p2p-qos2") },
  ];
  assert.equal(cells(scenarioTable([now], before))[0]![5], "1.50");
});

test("a growth table has a row for each broker and a column for each point, in microseconds a message", () => {
  const at = (name: string, messages: number): Measurement => ({
    ...measurement("petstore-mqtt", 4, [run(messages, 1)]),
    scenario: named(name),
  });
  const table = growthTable([at("growth-topics-10", 1_000_000), at("growth-topics-1000000", 500_000)]);
  assert.deepEqual(cells(table), [["petstore-mqtt, 3.1.1", "1.00", "2.00"]]);
});

function named(name: string): Scenario {
  return scenarios.find((scenario) => scenario.name === name)!;
}

function measurement(name: string, version: ProtocolVersion, runs: readonly LoadResult[]): Measurement {
  const broker = { name, release: "1", versions: [version] };
  return { scenario: scenarios[0]!, contender: { broker, version, step: 0 }, runs, failures: [] };
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
    resumed: 0,
    latencyMicroseconds: { p50: 100, p90: 200, p99: 300, p999: 400 },
  };
}

function ratiosIn(table: string): readonly string[] {
  return cells(table).map((row) => row[4]!);
}

/** Row by row, without the titles. */
function cells(table: string): readonly (readonly string[])[] {
  const rows = table.split("\n").slice(2);
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
