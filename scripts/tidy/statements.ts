import { type Finding, lineAt, type SourceFile } from "./source-file.ts";

const cited = /\bMQTT(?:311)?-\d+\.\d+(?:\.\d+)?-\d+\b/g;

/** Every cited statement of the specification exists. `lists` are tables whose first column is the id. */
export function checkStatements(files: readonly SourceFile[], lists: readonly string[]): Finding[] {
  const known = new Set(lists.flatMap((list) => list.split("\n").map((row) => row.slice(0, row.indexOf("\t")))));
  const findings: Finding[] = [];
  for (const { path, text } of files) {
    for (const match of text.matchAll(cited)) {
      if (known.has(match[0])) continue;
      const list = match[0].startsWith("MQTT311") ? "mqtt-3.1.1.tsv" : "mqtt-5.0.tsv";
      findings.push({
        file: path,
        line: lineAt(text, match.index),
        message: `${match[0]} is no statement of the specification; look it up in test/statements/${list}`,
      });
    }
  }
  return findings;
}
