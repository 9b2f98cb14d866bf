import { Buffer } from "node:buffer";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { layBackground } from "./background.ts";
import { startOnCore, stopChild } from "./child.ts";
import { RawClient } from "./raw-client.ts";
import { markdownTable } from "./table.ts";

/** What is on disk when our broker starts again. */
export interface RestartLoad {
  /** Queued, in even parts for the Sessions. */
  readonly messages: number;
  /** Of Clients that are away, with a subscription each. */
  readonly sessions: number;
  readonly retained: number;
}

/** What a target speaks of. */
export const fullRestart: RestartLoad = { messages: 1_000_000, sessions: 100_000, retained: 1_000_000 };

/** A part of it, to try. */
export function scaledRestart({ messages, sessions, retained }: RestartLoad, scale: number): RestartLoad {
  const part = (whole: number): number => Math.max(1, Math.round(whole * scale));
  return { messages: part(messages), sessions: part(sessions), retained: part(retained) };
}

/** From process start to the ready line. */
export interface RestartResult {
  readonly load: RestartLoad;
  readonly fillSeconds: number;
  readonly storeMegabytes: number;
  readonly secondsAfterEnd: number;
  readonly secondsAfterKill: number;
  /** Resident, at its highest, after a start behind a kill. */
  readonly megabytes: number;
}

const command = join(import.meta.dirname, "../dist/cli/main.js");
/** The broker's Receive Maximum for all its Clients. */
const window = 100;
const publishers = 20;
const payload = Buffer.alloc(64, "x");

/** How long our broker takes to come back with so much on disk, after an end in order and after a kill. */
export async function measureRestart(load: RestartLoad): Promise<RestartResult> {
  const data = mkdtempSync(join(tmpdir(), "petstore-restart-"));
  try {
    const limits = "queueMessagesMax: 100000000, queueBytesMax: 1000000000000, retainedBytesMax: 4294967296";
    writeFileSync(join(data, "broker.yaml"), `limits: { ${limits} }\n`);
    const first = await start(data);
    const startedAt = performance.now();
    await fill(first.port, load);
    const fillSeconds = (performance.now() - startedAt) / 1_000;
    await stopChild(first.child);
    const storeMegabytes = statSync(join(data, "store/store.mdb")).size / 1e6;
    const second = await start(data);
    second.child.kill("SIGKILL");
    await once(second.child, "exit");
    const third = await start(data);
    const megabytes = residentMegabytes(third.child.pid!);
    await stopChild(third.child);
    const [secondsAfterEnd, secondsAfterKill] = [second.seconds, third.seconds];
    return { load, fillSeconds, storeMegabytes, secondsAfterEnd, secondsAfterKill, megabytes };
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

/** As Markdown. */
export function restartTable({ load, ...result }: RestartResult): string {
  const titles = ["queued", "Sessions", "retained", "filled in", "on disk", "ready", "ready after a kill", "memory"];
  const counts = [load.messages, load.sessions, load.retained].map((each) => each.toLocaleString("en"));
  const seconds = (value: number): string => `${value.toFixed(2)} s`;
  const row = [
    ...counts,
    `${result.fillSeconds.toFixed(0)} s`,
    `${result.storeMegabytes.toFixed(0)} MB`,
    seconds(result.secondsAfterEnd),
    seconds(result.secondsAfterKill),
    `${result.megabytes.toFixed(0)} MB`,
  ];
  return markdownTable(titles, [row]);
}

async function fill(port: number, { messages, sessions, retained }: RestartLoad): Promise<void> {
  await inParallel(sessions, async (session) => {
    const client = await RawClient.open(port, `session-${session}`, false);
    await client.subscribe([`t/${session}`]);
    await client.end();
  });
  await inParallel(publishers, async (publisher) => {
    const share = Math.floor((messages + publisher) / publishers);
    const client = await RawClient.open(port, `publisher-${publisher}`, true);
    const topicName = (index: number): string => `t/${(index * publishers + publisher) % sessions}`;
    await client.publish(share, window, topicName, { payload, retain: false });
    await client.end();
  });
  await layBackground(port, { retained, subscriptions: 0 });
}

/** So many, twenty at a time. */
async function inParallel(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: publishers }, worker));
}

async function start(data: string): Promise<{ child: ChildProcess; port: number; seconds: number }> {
  const startedAt = performance.now();
  const flags = ["--open", "--mqtt", "0", "--contract", "none", "--data", data, "--config", join(data, "broker.yaml")];
  const child = startOnCore("broker", process.execPath, [command, "serve", ...flags, "--log-level", "warn"]);
  child.stderr!.pipe(process.stderr);
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`the broker ended with ${code}`)));
  });
  return { child, port: Number(/:(\d+)/.exec(line)?.[1]), seconds: (performance.now() - startedAt) / 1_000 };
}

function residentMegabytes(pid: number): number {
  const kilobytes = /VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) / 1_024;
}
