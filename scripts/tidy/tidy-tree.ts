import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { checkLayers } from "./layers.ts";
import type { Finding, SourceFile } from "./source-file.ts";
import { checkStatements } from "./statements.ts";
import { checkWording } from "./wording.ts";

const directories = ["src", "test", "scripts", "bench", "docs", ".ci"];
const textFile = /\.(?:ts|mjs|md|py|c|scenario|yaml)$|(?:^|\/)run$/;

/** Everything that is wrong with the project at `root`, in the order of files and lines. */
export function tidy(root: string): Finding[] {
  const files = readTree(root);
  const lists = ["mqtt-5.0.tsv", "mqtt-3.1.1.tsv"]
    .map((name) => join(root, "test", "statements", name))
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, "utf8"));
  return [...checkLayers(files), ...checkWording(files), ...checkStatements(files, lists)].sort(
    (a, b) => a.file.localeCompare(b.file) || a.line - b.line,
  );
}

function readTree(root: string): SourceFile[] {
  const files: SourceFile[] = [];
  const add = (path: string): void => {
    files.push({ path: relative(root, path).split(sep).join("/"), text: readFileSync(path, "utf8") });
  };
  for (const directory of directories) {
    const at = join(root, directory);
    if (!existsSync(at)) continue;
    for (const entry of readdirSync(at, { withFileTypes: true, recursive: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile() && textFile.test(path)) add(path);
    }
  }
  for (const name of readdirSync(root)) if (name.endsWith(".md")) add(join(root, name));
  return files;
}
