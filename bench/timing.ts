import { median } from "./measure.ts";
import { markdownTable } from "./table.ts";

/** Something small, done over and over; returns what it made, so that it cannot be optimised away. */
export interface Sample {
  readonly name: string;
  /** How many of what is counted one call does. */
  readonly count: number;
  readonly run: () => unknown;
}

const rounds = 7;
const roundMilliseconds = 60;

/**
 * Times the samples in interleaved rounds and prints the nanoseconds each takes: median, fastest, slowest. Returns the
 * fastest, which other work disturbed least.
 */
export function printTimings(title: string, samples: readonly Sample[]): readonly number[] {
  const calls = samples.map(callsPerRound);
  const nanoseconds = samples.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    samples.forEach((sample, i) => {
      nanoseconds[i]!.push((time(sample, calls[i]!) / (calls[i]! * sample.count)) * 1e6);
    });
  }
  const rows = samples.map(({ name }, i) => {
    const figures = nanoseconds[i]!;
    return [name, ...[median(figures), Math.min(...figures), Math.max(...figures)].map((figure) => figure.toFixed(0))];
  });
  console.log(`${markdownTable([title, "ns", "fastest", "slowest"], rows)}\n`);
  return nanoseconds.map((figures) => Math.min(...figures));
}

let sink: unknown;

/** Milliseconds for so many calls. */
function time({ run }: Sample, calls: number): number {
  const startedAt = performance.now();
  for (let call = 0; call < calls; call++) sink = run();
  const took = performance.now() - startedAt;
  if (sink === time) console.log("never");
  return took;
}

/** Doubles until a round is long enough, which warms up as well. */
function callsPerRound(sample: Sample): number {
  let calls = 16;
  while (time(sample, calls) < roundMilliseconds) calls *= 2;
  return calls;
}
