import type { Broker, ProtocolVersion } from "./brokers.ts";
import { type LoadResult, runGenerator } from "./load/generator.ts";
import type { Scenario } from "./scenarios.ts";

/** One broker speaking one version. */
export interface Contender {
  readonly broker: Broker;
  readonly version: ProtocolVersion;
}

/** What a contender reached in one scenario: its runs, one a round, and the sentences of those that failed. */
export interface Measurement {
  readonly scenario: Scenario;
  readonly contender: Contender;
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
        runs.push(await runOnce(scenario, contender, effort));
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
  { broker, version }: Contender,
  { seconds, warmUpSeconds }: Pick<Effort, "seconds" | "warmUpSeconds">,
): Promise<LoadResult> {
  const running = await broker.start();
  try {
    return await runGenerator(scenario.mode, {
      port: running.port,
      pid: running.pid,
      version,
      time: Math.round(seconds * 1_000),
      warmup: Math.round(warmUpSeconds * 1_000),
      ...scenario.options,
    });
  } finally {
    await running.stop();
  }
}

/** What the scenario is about happened so often: connections, or messages delivered. */
export function eventsIn({ mode }: Scenario, run: LoadResult): number {
  return mode === "connect" ? run.clients : run.delivered;
}

/** The middle of an odd number of values, the mean of the middle two of an even number; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  return (lower + upper) / 2;
}
