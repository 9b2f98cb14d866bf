// npm run test:kill -- [--rounds N] [--seed N]
// The broker under load is killed N times; what was acknowledged is compared with what arrived.
import { parseArgs } from "node:util";
import { runKills } from "./kill-run.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "100" },
    seed: { type: "string", default: String(Date.now() % 1_000_000_000) },
  },
});
const seed = Number(values.seed);
console.log(`seed ${seed}`);
const startedAt = performance.now();
const { problems, ...figures } = await runKills(seed, Number(values.rounds), console.log);
for (const [name, value] of Object.entries(figures))
  console.log(`${name.padEnd(20)} ${Math.round(value * 1_000) / 1_000}`);
console.log(`${Math.round((performance.now() - startedAt) / 1_000)} s`);
for (const problem of problems) console.log(`problem: ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;
