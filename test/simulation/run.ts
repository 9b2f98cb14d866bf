import { Violation } from "./records.ts";
import { type RunCounts, World } from "./world.ts";

/** What was found in a run. */
export interface Finding {
  readonly seed: number;
  /** The sentence. */
  readonly what: string;
  /** What happened before, as far as it has to do with it. */
  readonly history: readonly string[];
}

const historyMax = 80;

/** One run of this seed; what it came to, or what was found. */
export async function runSeed(seed: number): Promise<RunCounts | Finding> {
  try {
    return await new World(seed, undefined).run();
  } catch (error) {
    return await explain(seed, error);
  }
}

/** The same run again, this time written down. */
export async function explain(seed: number, found: unknown): Promise<Finding> {
  const lines: string[] = [];
  let error = found;
  try {
    await new World(seed, (line) => lines.push(line)).run();
  } catch (again) {
    error = again;
  }
  const what =
    error instanceof Violation
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  const about = error instanceof Violation ? error.about : [];
  return { seed, what, history: tell(lines, about) };
}

/** Lines that name what the finding is about; without a name the last ones. */
function tell(lines: readonly string[], about: readonly string[]): string[] {
  if (about.length === 0) return lines.slice(-historyMax);
  const names = new RegExp(`\\b(?:${about.map((name) => name.replace(/[^\w]/g, "\\$&")).join("|")})\\b`);
  return lines
    .filter((line) => (names.test(line) && !line.includes(" PING")) || line.includes("the process dies"))
    .slice(-historyMax);
}

/** A seed that was not run before, most likely. */
export function seedNow(): number {
  return Date.now() % 1_000_000_000;
}

/**
 * Runs seeds from `first` on until the time or the runs are over; the first finding ends it.
 *
 * @param say hears now and then how far it is
 */
export async function runFor(
  first: number,
  milliseconds: number,
  runs: number,
  say: (line: string) => void,
): Promise<Finding | undefined> {
  const startedAt = performance.now();
  const total = { runs: 0, steps: 0, messages: 0, crashes: 0 };
  let saidAt = startedAt;
  for (let seed = first; seed < first + runs; seed += 1) {
    const now = performance.now();
    if (now - startedAt > milliseconds) break;
    if (now - saidAt > 60_000) {
      saidAt = now;
      say(summary(first, total, now - startedAt));
    }
    const outcome = await runSeed(seed);
    if ("what" in outcome) return outcome;
    total.runs += 1;
    total.steps += outcome.steps;
    total.messages += outcome.messages;
    total.crashes += outcome.crashes;
  }
  say(summary(first, total, performance.now() - startedAt));
  return undefined;
}

/** A finding for people: what, the history before it, and how to have it again. */
export function findingLines({ seed, what, history }: Finding): string[] {
  return [...history, "", what, `Again: npm run simulate -- --seed ${seed}`];
}

function summary(first: number, total: { readonly runs: number } & RunCounts, milliseconds: number): string {
  const { runs, steps, messages, crashes } = total;
  const seconds = (milliseconds / 1_000).toFixed(1);
  return `seeds from ${first}: ${runs} runs, ${steps} steps, ${messages} messages, ${crashes} crashes in ${seconds} s`;
}
