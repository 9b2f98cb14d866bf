// Breaks lines that keep statements of the specification, in a copy, and expects a test to notice.
//   npm run breach                               30 random statements
//   npm run breach -- --count 10 --seed 7        those ten, again
//   npm run breach -- --statement MQTT-3.3.1-4   every way to break this one
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Random } from "../src/testing/random.ts";
import { type Mutation, mutationsAt } from "./breach/mutations.ts";
import { Workshop } from "./breach/workshop.ts";
import { byStatement, readStatements, sourceCitations, testCitations } from "./conformance/manifest.ts";

interface Breach {
  readonly file: string;
  readonly mutation: Mutation;
  readonly code: string;
}

const root = join(import.meta.dirname, "..");

const { values } = parseArgs({
  options: { count: { type: "string" }, seed: { type: "string" }, statement: { type: "string" } },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const count = Number(values.count ?? 30);
if (!Number.isInteger(seed) || !Number.isInteger(count) || count < 1) {
  console.error("--seed and --count are whole numbers, --count at least 1");
  process.exit(1);
}
const random = new Random(seed);
const workshop = new Workshop(root);
const sources = byStatement(sourceCitations(workshop.directory));
const tests = byStatement(testCitations(workshop.directory));
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    workshop.close();
    process.exit(1);
  });
}
try {
  await main();
} finally {
  workshop.close();
}

async function main(): Promise<void> {
  const kept = readStatements(workshop.directory)
    .map(({ id }) => id)
    .filter((id) => sources.has(id));
  const chosen = values.statement === undefined ? shuffled(kept).slice(0, count) : [values.statement];
  if (!chosen.every((id) => sources.has(id))) {
    console.error(`${chosen.join(", ")} is named by no line of src`);
    process.exitCode = 1;
    return;
  }
  if (!(await workshop.playsScenarios(workshop.scenarios))) {
    console.error("The scenarios fail before anything is broken; mend that first");
    process.exitCode = 1;
    return;
  }
  const noticed: string[] = [];
  const survived: string[] = [];
  const untried: string[] = [];
  for (const id of chosen) {
    const outcome = await breachOf(id, values.statement !== undefined);
    ({ noticed, survived, untried })[outcome].push(id);
  }
  console.log(`seed ${seed}: ${noticed.length} noticed, ${survived.length} not, ${untried.length} not to be broken`);
  if (untried.length > 0) console.log(`not to be broken by a mutation: ${untried.join(" ")}`);
  if (survived.length > 0) process.exitCode = 1;
}

/** Tries the first breach of a statement that can be loaded; with `all`, every one. */
async function breachOf(id: string, all: boolean): Promise<"noticed" | "survived" | "untried"> {
  let outcome: "noticed" | "survived" | "untried" = "untried";
  for (const { file, mutation, code } of breachesOf(id, all)) {
    const by = await workshop.broken(file, mutation, () => noticedBy(id, file));
    if (by === "nothing to load") continue;
    const mark = by === undefined ? "✖ not noticed" : `✔ noticed by ${by}`;
    console.log(`${id} ${file}:${mutation.line} ${mutation.what}: ${mark}\n  ${code}`);
    if (by === undefined) outcome = "survived";
    else if (outcome === "untried") outcome = "noticed";
    if (!all) return outcome;
  }
  return outcome;
}

/** Which tests notice what is broken now: those that name the statement are asked first. */
async function noticedBy(id: string, file: string): Promise<string | undefined> {
  if (!(await workshop.loads(file))) return "nothing to load";
  const own = (tests.get(id) ?? []).map((citation) => citation.file);
  const isScenario = (name: string): boolean => name.endsWith(".scenario");
  if (!(await workshop.playsScenarios(own.filter(isScenario)))) return "its own scenario";
  if (!(await workshop.passesOwn([...new Set(own.filter((name) => name.endsWith(".ts")))], id))) return "its own test";
  if (!(await workshop.playsScenarios(workshop.scenarios))) return "another scenario";
  for (const room of workshop.testsAround(file)) {
    if (!(await workshop.passes(room))) return "a test of another name";
  }
  return undefined;
}

/**
 * The ways to break a statement, in a random order. Comments at a line come before those on a declaration, and these
 * before the statement's name in a message.
 */
function breachesOf(id: string, all: boolean): readonly Breach[] {
  const byRank: Breach[][] = [[], [], []];
  for (const { file, line } of sources.get(id) ?? []) {
    const text = readFileSync(join(workshop.directory, file), "utf8");
    const content = text.split("\n")[line - 1] ?? "";
    const rank = /^\s*(?:\/\*\*|\*)/.test(content) ? 1 : content.includes(`"${id}"`) ? 2 : 0;
    for (const mutation of mutationsAt(text, line)) {
      const code = text.slice(mutation.start, mutation.end).split("\n")[0]?.trim() ?? "";
      byRank[rank]?.push({ file, mutation, code });
    }
  }
  const breaches = byRank.find((some) => some.length > 0) ?? [];
  return all ? breaches : shuffled(breaches);
}

function shuffled<Item>(items: readonly Item[]): readonly Item[] {
  return items
    .map((item) => ({ item, key: random.fraction() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
