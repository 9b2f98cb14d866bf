import { test } from "node:test";

const testMillisecondsMax = 30_000;

/** A test that waits for others' programs: one that hangs fails alone, and the next one runs. */
export function boundedTest(name: string, run: () => Promise<void>): void {
  test(name, { timeout: testMillisecondsMax }, run);
}
