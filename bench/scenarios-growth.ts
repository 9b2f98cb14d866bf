import type { Group, ScenarioSketch } from "./scenarios.ts";

const upToAMillion = [10, 100, 1_000, 10_000, 100_000, 1_000_000];
const upToTenThousand = [1, 10, 100, 1_000, 10_000];
const pairs = { publishers: 10, qos: 0, window: 100 };

/** The same load while something else grows. */
export const growthScenarios: readonly ScenarioSketch[] = [
  ...series("growth-subscriptions", upToAMillion, (at) => ({
    sentence: `10 pairs, 64 bytes, and ${count(at)} subscriptions to other topics`,
    mode: "p2p",
    options: pairs,
    background: { retained: 0, subscriptions: at },
  })),
  ...series("growth-retained", upToAMillion, (at) => ({
    sentence: `10 pairs, 64 bytes, RETAIN, and ${count(at)} retained messages of other topics`,
    mode: "p2p",
    options: { ...pairs, retain: 1 },
    background: { retained: at, subscriptions: 0 },
  })),
  ...series("growth-topics", upToAMillion, (at) => ({
    sentence: `10 publishers, 1 subscriber with a wildcard, 64 bytes, ${count(at)} topics in turn`,
    mode: "fan-in",
    options: { ...pairs, topics: at },
  })),
  ...series("growth-fan-out", upToTenThousand, (at) => ({
    sentence: `1 publisher, ${count(at)} subscribers, 64 bytes`,
    mode: "fan-out",
    // As many deliveries on their way, whatever the fan-out.
    options: { subscribers: at, qos: 0, window: Math.max(1, Math.min(100, Math.floor(100_000 / at))) },
  })),
];

function series(
  group: Group,
  points: readonly number[],
  load: (at: number) => Pick<ScenarioSketch, "sentence" | "mode" | "options" | "background">,
): readonly ScenarioSketch[] {
  return points.map((at) => ({ name: `${group}-${at}`, group, at, ...load(at) }) as ScenarioSketch);
}

function count(value: number): string {
  return value.toLocaleString("en");
}
