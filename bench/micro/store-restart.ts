// tsx bench/micro/store-restart.ts [messages]: how long a store with so many queued messages takes to come back.
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createBroker } from "../../src/broker/create-broker.ts";
import { allCapabilities, createLimits } from "../../src/broker/limits.ts";
import type { Mutation } from "../../src/broker/mutation.ts";
import { allowAll } from "../../src/broker/policy.ts";
import { openEmbeddedStore } from "../../src/store/embedded/open-store.ts";
import { readStoreFile } from "../../src/store/embedded/store-reading.ts";
import { RecordingOutbox } from "../../src/testing/recording-outbox.ts";
import { keepFor, session, subscription } from "../../src/testing/store-rows.ts";
import { markdownTable } from "../table.ts";

const messages = Number(process.argv[2] ?? 1_000_000);
const payload = new Uint8Array(200).fill(7);

if (process.send === undefined) await compare();
else process.once("message", (work: Work) => void answer(work));

interface Work {
  readonly directory: string;
  readonly sessions: number;
  readonly isFill: boolean;
}

async function compare(): Promise<void> {
  const rows: string[][] = [];
  for (const sessions of [1, 1_000]) {
    const directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-"));
    try {
      await ask({ directory, sessions, isFill: true });
      const figures = await ask({ directory, sessions, isFill: false });
      rows.push([String(sessions), ...figures]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  }
  const heads = [
    "Sessions",
    "file, MB",
    "check, s",
    "open and load, s",
    "recover, s",
    "all, s",
    "heap, MB",
    "resident, MB",
  ];
  console.log(markdownTable([`${messages.toLocaleString("en")} queued messages`, ...heads].slice(1), rows));
}

/** In a process of its own, so that memory is told apart. */
async function ask(work: Work): Promise<string[]> {
  const child = fork(import.meta.filename, process.argv.slice(2), { execArgv: process.execArgv });
  child.send(work);
  const [figures] = (await once(child, "message")) as [string[]];
  child.disconnect();
  await once(child, "exit");
  return figures;
}

async function answer({ directory, sessions, isFill }: Work): Promise<void> {
  process.send?.(isFill ? await fill(directory, sessions) : await restart(directory));
}

async function fill(directory: string, sessions: number): Promise<string[]> {
  const { store } = await openEmbeddedStore(directory);
  const owners = Array.from({ length: sessions }, (_, index) => index + 1);
  await store.commit(
    owners.flatMap((owner) => [session(owner, { disconnectedAt: Date.now() }), subscription(owner, "#")]),
  );
  for (let first = 1; first <= messages; first += 1_000) {
    const batch: Mutation[] = [];
    for (let number = first; number < first + 1_000; number += 1)
      batch.push(keepFor(number, [1 + (number % sessions)], { payload }));
    await store.commit(batch);
  }
  await store.close();
  return [];
}

async function restart(directory: string): Promise<string[]> {
  const before = memory();
  const path = join(directory, "store.mdb");
  const checked = seconds();
  readStoreFile(path);
  const checkSeconds = checked();
  const all = seconds();
  const { store } = await openEmbeddedStore(directory);
  const broker = createBroker({
    outbox: new RecordingOutbox(),
    policy: allowAll,
    limits: createLimits(),
    capabilities: allCapabilities,
    uniqueId: () => "",
    responseInformation: undefined,
  });
  let recoverSeconds = 0;
  for await (const rows of store.load()) {
    const recovering = seconds();
    broker.recover(rows);
    recoverSeconds += recovering();
  }
  const finishing = seconds();
  broker.recovered(Date.now());
  recoverSeconds += finishing();
  const allSeconds = all();
  const after = memory();
  await store.close();
  if (broker.counters.queuedMessages !== messages) throw new Error(`${broker.counters.queuedMessages} came back`);
  return [
    (statSync(path).size / 1e6).toFixed(0),
    checkSeconds.toFixed(2),
    (allSeconds - checkSeconds - recoverSeconds).toFixed(2),
    recoverSeconds.toFixed(2),
    allSeconds.toFixed(2),
    ((after.heapUsed - before.heapUsed) / 1e6).toFixed(0),
    ((after.rss - before.rss) / 1e6).toFixed(0),
  ];
}

function seconds(): () => number {
  const startedAt = performance.now();
  return () => (performance.now() - startedAt) / 1_000;
}

function memory(): NodeJS.MemoryUsage {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage();
}
