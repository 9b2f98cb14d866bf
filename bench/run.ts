// npm run bench -- [SCENARIO…] [--store memory|disk] [--mqtt 3.1.1|5.0|both] [--broker NAME]… [--seconds S] [--rounds N]
//   [--json]
// Our broker and its peers under the same loads, in the same run. What counts is the ratio.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { availableBrokers, type ProtocolVersion, type StoreKind } from "./brokers.ts";
import { pinning } from "./child.ts";
import { compileGenerator } from "./load/generator.ts";
import { type Contender, type Measurement, measureScenario } from "./measure.ts";
import { defaultScenarios, scenarios, scenariosNamed } from "./scenarios.ts";
import { perCore, scenarioTable } from "./table.ts";

const versionsByName: Readonly<Record<string, readonly ProtocolVersion[]>> = {
  "3.1.1": [4],
  "5.0": [5],
  both: [4, 5],
};

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
  const chosen = scenariosNamed(positionals.length > 0 ? positionals : defaultScenarios);
  compileGenerator();
  const effort = {
    rounds: positiveNumber("rounds", values.rounds),
    seconds: positiveNumber("seconds", values.seconds),
    warmUpSeconds: 0.5,
  };
  const { contenders, missing } = contendersFor(storeKind(values.store), values.mqtt, values.broker);
  const say = values.json ? console.error : console.log;
  for (const sentence of missing) say(`left out: ${sentence}`);
  for (const broker of new Set(contenders.map((contender) => contender.broker)))
    say(`${broker.name} ${broker.release}`);
  say(`${cpus().length} × ${cpus()[0]?.model}; ${pinning}; ${effort.rounds} rounds of ${effort.seconds} s, medians`);
  const measurements: Measurement[] = [];
  for (const scenario of chosen) {
    const measured = await measureScenario(scenario, contenders, effort);
    measurements.push(...measured);
    if (!values.json) console.log(`\n${scenario.name}: ${scenario.sentence}\n\n${scenarioTable(measured)}`);
  }
  if (values.json) console.log(JSON.stringify(measurements.map(asData), null, 2));
  if (measurements.some(wentWrong)) process.exitCode = 1;
}

function readArguments() {
  return parseArgs({
    allowPositionals: true,
    options: {
      mqtt: { type: "string", default: "3.1.1" },
      store: { type: "string", default: "memory" },
      broker: { type: "string", multiple: true },
      seconds: { type: "string", default: "2" },
      rounds: { type: "string", default: "3" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
}

/** A broker that does not speak the version asked for is measured with the one it speaks. */
function contendersFor(store: StoreKind, mqtt: string, names: readonly string[] | undefined) {
  const versions = versionsByName[mqtt];
  if (versions === undefined) throw new Error(`--mqtt is one of ${Object.keys(versionsByName).join(", ")}`);
  const { brokers, missing } = availableBrokers(store);
  const chosen = brokers.filter(({ name }) => names === undefined || names.includes(name));
  if (chosen.length === 0)
    throw new Error(`no such broker here; there are: ${brokers.map(({ name }) => name).join(", ")}`);
  const contenders = chosen.flatMap((broker): readonly Contender[] => {
    const spoken = broker.versions.filter((version) => versions.includes(version));
    return (spoken.length > 0 ? spoken : broker.versions).map((version) => ({ broker, version }));
  });
  return { contenders, missing };
}

function storeKind(text: string): StoreKind {
  if (text === "memory" || text === "disk") return text;
  throw new Error("--store is memory or disk");
}

function positiveNumber(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} is a number above 0`);
  return value;
}

/** No figure counts when messages were lost or came twice: these loads leave no broker a reason for either. */
function wentWrong({ runs, failures }: Measurement): boolean {
  return failures.length > 0 || runs.some(({ lost, duplicated }) => lost + duplicated > 0);
}

function asData(measurement: Measurement) {
  const { scenario, contender, runs, failures } = measurement;
  return {
    scenario: scenario.name,
    broker: contender.broker.name,
    release: contender.broker.release,
    version: contender.version,
    perCore: perCore(measurement),
    runs,
    failures,
  };
}

function help(): string {
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  return [
    "npm run bench -- [SCENARIO…] [--store memory|disk] [--mqtt 3.1.1|5.0|both] [--broker NAME]… [--seconds S]",
    "                 [--rounds N] [--json]",
    `without a scenario: ${defaultScenarios.join(", ")}`,
    ...scenarios.map(({ name, sentence }) => `  ${name.padEnd(width)}  ${sentence}`),
  ].join("\n");
}
