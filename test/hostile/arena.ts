import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Limits } from "../../src/broker/limits.ts";
import type { Figure } from "./figures.ts";
import { RawClient } from "./raw-client.ts";
import type { Held, PairOrder, PairReport, Question, ServerSettings } from "./settings.ts";

/** How long the pair is watched before an attack, and how long it is attacked at least. */
const quietMilliseconds = 500;

/** What the slowest message of the pair may take in any case: it hangs above that. */
const hangMilliseconds = 5_000;

/** How much slower than in the same run without the attack. */
const slowerFactorMax = 20;

/** How many times as large as usual the largest attacks are. */
export const scale: number = Number(process.env["HOSTILE_SCALE"] ?? 1);

const attackMillisecondsMax = 90_000 * scale;

/** What an attack is and may do. */
export interface Attack {
  /** A limit as small as the test is. */
  readonly limits?: Partial<Limits>;
  readonly store?: "memory" | "disk";
  readonly hasAccounts?: boolean;
  /** What the server may hold more than before, while the attack stands. */
  readonly heldMiBMax: number;
  /** Resolves when the attack stands; what it opened stays open until the memory was looked at. Returns what it did. */
  run(arena: Arena): Promise<string>;
}

/** One server under attack. */
export class Arena {
  readonly port: number;
  readonly #clients: RawClient[] = [];

  constructor(port: number) {
    this.port = port;
  }

  async open(): Promise<RawClient> {
    return this.#keep(await RawClient.open(this.port));
  }

  async connect(line: string): Promise<RawClient> {
    return this.#keep(await RawClient.connected(this.port, line));
  }

  /** All that the attack opened is cut. */
  cut(): void {
    for (const client of this.#clients) client.socket.resetAndDestroy();
  }

  #keep(client: RawClient): RawClient {
    this.#clients.push(client);
    return client;
  }
}

/**
 * Attacks a server of its own, while a well-behaved pair sends 100 messages a second: all of them arrive, none of them
 * hangs, and the server holds no more memory than the attack may cost.
 */
export function attack(name: string, attacked: Attack): void {
  test(name, { timeout: attackMillisecondsMax }, async () => {
    const { limits = {}, store = "memory", hasAccounts = false, heldMiBMax, run } = attacked;
    const directory = store === "disk" ? mkdtempSync(join(tmpdir(), "petstore-mqtt-hostile-")) : undefined;
    const settings: ServerSettings = { limits, hasAccounts, ...(directory === undefined ? {} : { directory }) };
    const server = child("server-process.ts", ["--expose-gc"], JSON.stringify(settings));
    const pair = await thePair();
    try {
      const arena = new Arena((await answerOf(server)) as number);
      await tell(pair, { port: arena.port, hasAccounts });
      const quiet = await watched(pair, () => sleep(quietMilliseconds));
      const before = await ask(server, "reset");
      let did = "";
      const during = await watched(pair, async () => {
        did = await run(arena);
      });
      const after = await ask(server, "report");
      arena.cut();
      await tell(pair, "leave");
      report(name, did, before, after, quiet, during);
      checkPair(quiet, during);
      const held = after.heldMiB - before.heldMiB;
      assert.ok(held <= heldMiBMax, `the server holds ${held.toFixed(1)} MiB more, at most ${heldMiBMax} are allowed`);
      assert.equal(server.exitCode ?? server.signalCode, null, "the server ended");
    } finally {
      await end(server);
      if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
    }
  });
}

/** What the pair saw while `work` was done. */
async function watched(pair: ChildProcess, work: () => Promise<unknown>): Promise<PairReport> {
  await tell(pair, "measure");
  // A pair that nobody listened to would have no slow message.
  await Promise.all([work(), sleep(quietMilliseconds)]);
  return (await tell(pair, "stop")) as PairReport;
}

function checkPair(quiet: PairReport, during: PairReport): void {
  assert.ok(during.sent > 0);
  assert.equal(during.received, during.sent, "messages of the well-behaved pair did not arrive");
  const slowestMax = Math.max(hangMilliseconds, slowerFactorMax * quiet.slowestMilliseconds);
  assert.ok(
    during.slowestMilliseconds <= slowestMax,
    `a message of the pair took ${during.slowestMilliseconds} ms, at most ${slowestMax} are allowed`,
  );
}

/** One pair for all attacks of a file: to start it takes longer than most of them. */
let pairProcess: ChildProcess | undefined;

async function thePair(): Promise<ChildProcess> {
  if (pairProcess !== undefined && pairProcess.exitCode === null) return pairProcess;
  pairProcess = child("pair-process.ts", [], "");
  await answerOf(pairProcess);
  return pairProcess;
}

after(async () => {
  if (pairProcess !== undefined) await end(pairProcess);
});

function child(file: string, flags: readonly string[], argument: string): ChildProcess {
  return fork(join(import.meta.dirname, file), [argument], { execArgv: ["--import", "tsx", ...flags] });
}

async function answerOf(process: ChildProcess): Promise<unknown> {
  const waiting = new AbortController();
  const ended = (): void => waiting.abort(new Error("a process of the test ended"));
  process.once("exit", ended);
  try {
    const [answer] = (await once(process, "message", { signal: waiting.signal })) as [unknown];
    return answer;
  } finally {
    process.off("exit", ended);
  }
}

async function ask(server: ChildProcess, question: Question): Promise<Held> {
  const answer = answerOf(server);
  server.send(question);
  return (await answer) as Held;
}

async function tell(pair: ChildProcess, order: PairOrder): Promise<unknown> {
  const answer = answerOf(pair);
  pair.send(order);
  return await answer;
}

async function end(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const exit = once(process, "exit");
  if (process.connected) process.disconnect();
  else process.kill("SIGKILL");
  await exit;
}

/** Kept for the page of limits where somebody measures for it. */
function report(name: string, did: string, before: Held, after: Held, quiet: PairReport, during: PairReport): void {
  const file = process.env["HOSTILE_FIGURES"];
  if (file === undefined) return;
  const figure: Figure = {
    attack: name,
    did,
    heldMiB: Math.max(0, Math.round(after.heldMiB - before.heldMiB)),
    rssMaxMiB: Math.round(after.rssMaxMiB),
    stalledMilliseconds: Math.round(after.stalledMilliseconds),
    quietMilliseconds: Math.round(quiet.slowestMilliseconds),
    slowestMilliseconds: Math.round(during.slowestMilliseconds),
  };
  appendFileSync(file, `${JSON.stringify(figure)}\n`);
}
