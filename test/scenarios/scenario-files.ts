import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseScenario, type Scenario } from "../../src/testing/scenario.ts";

/** Every scenario beside this file, by its path, in the order of sections. */
export function readScenarios(): readonly Scenario[] {
  return readdirSync(import.meta.dirname, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".scenario"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => parseScenario(readFileSync(path, "utf8"), relative(process.cwd(), path)));
}

/** The test's name: the scenario's first line, and the version where it is played in both. */
export function testName({ title, versions }: Scenario, version: number): string {
  return versions.length === 1 ? title : `${title} (MQTT ${version === 5 ? "5.0" : "3.1.1"})`;
}
