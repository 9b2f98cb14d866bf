// npm run profile -- [SCENARIO] [--store memory|disk] [--mqtt 3.1.1|5.0] [--seconds S] [--top N]
// Runs our broker under the CPU profiler with one load, set up by the last step of the scenario; prints where its time went
// and leaves the .cpuprofile and a flame graph in .cache.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { petstore } from "./brokers/petstore.ts";
import { type Cost, type CpuProfile, fileCosts, functionCosts } from "./cpu-profile.ts";
import { flameGraph } from "./flame-graph.ts";
import { eventsIn, runOnce } from "./measure.ts";
import { thisNode } from "./node-program.ts";
import { positiveNumber } from "./positive-number.ts";
import { scenariosNamed } from "./scenarios.ts";
import { markdownTable } from "./table.ts";

const root = join(import.meta.dirname, "..");

try {
  await profile();
} catch (error) {
  console.error(`profile: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

async function profile(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      mqtt: { type: "string", default: "5.0" },
      store: { type: "string" },
      seconds: { type: "string", default: "4" },
      top: { type: "string", default: "25" },
    },
  });
  const [scenario] = scenariosNamed(positionals.length > 0 ? positionals.slice(0, 1) : ["p2p-qos1"]);
  const cache = join(root, ".cache");
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(join(cache, `profile-${scenario!.name}-`));
  const { setup } = scenario!.steps.at(-1)!;
  const store = values.store === undefined ? setup.store : values.store === "disk" ? "disk" : "memory";
  const broker = petstore({ ...setup, store }, thisNode, [
    "--cpu-prof",
    "--cpu-prof-interval",
    "200",
    "--cpu-prof-dir",
    directory,
  ]);
  const version = values.mqtt === "3.1.1" ? 4 : 5;
  const effort = { seconds: positiveNumber("seconds", values.seconds), warmUpSeconds: 0.5 };
  const result = await runOnce(scenario!, broker, version, effort);
  const file = readdirSync(directory).find((name) => name.endsWith(".cpuprofile"));
  if (file === undefined) throw new Error("the broker left no profile: it must end by itself on SIGTERM");
  const recorded = JSON.parse(readFileSync(join(directory, file), "utf8")) as CpuProfile;
  console.log(`${scenario!.name}: ${scenario!.sentence}`);
  const events = eventsIn(scenario!, result);
  const perMillion = ((result.brokerCpuSeconds / events) * 1e6).toFixed(2);
  const what = scenario!.mode === "connect" ? "connections" : "messages";
  console.log(`${events} ${what}, ${perMillion} CPU s per million (with the profiler running)\n`);
  const top = positiveNumber("top", values.top);
  console.log(costTable("function", functionCosts(recorded, root).slice(0, top)));
  console.log(`\n${costTable("file", fileCosts(recorded, root).slice(0, top))}`);
  const graph = join(directory, "flame-graph.svg");
  writeFileSync(graph, flameGraph(recorded, root, `${scenario!.name}: ${scenario!.sentence}`));
  console.log(`\n${join(directory, file)}\n${graph}`);
}

function costTable(title: string, costs: readonly Cost[]): string {
  return markdownTable(
    [title, "place", "ms", "%"],
    costs.map(({ name, place, milliseconds, share }) => [
      name,
      place,
      milliseconds.toFixed(0),
      (share * 100).toFixed(1),
    ]),
  );
}
