import { describe, test } from "node:test";
import { StoreBench, type StoreCase, type StoreStage } from "./store-bench.ts";
import { endedCases } from "./store-cases-ended.ts";
import { keptCases } from "./store-cases-kept.ts";
import { readCases } from "./store-cases-read.ts";
import { settledCases } from "./store-cases-settled.ts";

/** What a Store means, as tests: every engine must pass all of them. */
export function testStore(name: string, createStage: () => Promise<StoreStage>): void {
  const cases: Readonly<Record<string, StoreCase>> = { ...keptCases, ...settledCases, ...endedCases, ...readCases };
  describe(name, () => {
    for (const [sentence, run] of Object.entries(cases)) {
      test(sentence, async () => {
        const bench = new StoreBench(await createStage());
        try {
          await bench.open();
          await run(bench);
        } finally {
          await bench.end();
        }
      });
    }
  });
}
