import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

/** One normative statement of the specification, as `test/statements/` has it. */
export interface Statement {
  /** `MQTT-3.3.1-4`, or `MQTT311-3.3.1-4` for 3.1.1. */
  readonly id: string;
  readonly version: "5.0" | "3.1.1";
  /** `3.3.1` */
  readonly section: string;
  readonly binds: "server" | "client" | "both";
  /** What it says, in our words. */
  readonly words: string;
  /** Why no line keeps it: it binds a Client alone, or its condition is never met here. */
  readonly reason: string | undefined;
}

/** A place that names a statement. */
export interface Citation {
  readonly id: string;
  /** Relative to the root, with `/`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

const lists = [
  ["mqtt-5.0.tsv", "5.0"],
  ["mqtt-3.1.1.tsv", "3.1.1"],
] as const;

const citation = /\bMQTT(?:311)?-\d+\.\d+(?:\.\d+)?-\d+\b/g;

/**
 * All statements of both versions, in the order of the specification.
 * @throws Error for a row that is no statement
 */
export function readStatements(root: string): readonly Statement[] {
  return lists.flatMap(([name, version]) => {
    const rows = readFileSync(join(root, "test", "statements", name), "utf8")
      .trimEnd()
      .split("\n")
      .slice(1);
    return rows.map((row, index) => {
      const [id = "", binds = "", words = "", reason] = row.split("\t");
      const section = /^MQTT(?:311)?-([\d.]+)-\d+$/.exec(id)?.[1];
      if (section === undefined || words === "" || !isBinds(binds)) {
        throw new Error(`${name}:${index + 2}: a row is id, server|client|both, words and perhaps a reason`);
      }
      return { id, version, section, binds, words, reason };
    });
  });
}

/** Where the sources name statements; the kit for tests keeps none. */
export function sourceCitations(root: string): readonly Citation[] {
  return files(root, "src")
    .filter((file) => file.endsWith(".ts") && !file.startsWith("src/testing/"))
    .flatMap((file) => citationsIn(file, readFileSync(join(root, file), "utf8")));
}

/** Where tests name statements: in what a test file says, in the first line of a scenario, in the corpus. */
export function testCitations(root: string): readonly Citation[] {
  return files(root, "test").flatMap((file) => {
    const isScenario = file.endsWith(".scenario");
    const isTest = file.endsWith(".test.ts") && !/^test\/(?:scripts|statements\/statements)/.test(file);
    if (!isScenario && !isTest && !file.startsWith("test/corpus/")) return [];
    const text = readFileSync(join(root, file), "utf8");
    return citationsIn(file, isScenario ? text.slice(0, text.indexOf("\n")) : text);
  });
}

/** The citations by statement. */
export function byStatement(citations: readonly Citation[]): ReadonlyMap<string, readonly Citation[]> {
  const found = new Map<string, Citation[]>();
  for (const one of citations) {
    const known = found.get(one.id);
    if (known === undefined) found.set(one.id, [one]);
    else known.push(one);
  }
  return found;
}

function citationsIn(file: string, text: string): Citation[] {
  return text
    .split("\n")
    .flatMap((content, index) => [...content.matchAll(citation)].map(([id]) => ({ id, file, line: index + 1 })));
}

function files(root: string, directory: string): string[] {
  return readdirSync(join(root, directory), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort();
}

function isBinds(text: string): text is Statement["binds"] {
  return text === "server" || text === "client" || text === "both";
}
