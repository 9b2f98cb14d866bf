// tsx bench/micro/store-blocks.ts: what it costs to keep a message, and to read it back, by how many share a row of the log.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { numberKey } from "../../src/store/embedded/keys.ts";
import { createBlocks, storedMessages } from "../../src/store/embedded/log-block.ts";
import { TableWriter } from "../../src/store/embedded/table-writer.ts";
import { openTables } from "../../src/store/embedded/tables.ts";
import { keepFor } from "../../src/testing/store-rows.ts";
import { median } from "../measure.ts";
import { markdownTable } from "../table.ts";

const kinds = { "a row for each": 0, "4 KiB": 4_072, "8 KiB": 8_168, "16 KiB": 16_360, "64 KiB": 65_512 };
const perCommits = [50, 1_000];
const payload = new Uint8Array(200).fill(7);
const roundMilliseconds = 700;
const rounds = 5;
const readCount = 2_000;

/** Of one kind and size of commit, a figure for each round. */
interface Figures {
  readonly perSecond: number[];
  readonly microseconds: number[];
  readonly bytes: number[];
  readonly readMicroseconds: number[];
}

const figures = new Map<string, Figures>();
for (let round = 0; round < rounds; round += 1) {
  for (const perCommit of perCommits)
    for (const [kind, bytesMax] of Object.entries(kinds)) await measure(kind, bytesMax, perCommit);
}
const heads = [
  "messages a commit",
  "row of the log",
  "kept/s",
  "CPU µs to keep one",
  "bytes on disk each",
  "CPU µs to read one",
];
const rows = [...figures].map(([name, { perSecond, microseconds, bytes, readMicroseconds }]) => [
  ...name.split("|"),
  Math.round(median(perSecond)).toLocaleString("en"),
  median(microseconds).toFixed(2),
  median(bytes).toFixed(0),
  median(readMicroseconds).toFixed(2),
]);
console.log(markdownTable(heads, rows));

async function measure(kind: string, bytesMax: number, perCommit: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-"));
  const path = join(directory, "store.mdb");
  const tables = openTables(path);
  const writer = new TableWriter(tables);
  /** Number → row of the log. */
  const firsts: number[] = [];
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  while (performance.now() - startedAt < roundMilliseconds) {
    const messages = Array.from({ length: perCommit }, (_, index) => keepFor(firsts.length + index, [1], { payload }));
    const blocks = createBlocks(messages, bytesMax);
    for (const { first, messages: inBlock } of blocks) firsts.push(...inBlock.map(() => first));
    await writer.write(blocks.map(({ first, record }) => ({ table: "log", key: numberKey(first), value: record })));
  }
  const milliseconds = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  const reading = process.cpuUsage();
  for (let step = 0; step < readCount; step += 1) {
    const number = (step * 7_919) % firsts.length;
    const first = firsts[number]!;
    const value = tables.log.get(numberKey(first))!;
    if (storedMessages(numberKey(first), value, first, new Set([number])).length !== 1) throw new Error("not found");
  }
  const read = process.cpuUsage(reading);
  const name = `${perCommit}|${kind}`;
  const kept = figures.get(name) ?? { perSecond: [], microseconds: [], bytes: [], readMicroseconds: [] };
  figures.set(name, kept);
  kept.perSecond.push((firsts.length / milliseconds) * 1_000);
  kept.microseconds.push((user + system) / firsts.length);
  kept.bytes.push(statSync(path).size / firsts.length);
  kept.readMicroseconds.push((read.user + read.system) / readCount);
  await tables.root.close();
  rmSync(directory, { recursive: true });
}
