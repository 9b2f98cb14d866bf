import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { Order, Payment, Product } from "../../src/petstore/domain.ts";
import { Random } from "../durability/random.ts";
import { heldBy, type Taken, takenBy } from "./subscriber-ledger.ts";

/** What a run came to. */
export interface KillResult {
  readonly kills: number;
  readonly subscriberKills: number;
  readonly orders: number;
  readonly paymentEvents: number;
  /** What must not be, as sentences. */
  readonly problems: readonly string[];
}

const lineMillisecondsMax = 60_000;
/** Without anything new for so long, what is missing is lost. */
const stallMilliseconds = 15_000;

/** A busy pet store is killed at random moments, also while it starts; so is its subscriber. Then all is compared. */
export async function runKills(seed: number, rounds: number): Promise<KillResult> {
  const directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-events-"));
  const run = new KillRun(directory, new Random(seed));
  try {
    return await run.run(rounds);
  } finally {
    await run.end();
    rmSync(directory, { recursive: true, force: true });
  }
}

class KillRun {
  readonly #directory: string;
  readonly #ledger: string;
  readonly #random: Random;
  #store: Child | undefined = undefined;
  #subscriber: Child | undefined = undefined;
  #kills = 0;
  #subscriberKills = 0;

  constructor(directory: string, random: Random) {
    this.#directory = directory;
    this.#ledger = join(directory, "ledger");
    this.#random = random;
  }

  async run(rounds: number): Promise<KillResult> {
    const random = this.#random;
    for (let round = 0; round < rounds; round += 1) {
      await this.#start();
      await delay(random.integer(30, 1_000));
      if (random.chance(0.5)) await this.#killSubscriber();
      await this.#kill();
      if (!random.chance(0.3)) continue;
      this.#store = this.#spawnStore();
      await delay(random.integer(300, 2_000));
      await this.#kill();
    }
    await this.#start();
    this.#store!.say("finish");
    const [orders, payments, products] = JSON.parse(await this.#store!.line()) as [Order[], Payment[], Product[]];
    const taken = await this.#settled((messages) => compare(orders, payments, products, messages).length === 0);
    this.#store!.say("close");
    const code = await this.#store!.ended;
    const problems = [...compare(orders, payments, products, taken), ...(code === 0 ? [] : [`it ended with ${code}`])];
    const paymentEvents = taken.filter(({ topicName }) => topicName.startsWith("payments/")).length;
    const [kills, subscriberKills] = [this.#kills, this.#subscriberKills];
    return { kills, subscriberKills, orders: orders.length, paymentEvents, problems: problems.slice(0, 20) };
  }

  async end(): Promise<void> {
    await Promise.all([this.#store?.kill(), this.#subscriber?.kill()]);
  }

  /** The subscriber is there before anything new happens; in the first life, before anything at all. */
  async #start(): Promise<void> {
    this.#store = this.#spawnStore();
    const port = (await this.#store.line()).replace("ready ", "");
    this.#subscriber ??= new Child("subscriber-process.ts", [this.#ledger]);
    this.#subscriber.say(port);
    await this.#subscriber.line();
    this.#store.say("go");
  }

  #spawnStore(): Child {
    return new Child("store-process.ts", [join(this.#directory, "data"), String(this.#random.integer(1, 1e9))]);
  }

  async #kill(): Promise<void> {
    this.#kills += 1;
    await this.#store!.kill();
  }

  async #killSubscriber(): Promise<void> {
    this.#subscriberKills += 1;
    await this.#subscriber!.kill();
    this.#subscriber = undefined;
  }

  /** What the subscriber has, when it is what it should be and nothing more comes; or when nothing comes for too long. */
  async #settled(isComplete: (taken: readonly Taken[]) => boolean): Promise<Taken[]> {
    let last = "";
    let lastAt = performance.now();
    for (;;) {
      await delay(500);
      const ledger = existsSync(this.#ledger) ? readFileSync(this.#ledger, "utf8") : "";
      const isStill = ledger === last && ledger.endsWith("\n");
      if (!isStill) lastAt = performance.now();
      last = ledger;
      if (!isStill) continue;
      const taken = takenBy(ledger);
      const isOver = performance.now() - lastAt > stallMilliseconds;
      if (isOver || (heldBy(ledger).size === 0 && isComplete(taken))) return taken;
    }
  }
}

/** What every entity's events must have been, by what became of it. */
function compare(
  orders: readonly Order[],
  payments: readonly Payment[],
  products: readonly Product[],
  taken: readonly Taken[],
): string[] {
  const problems: string[] = [];
  const said = new Map<string, Taken[]>();
  for (const each of taken) said.set(each.topicName, [...(said.get(each.topicName) ?? []), each]);
  const check = (topicName: string, wanted: readonly string[]): void => {
    const got = (said.get(topicName) ?? []).map(({ payload }) => String(payload["status"]));
    said.delete(topicName);
    if (got.join() !== wanted.join()) problems.push(`${topicName}: ${got.join(", ")} instead of ${wanted.join(", ")}`);
  };
  const settled = new Map(payments.map((payment) => [payment.id, payment.status]));
  for (const { id, orderId, status } of payments) {
    const wanted = { PENDING: [], SUCCEEDED: [], FAILED: [], REFUNDED: ["SUCCEEDED"] }[status];
    const all = status === "PENDING" ? ["PENDING"] : ["PENDING", ...wanted, status];
    check(`payments/${id}/status`, all);
    check(`orders/${orderId}/payment`, all);
  }
  const way = ["PLACED", "PAID", "SHIPPED", "DELIVERED"];
  for (const { id, status, paymentId } of orders) {
    const before = settled.get(paymentId) === "REFUNDED" ? ["PLACED", "PAID"] : ["PLACED"];
    check(`orders/${id}/status`, status === "CANCELLED" ? [...before, status] : way.slice(0, way.indexOf(status) + 1));
  }
  for (const { id, stock } of products) {
    const topicName = `inventory/${id}/stock`;
    const last = said.get(topicName)?.at(-1)?.payload["quantity"];
    said.delete(topicName);
    if (last !== stock) problems.push(`${topicName} said ${last} at last, and there are ${stock}`);
  }
  for (const topicName of said.keys()) problems.push(`${topicName} is about something that is not kept`);
  if (taken.some(({ qos }) => qos !== 2)) problems.push("not everything came at QoS 2");
  return problems;
}

/** A process of this directory that speaks in lines. */
class Child {
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(file: string, args: readonly string[]) {
    const { NODE_V8_COVERAGE: _coverage, NODE_TEST_CONTEXT: _context, ...env } = process.env;
    this.#child = spawn(process.execPath, ["--import", "tsx", join(import.meta.dirname, file), ...args], {
      env,
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.ended = once(this.#child, "close").then(([code]) => code);
    // It may be gone already.
    this.#child.stdin!.on("error", () => {});
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
    running.add(this.#child);
    void this.ended.then(() => running.delete(this.#child));
  }

  say(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  /** Its next line. */
  async line(): Promise<string> {
    const timeout = setTimeout(() => this.#child.kill("SIGKILL"), lineMillisecondsMax);
    const { value, done } = await this.#lines.next();
    clearTimeout(timeout);
    if (done === true) throw new Error("it ended, or said nothing for a minute");
    return value;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }
}

const running: Set<ChildProcess> = new Set();

process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
