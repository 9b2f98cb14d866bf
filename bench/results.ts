import { readFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { pinning } from "./child.ts";
import type { LoadResult } from "./load/generator.ts";
import type { Effort, Measurement } from "./measure.ts";
import type { RestartResult } from "./restart.ts";
import { scenarios } from "./scenarios.ts";

/** All that was measured at one time. */
export interface Results {
  /** `2026-11-25`. */
  readonly date: string;
  /** A line for people. */
  readonly machine: string;
  /** Of the minute before it began. */
  readonly loadAverage: number;
  readonly effort: Effort;
  readonly measurements: readonly Measurement[];
  readonly restart: RestartResult | undefined;
}

/** What is known before the first measurement. */
export function beginResults(effort: Effort): Results {
  const gigabytes = Math.round(totalmem() / 1e9);
  const machine = `${cpus().length} × ${cpus()[0]?.model}, ${gigabytes} GB, ${process.platform}; ${pinning}`;
  const date = new Date().toISOString().slice(0, 10);
  return { date, machine, loadAverage: loadavg()[0] ?? 0, effort, measurements: [], restart: undefined };
}

/** Above it, other work disturbs what is measured. */
const quietLoadMax = 0.5;

/** What a reader must know about the figures, for people. */
export function conditions({ date, machine, loadAverage, effort }: Results): readonly string[] {
  const quiet = `load average ${loadAverage.toFixed(1)}`;
  const isLoaded = loadAverage > quietLoadMax;
  return [
    `${date}, ${machine}`,
    `${effort.rounds} rounds of ${effort.seconds} s, medians`,
    isLoaded ? `loaded: other work ran (${quiet}), so only ratios mean something` : `quiet: ${quiet}`,
  ];
}

/** Every broker that took part, with its release. */
export function releasesIn({ measurements }: Results): readonly string[] {
  return [...new Set(measurements.map(({ contender }) => `${contender.broker.name} ${contender.broker.release}`))];
}

interface StoredMeasurement {
  readonly scenario: string;
  readonly contender: Measurement["contender"];
  readonly runs: readonly LoadResult[];
  readonly failures: readonly string[];
}

/** As JSON; scenarios go by their names. */
export function writeResults({ measurements, ...rest }: Results): string {
  const stored = measurements.map(({ scenario, contender, runs, failures }): StoredMeasurement => {
    const { broker, version, step } = contender;
    const { name, release, versions } = broker;
    return {
      scenario: scenario.name,
      contender: { broker: { name, release, versions }, version, step },
      runs,
      failures,
    };
  });
  return JSON.stringify({ ...rest, measurements: stored });
}

/** What `writeResults` wrote; scenarios that there are no more are left out. Throws an Error when it is nothing like it. */
export function readResults(file: string): Results {
  const { measurements, ...rest } = JSON.parse(readFileSync(file, "utf8")) as Omit<Results, "measurements"> & {
    readonly measurements: readonly StoredMeasurement[];
  };
  if (!Array.isArray(measurements)) throw new Error(`${file} was not written by npm run bench -- --json`);
  const known = measurements.flatMap(({ scenario: name, ...measured }): readonly Measurement[] => {
    const scenario = scenarios.find((each) => each.name === name);
    return scenario === undefined ? [] : [{ scenario, ...measured }];
  });
  return { ...rest, measurements: known };
}
