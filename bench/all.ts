// npm run bench:all [-- --seconds S] [--rounds N] [--node RELEASE]… [--scale PART] [--from FILE]
// Measures everything that docs/performance.md speaks of, one thing after the other, keeps it in .cache/bench.json and
// draws the page anew. With --from it only draws, from what was measured before.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { ProtocolVersion } from "./broker.ts";
import { type Choice, contendersOf, missingBrokers } from "./contenders.ts";
import { compileGenerator } from "./load/generator.ts";
import { type Effort, type Measurement, measureScenario } from "./measure.ts";
import { type NodeProgram, nodeOfRelease, thisNode } from "./node-program.ts";
import { drawPage } from "./page.ts";
import { positiveNumber } from "./positive-number.ts";
import { fullRestart, measureRestart, scaledRestart } from "./restart.ts";
import { beginResults, conditions, type Results, readResults, writeResults } from "./results.ts";
import { scenarios } from "./scenarios.ts";
import { scenarioTable } from "./table.ts";

const root = join(import.meta.dirname, "..");
const cache = join(root, ".cache");

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "2" },
    rounds: { type: "string", default: "5" },
    node: { type: "string", multiple: true, default: ["24"] },
    scale: { type: "string", default: "1" },
    from: { type: "string" },
  },
});

try {
  draw(values.from === undefined ? await measureAll() : readResults(values.from));
} catch (error) {
  console.error(`bench:all: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

async function measureAll(): Promise<Results> {
  const nodes = [thisNode, ...values.node.map(nodeOfRelease)];
  compileGenerator();
  for (const sentence of missingBrokers()) console.log(`left out: ${sentence}`);
  const effort: Effort = {
    rounds: positiveNumber("rounds", values.rounds),
    seconds: positiveNumber("seconds", values.seconds),
    warmUpSeconds: 0.5,
  };
  const load = scaledRestart(fullRestart, positiveNumber("scale", values.scale));
  const begun = beginResults(effort);
  for (const line of conditions(begun)) console.log(line);
  mkdirSync(cache, { recursive: true });
  const file = join(cache, "bench.json");
  const measurements: Measurement[] = [];
  for (const scenario of scenarios) {
    const isGrowing = scenario.at !== undefined;
    const choice = choiceFor(isGrowing, scenario.group === "throughput", nodes);
    // A curve is a ratio to its own beginning: it needs no repetition.
    const repeated = isGrowing ? { ...effort, rounds: 1 } : effort;
    const measured = await measureScenario(scenario, contendersOf(scenario, choice), repeated);
    measurements.push(...measured);
    console.log(`\n${scenario.name}: ${scenario.sentence}\n\n${scenarioTable(measured)}`);
    // What was measured is kept, whatever comes.
    writeFileSync(file, writeResults({ ...begun, measurements }));
  }
  const restart = await measureRestart(load);
  const results = { ...begun, measurements, restart };
  writeFileSync(file, writeResults(results));
  console.log(`\n${file}`);
  return results;
}

/** Both versions of the protocol where messages are all that is measured, else one. */
function choiceFor(isGrowing: boolean, isThroughput: boolean, nodes: readonly NodeProgram[]): Choice {
  const versions: readonly ProtocolVersion[] = isThroughput ? [4, 5] : [5];
  return { versions, names: undefined, nodes: isGrowing ? [thisNode] : nodes, store: undefined };
}

function draw(results: Results): void {
  const page = join(root, "docs/performance.md");
  const { text, charts } = drawPage(readFileSync(page, "utf8"), results);
  const directory = join(root, "docs/performance");
  mkdirSync(directory, { recursive: true });
  for (const [name, svg] of charts) writeFileSync(join(directory, name), svg);
  writeFileSync(page, text);
  // Tables as all others in this tree are written.
  spawnSync(process.execPath, [join(root, "node_modules/@biomejs/biome/bin/biome"), "format", "--write", page]);
  console.log(`${page} is drawn`);
}
