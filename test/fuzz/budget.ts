import type { TestContext } from "node:test";
import fc from "fast-check";

/** How long one property is tried with ever new values, ms: FUZZ_SECONDS, or a look at home and more in CI. */
const budgetMilliseconds = 1_000 * Number(process.env["FUZZ_SECONDS"] ?? (process.env["CI"] === undefined ? 2 : 10));

/** So many runs have one seed; the time is looked at between them, so that none is broken off. */
const runsOfSeed = 50;

/**
 * Tries a property for the time that there is. The first seed is printed; FUZZ_SEED begins with that one, and with FUZZ_PATH
 * tries only the values that failed.
 * @throws Error with what failed, shrunk, and its seed and path
 */
export async function fuzz<Values>(context: TestContext, property: fc.IRawProperty<Values>): Promise<void> {
  const startedAt = performance.now();
  const first = Number(process.env["FUZZ_SEED"] ?? Math.trunc(performance.timeOrigin + startedAt) | 0);
  const path = process.env["FUZZ_PATH"];
  const parameters = path === undefined ? { numRuns: runsOfSeed } : { path, numRuns: 1 };
  let runs = 0;
  for (let seed = first; ; seed += 1) {
    const details = await fc.check(property, { seed, ...parameters });
    runs += details.numRuns;
    if (details.failed) {
      const { errorInstance } = details;
      const problem = errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : "";
      throw new Error(`${fc.defaultReportMessage(details)}\n${problem}`, { cause: errorInstance });
    }
    if (path !== undefined || performance.now() - startedAt > budgetMilliseconds) break;
  }
  context.diagnostic(`${runs} runs from seed ${first}`);
}
