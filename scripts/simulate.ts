// Runs the simulation on demand. It ends with the first finding.
//   npm run simulate -- --seed 17           that one run, again
//   npm run simulate -- --minutes 5         new seeds for so long; also --seconds, --hours
//   npm run simulate -- --from 1 --runs 100 those seeds
import { parseArgs } from "node:util";
import { findingLines, runFor, runSeed, seedNow } from "../test/simulation/run.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    from: { type: "string" },
    runs: { type: "string" },
    seconds: { type: "string" },
    minutes: { type: "string" },
    hours: { type: "string" },
  },
});

if (values.seed === undefined) {
  const seconds = number(values.seconds) + 60 * number(values.minutes) + 3_600 * number(values.hours);
  const from = values.from === undefined ? seedNow() : number(values.from);
  const runs = values.runs === undefined ? Number.POSITIVE_INFINITY : number(values.runs);
  const isEndless = seconds === 0;
  const outcome = await runFor(from, isEndless ? Number.POSITIVE_INFINITY : seconds * 1_000, runs, (line) =>
    console.log(line),
  );
  if (outcome !== undefined) fail(findingLines(outcome));
} else {
  const outcome = await runSeed(number(values.seed));
  if ("what" in outcome) fail(findingLines(outcome));
  else
    console.log(
      `seed ${values.seed}: ${outcome.steps} steps, ${outcome.messages} messages, ${outcome.crashes} crashes`,
    );
}

function number(text: string | undefined): number {
  const value = Number(text ?? 0);
  if (!Number.isFinite(value) || value < 0) throw new Error(`${text} is not a number`);
  return value;
}

function fail(lines: readonly string[]): void {
  for (const line of lines) console.log(line);
  process.exitCode = 1;
}
