import { layBackground } from "./background.ts";
import type { Broker } from "./broker.ts";
import type { Contender } from "./contenders.ts";
import { type LoadResult, runGenerator } from "./load/generator.ts";
import type { Scenario } from "./scenarios.ts";

/** What a contender reached in one scenario: its runs, one a round, and the sentences of those that failed. Plain data. */
export interface Measurement {
  readonly scenario: Scenario;
  readonly contender: Omit<Contender, "broker"> & { readonly broker: Omit<Broker, "start"> };
  readonly runs: readonly LoadResult[];
  readonly failures: readonly string[];
}

/** How long and how often. */
export interface Effort {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

/**
 * Measures all contenders in one scenario, a fresh broker for each run, in interleaved rounds (A B C, A B C, …): what
 * else the machine does falls on all of them.
 */
export async function measureScenario(
  scenario: Scenario,
  contenders: readonly Contender[],
  effort: Effort,
): Promise<readonly Measurement[]> {
  const measurements = contenders.map((contender) => ({
    scenario,
    contender,
    runs: [] as LoadResult[],
    failures: [] as string[],
  }));
  for (let round = 0; round < effort.rounds; round++) {
    for (const { contender, runs, failures } of measurements) {
      try {
        runs.push(await runOnce(scenario, contender.broker, contender.version, effort));
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
    }
  }
  return measurements;
}

/** One run against a broker that is started for it. */
export async function runOnce(
  scenario: Scenario,
  broker: Broker,
  version: Contender["version"],
  { seconds, warmUpSeconds }: Pick<Effort, "seconds" | "warmUpSeconds">,
): Promise<LoadResult> {
  const running = await broker.start(scenario.users);
  try {
    const takeAway = await layBackground(running.port, scenario.background);
    const result = await runGenerator(scenario.mode, {
      port: running.port,
      pid: running.pid,
      version,
      time: Math.round(seconds * 1_000),
      warmup: Math.round(warmUpSeconds * 1_000),
      ...running.options,
      ...scenario.options,
    });
    await takeAway();
    return result;
  } finally {
    await running.stop();
  }
}

/** What the scenario is about happened so often: connections, or messages delivered. */
export function eventsIn({ mode }: Pick<Scenario, "mode">, run: LoadResult): number {
  return mode === "connect" ? run.clients : run.delivered;
}

/** The figure that counts: what one core delivers when it is the limit, messages (or connections) per CPU second. */
export function perCore({ scenario, runs }: Measurement): number {
  return median(runs.map((run) => eventsIn(scenario, run) / run.brokerCpuSeconds));
}

/** What ratios are made of, more is better: `perCore`, or messages a second that wait for one another. */
export function merit(measurement: Measurement): number {
  if (measurement.scenario.group !== "latency") return perCore(measurement);
  return 1e6 / median(measurement.runs.map((run) => run.latencyMicroseconds.p50));
}

/** The middle of an odd number of values, the mean of the middle two of an even number; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  return (lower + upper) / 2;
}
