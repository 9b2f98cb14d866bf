// tsx bench/micro/commit.ts: what it costs to keep messages on disk, by how many share a commit.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Mutation } from "../../src/broker/mutation.ts";
import { openEmbeddedStore } from "../../src/store/embedded/open-store.ts";
import { keepFor, session, settle } from "../../src/testing/store-rows.ts";
import { median } from "../measure.ts";
import { markdownTable } from "../table.ts";

const perCommits = [1, 10, 100, 1_000];
const payload = new Uint8Array(200).fill(7);
const roundMilliseconds = 400;
const rounds = 5;

const rows: string[][] = [];
for (const perCommit of perCommits) {
  const figures = [];
  for (let round = 0; round < rounds; round += 1) figures.push(await measure(perCommit));
  const milliseconds = median(figures.map((figure) => figure.milliseconds));
  rows.push([
    String(perCommit),
    milliseconds.toFixed(2),
    Math.round((perCommit / milliseconds) * 1_000).toLocaleString("en"),
    median(figures.map((figure) => figure.microseconds)).toFixed(2),
  ]);
}
console.log(markdownTable(["messages a commit", "ms a commit", "messages/s", "CPU µs to keep and settle one"], rows));

/** Each message is settled by the commit after the one that kept it, as it is with a subscriber that is there. */
async function measure(perCommit: number): Promise<{ milliseconds: number; microseconds: number }> {
  const directory = mkdtempSync(join(tmpdir(), "petstore-commit-"));
  const { store } = await openEmbeddedStore(directory);
  for await (const _rows of store.load());
  await store.commit([session(1)]);
  let commits = 0;
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  while (performance.now() - startedAt < roundMilliseconds) {
    const first = commits * perCommit + 1;
    const batch: Mutation[] = [];
    for (let number = first; number < first + perCommit; number += 1) {
      if (number > perCommit) batch.push(settle(number - perCommit, 1));
      batch.push(keepFor(number, [1], { payload }));
    }
    await store.commit(batch);
    commits += 1;
  }
  const milliseconds = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  await store.close();
  rmSync(directory, { recursive: true });
  return { milliseconds: milliseconds / commits, microseconds: (user + system) / (commits * perCommit) };
}
