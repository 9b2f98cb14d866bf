import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** Every line of these rooms is run by some test. */
const coveredRooms: readonly string[] = ["base", "mqtt", "topics", "session", "broker"];

/**
 * One sentence for each file of the covered rooms with lines that no test ran, from the report that c8 left in
 * `coverage/`. A file of types only leaves nothing to run.
 */
export function coverageGaps(root: string): string[] {
  const report = join(root, "coverage", "coverage-final.json");
  if (!existsSync(report)) return ["coverage: no report was written; the tests did not come to their end"];
  const byFile = new Map<string, FileCoverage>();
  for (const [path, file] of Object.entries<FileCoverage>(JSON.parse(readFileSync(report, "utf8")))) {
    byFile.set(relative(root, path), file);
  }
  const gaps: string[] = [];
  for (const path of sourcesOf(root)) {
    const file = byFile.get(path);
    if (file === undefined) {
      if (hasCode(readFileSync(join(root, path), "utf8"))) gaps.push(`${path}:1: no test imports this file`);
      continue;
    }
    const missed = Object.entries(file.s).filter(([, count]) => count === 0);
    const lines = missed.map(([id]) => file.statementMap[id]?.start.line ?? 0).sort((a, b) => a - b);
    if (lines.length > 0) gaps.push(`${path}:${lines[0]}: no test runs line ${ranges(lines)}`);
  }
  return gaps;
}

/** What c8 writes of a file: how often each of its lines was run. */
interface FileCoverage {
  readonly s: Readonly<Record<string, number>>;
  readonly statementMap: Readonly<Record<string, { readonly start: { readonly line: number } }>>;
}

function sourcesOf(root: string): string[] {
  return coveredRooms
    .map((room) => join(root, "src", room))
    .filter((directory) => existsSync(directory))
    .flatMap((directory) => readdirSync(directory, { recursive: true }).map((name) => join(directory, String(name))))
    .filter((path) => path.endsWith(".ts"))
    .map((path) => relative(root, path))
    .sort();
}

function hasCode(text: string): boolean {
  return /^(?:export\s+)?(?:async\s+|abstract\s+)?(?:const|let|function|class)\b/m.test(text);
}

/** `3, 7-9` of 3, 7, 8, 9. */
function ranges(lines: readonly number[]): string {
  const parts: { from: number; to: number }[] = [];
  for (const line of lines) {
    const last = parts.at(-1);
    if (last !== undefined && line <= last.to + 1) last.to = line;
    else parts.push({ from: line, to: line });
  }
  return parts.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(", ");
}
