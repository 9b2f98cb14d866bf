import { byStatement, type Citation, type Statement } from "./manifest.ts";

/** What is wrong with the manifest, each as a sentence; empty when every statement is kept and proven, or explained. */
export function checkManifest(
  statements: readonly Statement[],
  sources: readonly Citation[],
  tests: readonly Citation[],
): readonly string[] {
  const known = new Set(statements.map(({ id }) => id));
  const unknown = [...sources, ...tests].filter(({ id }) => !known.has(id));
  const bySource = byStatement(sources);
  const byTest = byStatement(tests);
  return [
    ...unknown.map(({ id, file, line }) => `${file}:${line}: ${id} is no statement of the specification`),
    ...statements.flatMap(({ id, reason }) => {
      const isKept = bySource.has(id);
      const isProven = byTest.has(id);
      if (reason !== undefined)
        return isKept && isProven ? [`${id} has a reason, and is kept and proven: drop it`] : [];
      return [
        ...(isKept ? [] : [`${id} is named by no line of src; name it where it is kept, or say why it cannot be`]),
        ...(isProven ? [] : [`${id} is named by no test; write one, or say why there is none`]),
      ];
    }),
  ];
}
