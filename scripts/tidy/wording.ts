import { type Finding, lineAt, type SourceFile } from "./source-file.ts";

const linesMax = 400;

/** Written so that this file does not hold the words that it looks for. */
const reminder = /\b(?:TO(?:DO)|FIX(?:ME)|X(?:XX))\b(?!\(?\s*#\d+)/g;
const machinePath = /(?<![\w.~-])\/(?:home|root|Users|work|workspace)\/[\w.-]*/g;

/** Length, names, reminders without an issue, paths that exist on one machine only. */
export function checkWording(files: readonly SourceFile[]): Finding[] {
  const findings: Finding[] = [];
  for (const { path, text } of files) {
    const isCode = /\.(?:ts|mjs)$/.test(path);
    const lines = text.split("\n").length - 1;
    if (isCode && lines > linesMax) {
      findings.push({
        file: path,
        line: linesMax + 1,
        message: `${lines} lines, at most ${linesMax}; find the word that is missing and split the file by it`,
      });
    }
    if (isCode && /(?:^|\/)(?:utils?|helpers?|misc|common)\.\w+$/.test(path)) {
      findings.push({ file: path, line: 1, message: "a name that says nothing; call the file by what it does" });
    }
    if (path.endsWith(".test.ts") && !/^test\/[^/]+\/[^/]+\.test\.ts$/.test(path)) {
      findings.push({
        file: path,
        line: 1,
        message: "is never run; tests are test/<room>/<file>.test.ts, exactly two levels deep",
      });
    }
    for (const match of text.matchAll(reminder)) {
      findings.push({
        file: path,
        line: lineAt(text, match.index),
        message: `${match[0]} without an issue; write ${match[0]}(#12), or do it`,
      });
    }
    for (const match of text.matchAll(machinePath)) {
      findings.push({
        file: path,
        line: lineAt(text, match.index),
        message: `${match[0]} exists on one machine only; make it relative or a parameter`,
      });
    }
  }
  return findings;
}
