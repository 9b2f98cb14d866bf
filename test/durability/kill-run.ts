import { Buffer } from "node:buffer";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { BrokerProcess } from "./broker-process.ts";
import { GroupAccount, SubscriberAccount } from "./ledger.ts";
import type { Endpoint } from "./persistent-client.ts";
import { type NextMessage, Publisher } from "./publisher.ts";
import { Random } from "./random.ts";
import { acknowledgedUpTo, RetainedLedger, RetainedReader } from "./retained.ts";
import { Subscriber, type Taken } from "./subscriber.ts";
import { WillClient, WillLedger } from "./wills.ts";

/** What a run came to. */
export interface KillResult {
  readonly rounds: number;
  readonly kills: number;
  /** Of them, how many came before the broker was ready. */
  readonly killsAtStart: number;
  readonly acknowledged: number;
  readonly received: number;
  /** Came again where that is allowed, at QoS 1. */
  readonly repeated: number;
  readonly wills: number;
  readonly secondsLongestStart: number;
  /** What must not be, as sentences; empty when all is well. */
  readonly problems: readonly string[];
}

const tickMilliseconds = 10;
const problemsMax = 20;
/** Without any progress for so long, what is missing is lost. */
const stallMilliseconds = 30_000;

const configuration = `
limits:
  queueMessagesMax: 10000000
  queueBytesMax: 1073741824
sysIntervalSeconds: 0
`;

/**
 * Publishers, subscribers, Wills and Retained Messages over TLS, while the broker is killed at random moments, also while
 * it starts. At the end a ledger of everything that was acknowledged is compared with what arrived.
 */
export async function runKills(seed: number, rounds: number, say: (sentence: string) => void): Promise<KillResult> {
  const run = new KillRun(seed, say);
  try {
    return await run.run(rounds);
  } finally {
    await run.close();
  }
}

class KillRun {
  readonly #random: Random;
  readonly #say: (sentence: string) => void;
  readonly #directory: string = mkdtempSync(join(tmpdir(), "petstore-mqtt-kill-"));
  readonly #problems: string[] = [];
  readonly #report = (problem: string): void => {
    if (this.#problems.length < problemsMax) this.#problems.push(problem);
  };
  readonly #retainedLedger = new RetainedLedger();
  readonly #retained: Publisher;
  readonly #retainedReader = new RetainedReader("retained-reader", this.#report);
  readonly #publishers: Publisher[];
  readonly #subscribers: Subscriber[] = [];
  readonly #accounts: SubscriberAccount[] = [];
  readonly #group: GroupAccount;
  readonly #willLedger = new WillLedger(this.#report);
  readonly #wills: WillClient[] = [];
  readonly #ticks: NodeJS.Timeout;
  #late: { readonly subscriber: Subscriber; readonly account: SubscriberAccount } | undefined = undefined;
  #process: BrokerProcess | undefined = undefined;
  #endpoint: Endpoint | undefined = undefined;
  #received = 0;
  #kills = 0;
  #killsAtStart = 0;
  #longestStart = 0;

  constructor(seed: number, say: (sentence: string) => void) {
    this.#random = new Random(seed);
    this.#say = say;
    writeFileSync(join(this.#directory, "broker.yaml"), configuration);
    const [random, report] = [this.#random, this.#report];
    this.#publishers = [
      new Publisher("one", 1, 20, this.#message("one"), random, report),
      new Publisher("two", 2, 20, this.#message("two"), random, report),
      new Publisher("three", 2, 4, this.#message("three"), random, report),
      new Publisher("four", 1, 60, this.#message("four"), random, report),
    ];
    this.#retained = new Publisher("retained", 1, 3, this.#retainedLedger.next, random, report);
    const twos = this.#publishers.filter(({ clientId }) => clientId === "two" || clientId === "three");
    this.#group = new GroupAccount(
      "group",
      twos.map(({ account }) => account),
      report,
    );
    this.#ticks = setInterval(() => this.#tick(), tickMilliseconds);
  }

  async run(rounds: number): Promise<KillResult> {
    await this.#firstStart();
    for (let round = 1; round <= rounds && this.#problems.length === 0; round += 1) await this.#round(round);
    if (this.#problems.length === 0) await this.#finish();
    const publishers = [...this.#publishers, this.#retained];
    return {
      rounds,
      kills: this.#kills,
      killsAtStart: this.#killsAtStart,
      acknowledged: publishers.reduce((sum, { account }) => sum + account.acknowledged, 0),
      received: this.#received,
      repeated: this.#accounts.reduce((sum, { repeated }) => sum + repeated, 0),
      wills: this.#wills.length,
      secondsLongestStart: this.#longestStart / 1_000,
      problems: this.#problems,
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#ticks);
    for (const client of this.#clients()) client.down();
    await this.#process?.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Numbered, and of sizes from a few bytes to some that fill a block of the store. */
  #message(publisher: string): NextMessage {
    return (sequence) => {
      const bytes = this.#random.chance(0.01) ? 70_000 : this.#random.integer(0, 300);
      return {
        topicName: `ledger/${publisher}`,
        payload: Buffer.from(`${sequence} `.padEnd(bytes, "x")),
        retain: false,
      };
    };
  }

  /** All subscriptions stand before the first message. */
  async #firstStart(): Promise<void> {
    this.#subscribe("all-at-2", "ledger/#", 2, ["two", "three"], true);
    this.#subscribe("all-at-1", "ledger/#", 1, ["one", "two", "three", "four"], false);
    this.#subscribe("ones-at-2", "ledger/one", 2, ["one"], false);
    for (const member of ["member-a", "member-b", "member-c"]) {
      this.#subscribers.push(
        this.#subscriber(member, "$share/group/ledger/#", 2, ({ topicName, payload }) =>
          this.#group.received(publisherOf(topicName), Number.parseInt(payload, 10)),
        ),
      );
    }
    this.#subscribers.push(
      this.#subscriber("wills", "wills/#", 2, ({ payload }) => this.#willLedger.published(payload)),
    );
    await this.#start();
    const endpoint = this.#endpoint!;
    for (const subscriber of this.#subscribers) subscriber.up(endpoint);
    await Promise.all(this.#subscribers.map((subscriber) => subscriber.subscribed()));
    for (const publisher of [...this.#publishers, this.#retained]) {
      publisher.isPublishing = true;
      publisher.up(endpoint);
    }
  }

  #subscribe(name: string, topicFilter: string, qos: 1 | 2, publishers: readonly string[], exactlyOnce: boolean): void {
    const account = new SubscriberAccount(name, exactlyOnce, this.#report);
    for (const publisher of this.#publishers) {
      if (publishers.includes(publisher.clientId)) account.owe(publisher.account);
    }
    this.#accounts.push(account);
    const taken = ({ topicName, payload }: Taken): void =>
      account.received(publisherOf(topicName), Number.parseInt(payload, 10));
    this.#subscribers.push(this.#subscriber(name, topicFilter, qos, taken));
  }

  #subscriber(name: string, topicFilter: string, qos: 1 | 2, taken: (message: Taken) => void): Subscriber {
    const counted = (message: Taken): void => {
      this.#received += 1;
      taken(message);
    };
    return new Subscriber(name, topicFilter, qos, counted, this.#random, this.#report);
  }

  #clients() {
    return [...this.#publishers, this.#retained, ...this.#subscribers, ...this.#wills, this.#retainedReader];
  }

  #tick(): void {
    for (const publisher of this.#publishers) publisher.tick();
    this.#retained.tick();
    for (const subscriber of this.#subscribers) subscriber.tick();
  }

  /** Load, a kill, and a start that may be killed too. */
  async #round(round: number): Promise<void> {
    const random = this.#random;
    const endpoint = this.#endpoint!;
    const lost = new WillClient(`lost-${round}`, random.integer(0, 3), this.#report);
    const returning = new WillClient(`returning-${round}`, 600, this.#report);
    this.#wills.push(lost, returning);
    for (const client of [lost, returning]) client.up(endpoint);
    if (round % 4 === 1) await this.#subscribeLate(round);
    if (round % 4 === 3) await this.#unsubscribeLate();
    await delay(random.integer(50, 1_500));
    await this.#kill();
    for (const client of this.#clients()) client.down();
    if (lost.hasSession) this.#willLedger.due(lost.clientId);
    while (random.chance(0.4)) await this.#killWhileStarting();
    await this.#start();
    const promised = acknowledgedUpTo(this.#retained);
    const found = await this.#retainedReader.read(this.#endpoint!);
    this.#retainedLedger.check(found, promised, this.#report);
    if (returning.hasSession) {
      returning.forgetWill();
      this.#willLedger.cancelled(returning.clientId);
      returning.up(this.#endpoint!);
    }
    for (const publisher of [...this.#publishers, this.#retained]) publisher.up(this.#endpoint!);
    // Some stay away for a round: their queues must outlive the next kill.
    for (const subscriber of this.#subscribers) if (random.chance(0.8)) subscriber.up(this.#endpoint!);
    if (round % 10 === 0) this.#say(`${round} rounds, ${this.#received} messages received`);
  }

  /** A subscription made under load: from its SUBACK on it must get everything. */
  async #subscribeLate(round: number): Promise<void> {
    const name = `late-${round}`;
    const account = new SubscriberAccount(name, false, this.#report);
    const subscriber = this.#subscriber(name, "ledger/three", 1, ({ topicName, payload }) =>
      account.received(publisherOf(topicName), Number.parseInt(payload, 10)),
    );
    this.#subscribers.push(subscriber);
    subscriber.up(this.#endpoint!);
    await subscriber.subscribed();
    for (const publisher of this.#publishers) if (publisher.clientId === "three") account.owe(publisher.account);
    this.#accounts.push(account);
    this.#late = { subscriber, account };
  }

  /** The last one that came late wants no more, and stays. */
  async #unsubscribeLate(): Promise<void> {
    const late = this.#late;
    if (late === undefined) return;
    late.subscriber.up(this.#endpoint!);
    await late.subscriber.connected();
    await late.subscriber.unsubscribe();
    late.account.end();
    this.#late = undefined;
  }

  async #kill(): Promise<void> {
    this.#kills += 1;
    const { stderr, signal, code } = await this.#process!.kill();
    if (signal !== "SIGKILL") this.#report(`the broker had ended by itself with ${code}: ${stderr}`);
    this.#checkLog(stderr);
  }

  async #killWhileStarting(): Promise<void> {
    this.#killsAtStart += 1;
    this.#process = this.#spawn();
    await delay(this.#random.integer(0, 600));
    await this.#kill();
  }

  #spawn(): BrokerProcess {
    const args = [
      "--demo",
      "--contract",
      "none",
      "--mqtts",
      "0",
      "--config",
      "broker.yaml",
      "--data",
      "data",
      "--log-level",
      "warn",
    ];
    return new BrokerProcess(this.#directory, args);
  }

  async #start(): Promise<void> {
    const startedAt = performance.now();
    this.#process = this.#spawn();
    const port = await this.#process.ready;
    if (port === undefined) throw new Error(`the broker did not start: ${this.#process.stderr}`);
    this.#longestStart = Math.max(this.#longestStart, performance.now() - startedAt);
    this.#endpoint = { port, ca: readFileSync(join(this.#directory, "data/tls/ca.crt")) };
  }

  /** Everything settles; then a proper end and a start, after which nothing may come again. */
  async #finish(): Promise<void> {
    await this.#settle();
    await this.#process!.stop();
    this.#checkLog(this.#process!.stderr);
    for (const client of this.#clients()) client.down();
    const repeated = this.#accounts.reduce((sum, account) => sum + account.repeated, 0);
    await this.#start();
    await this.#settle();
    const again = this.#accounts.reduce((sum, account) => sum + account.repeated, 0) - repeated;
    if (again > 0) this.#report(`${again} settled messages came again after a proper end`);
    this.#retainedLedger.check(
      await this.#retainedReader.read(this.#endpoint!),
      this.#retained.account.sent,
      this.#report,
    );
    await this.#process!.stop();
  }

  /** All connect, finish what they began and send one more each, behind everything else; all of it must arrive. */
  async #settle(): Promise<void> {
    const publishers = [...this.#publishers, this.#retained];
    for (const publisher of publishers) publisher.isPublishing = false;
    for (const client of [...publishers, ...this.#subscribers]) if (!client.isConnected) client.up(this.#endpoint!);
    await this.#progress(() => publishers.flatMap((publisher) => publisher.waiting()));
    await Promise.all(publishers.map((publisher) => publisher.connected()));
    for (const publisher of publishers) publisher.publish();
    await this.#progress(() => [
      ...publishers.flatMap((publisher) => publisher.waiting()),
      ...this.#accounts.flatMap((account) => account.owed()),
      ...this.#group.owed(),
      ...this.#willLedger.owed(),
    ]);
    await this.#progress(() => {
      const busy = this.#subscribers.filter(({ isSettled }) => !isSettled);
      return busy.map(({ clientId }) => `the end of a flow to ${clientId}`);
    });
    await Promise.all(this.#subscribers.map((subscriber) => subscriber.fence()));
  }

  /** Waits until nothing is missing any more, as long as something arrives. */
  async #progress(missing: () => string[]): Promise<void> {
    let received = -1;
    let lastAt = performance.now();
    for (let left = missing(); left.length > 0 && this.#problems.length === 0; left = missing()) {
      if (this.#received !== received) {
        received = this.#received;
        lastAt = performance.now();
      } else if (performance.now() - lastAt > stallMilliseconds) {
        for (const sentence of left) this.#report(`missing: ${sentence}`);
        return;
      }
      await delay(100);
    }
  }

  #checkLog(stderr: string): void {
    for (const line of stderr.split("\n")) {
      if (/"level":"(error|fatal)"/.test(line)) this.#report(`the broker logged ${line}`);
    }
  }
}

/** Messages stand under `ledger/NAME`. */
function publisherOf(topicName: string): string {
  return topicName.slice(topicName.indexOf("/") + 1);
}
