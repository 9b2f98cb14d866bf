// npm run bench -- [SCENARIO…] [options]; --help lists them. Our broker and its peers under the same loads, in the same
// run. What counts is the ratio.
import { parseArgs } from "node:util";
import type { ProtocolVersion, StoreKind } from "./broker.ts";
import { type Choice, contendersOf, missingBrokers } from "./contenders.ts";
import { compileGenerator } from "./load/generator.ts";
import { type Effort, type Measurement, measureScenario } from "./measure.ts";
import { nodeOfRelease, thisNode } from "./node-program.ts";
import { positiveNumber } from "./positive-number.ts";
import { fullRestart, measureRestart, restartTable, scaledRestart } from "./restart.ts";
import { beginResults, conditions, readResults, releasesIn, writeResults } from "./results.ts";
import { defaultScenarios, type Scenario, scenarios, scenariosNamed } from "./scenarios.ts";
import { growthTable, scenarioTable } from "./table.ts";

const versionsByName: Readonly<Record<string, readonly ProtocolVersion[]>> = {
  "3.1.1": [4],
  "5.0": [5],
  both: [4, 5],
};

/** No load of the generator: it has a measure of its own. */
const restartName = "restart";

try {
  await bench();
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

async function bench(): Promise<void> {
  const { values, positionals } = readArguments();
  if (values.help) {
    console.log(help());
    return;
  }
  const loads = positionals.filter((name) => name !== restartName);
  const chosen = scenariosNamed(positionals.length > 0 ? loads : defaultScenarios);
  const effort: Effort = {
    rounds: positiveNumber("rounds", values.rounds),
    seconds: positiveNumber("seconds", values.seconds),
    warmUpSeconds: 0.5,
  };
  const choice: Choice = {
    versions: versionsNamed(values.mqtt),
    names: values.broker,
    nodes: [thisNode, ...(values.node ?? []).map(nodeOfRelease)],
    store: storeKind(values.store),
  };
  const before = values.compare === undefined ? [] : readResults(values.compare).measurements;
  compileGenerator();
  const say = values.json ? console.error : console.log;
  for (const sentence of missingBrokers()) say(`left out: ${sentence}`);
  const results = beginResults(effort);
  for (const line of conditions(results)) say(line);
  const measurements: Measurement[] = [];
  for (const scenario of chosen) {
    const measured = await measureScenario(scenario, contendersOf(scenario, choice), effort);
    measurements.push(...measured);
    say(`\n${scenario.name}: ${scenario.sentence}\n\n${scenarioTable(measured, before)}`);
  }
  for (const table of growthTables(measurements)) say(`\n${table}`);
  const restart = positionals.includes(restartName)
    ? await measureRestart(scaledRestart(fullRestart, positiveNumber("scale", values.scale)))
    : undefined;
  if (restart !== undefined) say(`\n${restartTable(restart)}`);
  const all = { ...results, measurements, restart };
  say(`\n${releasesIn(all).join("; ")}`);
  if (values.json) console.log(writeResults(all));
  if (measurements.some(wentWrong)) process.exitCode = 1;
}

function readArguments() {
  return parseArgs({
    allowPositionals: true,
    options: {
      mqtt: { type: "string", default: "3.1.1" },
      store: { type: "string" },
      broker: { type: "string", multiple: true },
      node: { type: "string", multiple: true },
      seconds: { type: "string", default: "2" },
      rounds: { type: "string", default: "3" },
      scale: { type: "string", default: "1" },
      compare: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
}

function versionsNamed(name: string): readonly ProtocolVersion[] {
  const versions = versionsByName[name];
  if (versions === undefined) throw new Error(`--mqtt is one of ${Object.keys(versionsByName).join(", ")}`);
  return versions;
}

function storeKind(text: string | undefined): StoreKind | undefined {
  if (text === undefined || text === "memory" || text === "disk") return text;
  throw new Error("--store is memory or disk");
}

/** One for each group of which several points were measured. */
function growthTables(measurements: readonly Measurement[]): readonly string[] {
  const growing = measurements.filter(({ scenario }) => scenario.at !== undefined);
  return [...new Set(growing.map(({ scenario }) => scenario.group))].map((group) => {
    return `${group}\n\n${growthTable(growing.filter(({ scenario }) => scenario.group === group))}`;
  });
}

/** No figure counts when messages were lost or came twice: these loads leave no broker a reason for either. */
function wentWrong({ runs, failures }: Measurement): boolean {
  return failures.length > 0 || runs.some(({ lost, duplicated }) => lost + duplicated > 0);
}

function help(): string {
  const lone = scenarios.filter(({ at }) => at === undefined);
  const growing = [...new Set(scenarios.filter(({ at }) => at !== undefined).map(({ group }) => group))];
  const entry = ({ name, sentence }: Pick<Scenario, "name" | "sentence">): string =>
    `  ${name.padEnd(24)}  ${sentence}`;
  return [
    "npm run bench -- [SCENARIO|GROUP…] [--mqtt 3.1.1|5.0|both] [--broker NAME]… [--node RELEASE]… [--store memory|disk]",
    "                 [--seconds S] [--rounds N] [--scale PART] [--json] [--compare FILE]",
    `without a scenario: ${defaultScenarios.join(", ")}`,
    `groups: ${[...new Set(lone.map(({ group }) => group))].join(", ")}`,
    ...lone.map(entry),
    ...growing.map((group) =>
      entry({ name: group, sentence: "CPU a message while they grow; also one point: …-1000" }),
    ),
    entry({
      name: restartName,
      sentence: "1,000,000 messages, 100,000 Sessions, 1,000,000 retained; --scale 0.01 for less",
    }),
  ].join("\n");
}
