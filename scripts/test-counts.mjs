// A reporter for node:test that writes what the runner counted as one line of JSON:
// { passed, failed, skipped, skips: [{ name, file, reason }] }.

// biome-ignore lint/style/noDefaultExport: node:test takes a reporter by its default export
export default async function* testCounts(events) {
  const counted = new Map();
  const skips = [];
  let skippedSuites = 0;
  for await (const { type, data } of events) {
    // The runner closes with lines such as `pass 12`; what a test says itself comes before them, so the last one counts.
    const [, word, number] = (type === "test:diagnostic" && /^(\w+) (\d+)$/.exec(data.message)) || [];
    if (word !== undefined) counted.set(word, Number(number));
    if (type !== "test:pass" || (data.skip === undefined && data.todo === undefined)) continue;
    // The runner does not count a skipped suite, and its tests are never seen.
    if (data.details?.type === "suite" && data.skip !== undefined) skippedSuites += 1;
    const reason = [data.skip, data.todo].find((said) => typeof said === "string" && said !== "");
    skips.push({ name: data.name, file: data.file ?? "", reason: reason ?? "no reason given" });
  }
  const count = (word) => counted.get(word) ?? 0;
  const passed = count("pass");
  const failed = count("fail") + count("cancelled");
  // A test marked todo proves as little as a skipped one.
  const skipped = count("skipped") + count("todo") + skippedSuites;
  yield `${JSON.stringify({ passed, failed, skipped, skips })}\n`;
}
