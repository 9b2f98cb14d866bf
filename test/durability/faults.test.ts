import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { ReasonCode } from "../../src/mqtt/reason-code.ts";
import { BrokerProcess, killBrokers } from "./broker-process.ts";
import { SubscriberAccount } from "./ledger.ts";
import type { Endpoint } from "./persistent-client.ts";
import { Publisher } from "./publisher.ts";
import { Random } from "./random.ts";
import { Subscriber } from "./subscriber.ts";

const waitMillisecondsMax = 30_000;
const firstStarts = 8;
const MiB = 1_048_576;

describe("the broker and its disk", { timeout: 200_000 }, () => {
  const random = new Random(1);
  let directory: string;
  let problems: string[];
  let ticks: NodeJS.Timeout | undefined;
  /** A client that is left alone tries to come back for ever. */
  const clients: (Publisher | Subscriber)[] = [];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-faults-"));
    problems = [];
  });
  afterEach(() => {
    clearInterval(ticks);
    for (const client of clients.splice(0)) client.down();
    killBrokers();
    spawnSync("umount", [join(directory, "data")], { stdio: "ignore" });
    rmSync(directory, { recursive: true, force: true });
  });

  const report = (problem: string): void => {
    problems.push(problem);
  };

  function serve(
    limits: Readonly<Record<string, number>> = {},
    variables: Readonly<Record<string, string>> = {},
  ): BrokerProcess {
    const all = { queueMessagesMax: 1_000_000, queueBytesMax: 1_000 * MiB, ...limits };
    writeFileSync(join(directory, "broker.yaml"), `sysIntervalSeconds: 0\nlimits: ${JSON.stringify(all)}\n`);
    return new BrokerProcess(
      directory,
      ["--demo", "--contract", "none", "--mqtts", "0", "--config", "broker.yaml", "--data", "data"],
      variables,
    );
  }

  async function endpointOf(broker: BrokerProcess): Promise<Endpoint> {
    const port = await broker.ready;
    assert.ok(port !== undefined, broker.stderr);
    return { port, ca: readFileSync(join(directory, "data/tls/ca.crt")) };
  }

  function publisherOf(name: string, bytes: number): Publisher {
    const next = (sequence: number) => {
      return { topicName: `ledger/${name}`, payload: Buffer.from(`${sequence} `.padEnd(bytes, "x")), retain: false };
    };
    const publisher = new Publisher(name, 1, 20, next, random, report);
    clients.push(publisher);
    return publisher;
  }

  function subscriberOf(account: SubscriberAccount): Subscriber {
    const subscriber = new Subscriber(
      account.name,
      "ledger/#",
      1,
      ({ topicName, payload }) => account.received(topicName.slice("ledger/".length), Number.parseInt(payload, 10)),
      random,
      report,
    );
    clients.push(subscriber);
    return subscriber;
  }

  function tick(...clients: readonly { tick(): void }[]): void {
    clearInterval(ticks);
    ticks = setInterval(() => {
      for (const client of clients) client.tick();
    }, 5);
  }

  test("a store that is at storeBytesMax refuses new work, goes on settling, and takes work again when there is room", async () => {
    const broker = serve({ storeBytesMax: 4 * MiB });
    const endpoint = await endpointOf(broker);
    const account = new SubscriberAccount("subscriber", false, report);
    const [publisher, subscriber] = [publisherOf("publisher", 2_000), subscriberOf(account)];
    for (const client of [publisher, subscriber]) client.up(endpoint);
    await Promise.all([publisher.connected(), subscriber.subscribed()]);
    account.owe(publisher.account);
    publisher.isPublishing = true;
    // The subscriber answers nothing, so that its queue grows.
    tick(publisher);
    await until("a PUBACK with 0x97", () => publisher.account.refused.size > 0);
    publisher.isPublishing = false;
    assert.match(broker.stderr, /new work is refused: the store uses \d+ MiB, storeBytesMax is 4 MiB/);
    const stranger = publisherOf("stranger", 10);
    stranger.up(endpoint);
    await until("a CONNACK with 0x88", () => stranger.refusal !== undefined);
    assert.equal(stranger.refusal, ReasonCode.ServerUnavailable);
    await publisher.idle();
    tick(publisher, subscriber);
    await until("the whole queue", () => account.owed().length === 0);
    await until("the stranger's CONNACK", () => stranger.isConnected);
    const { acknowledged } = publisher.account;
    publisher.publish();
    await publisher.idle();
    assert.equal(publisher.account.acknowledged, acknowledged + 1);
    for (const client of [publisher, subscriber, stranger]) client.down();
    await broker.stop();
    assert.deepEqual(problems, []);
  });

  test("on a full disk it promises nothing, loses nothing that it promised, and goes on when there is room", async (context) => {
    const missing = tmpfsMissing();
    if (missing !== undefined) {
      context.skip(missing);
      return;
    }
    mkdirSync(join(directory, "data"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m,mode=0700", "tmpfs", join(directory, "data")]);
    const limits = { storeFreeBytesMin: 0 };
    const first = serve(limits);
    const endpoint = await endpointOf(first);
    const account = new SubscriberAccount("subscriber", false, report);
    const [publisher, other, subscriber] = [publisherOf("one", 2_000), publisherOf("two", 10), subscriberOf(account)];
    for (const client of [publisher, other, subscriber]) client.up(endpoint);
    await Promise.all([publisher.connected(), other.connected(), subscriber.subscribed()]);
    for (const each of [publisher, other]) account.owe(each.account);
    subscriber.down();
    publisher.isPublishing = true;
    tick(publisher);
    await until("some acknowledgements", () => publisher.account.acknowledged > 200);
    const ballast = fillDisk(join(directory, "data/ballast"));
    await until("a commit that fails", () => first.stderr.includes("the store refused a commit"));
    other.publish();
    await until("a PUBACK with 0x97", () => other.account.refused.size > 0);
    const { acknowledged } = publisher.account;
    rmSync(ballast);
    await until("acknowledgements again", () => publisher.account.acknowledged > acknowledged + 100);
    await first.kill();
    for (const client of [publisher, other]) client.down();
    const second = serve(limits);
    const again = await endpointOf(second);
    for (const client of [publisher, other, subscriber]) client.up(again);
    publisher.isPublishing = false;
    tick(subscriber);
    await publisher.idle();
    await until("everything that was acknowledged", () => account.owed().length === 0);
    await second.kill();
    assert.deepEqual(problems, []);
  });

  test("a flush that fails ends the process with exit code 1, and nothing was acknowledged that waited for it", async (context) => {
    const library = join(directory, "failing-flush.so");
    const missing = failingFlushMissing(library);
    if (missing !== undefined) {
      context.skip(missing);
      return;
    }
    const switchFile = join(directory, "flushes-fail");
    const first = serve({}, { LD_PRELOAD: library, FAILING_FLUSH_FILE: switchFile });
    const endpoint = await endpointOf(first);
    const account = new SubscriberAccount("subscriber", false, report);
    const [publisher, subscriber] = [publisherOf("publisher", 100), subscriberOf(account)];
    for (const client of [publisher, subscriber]) client.up(endpoint);
    await Promise.all([publisher.connected(), subscriber.subscribed()]);
    account.owe(publisher.account);
    publisher.isPublishing = true;
    tick(publisher, subscriber);
    await until("some acknowledgements", () => publisher.account.acknowledged > 200);
    writeFileSync(switchFile, "");
    const { code, stderr } = await first.ended;
    assert.equal(code, 1, stderr);
    assert.match(stderr, /"level":"fatal".*the server cannot go on/);
    publisher.isPublishing = false;
    const second = serve();
    const again = await endpointOf(second);
    for (const client of [publisher, subscriber]) client.up(again);
    await publisher.idle();
    await until("everything that was acknowledged", () => account.owed().length === 0);
    for (const client of [publisher, subscriber]) client.down();
    await second.stop();
    assert.deepEqual(problems, []);
  });

  test("a second process with the same data directory is refused in one sentence, with exit code 1", async () => {
    const first = serve();
    await endpointOf(first);
    const second = serve();
    const { code, stderr } = await second.ended;
    assert.equal(code, 1);
    const where = join(directory, "data/store");
    assert.equal(
      stderr,
      `petstore-mqtt: The store in ${where} is in use by process ${first.child.pid}: stop that one, or start with another data directory.\n`,
    );
    await first.stop();
    const third = serve();
    await endpointOf(third);
    await third.stop();
  });

  test("killed at any moment of its first start, it starts the next time", async () => {
    for (let start = 0; start < firstStarts; start += 1) {
      rmSync(join(directory, "data"), { recursive: true, force: true });
      const first = serve();
      await delay((start * 500) / firstStarts);
      await first.kill();
      const second = serve();
      await endpointOf(second);
      await second.stop();
    }
  });

  test("a damaged store is set aside, said in warnings, and the broker starts with what could be read", async () => {
    const first = serve();
    const publisher = publisherOf("publisher", 2_000);
    const subscriber = subscriberOf(new SubscriberAccount("subscriber", false, report));
    for (const client of [publisher, subscriber]) client.up(await endpointOf(first));
    await Promise.all([publisher.connected(), subscriber.subscribed()]);
    subscriber.down();
    for (let count = 0; count < 20; count += 1) publisher.publish();
    await publisher.idle();
    publisher.down();
    await first.stop();
    const path = join(directory, "data/store/store.mdb");
    const damaged = readFileSync(path);
    damaged.fill(0xa5, damaged.length / 2);
    writeFileSync(path, damaged);
    const second = serve();
    await endpointOf(second);
    await second.stop();
    const aside = readdirSync(join(directory, "data/store")).filter((name) => name.startsWith("store.mdb.damaged-"));
    assert.equal(aside.length, 1);
    assert.deepEqual(readFileSync(join(directory, "data/store", aside[0]!)), damaged);
    assert.match(second.stderr, /"level":"warn".*the store was damaged; it is set aside as .*store\.mdb\.damaged-/);
  });

  test("a data directory that cannot be used is said in words, with exit code 1", async () => {
    writeFileSync(join(directory, "data"), "a file");
    const broker = new BrokerProcess(directory, ["--open", "--mqtt", "0", "--data", "data"]);
    const { code, stderr } = await broker.ended;
    assert.equal(code, 1);
    const sentence = "a file is in the way; choose another with --data";
    assert.equal(stderr, `petstore-mqtt: the store cannot be kept in ${join(directory, "data/store")}: ${sentence}\n`);
  });
});

async function until(what: string, isTrue: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + waitMillisecondsMax;
  while (!isTrue()) {
    if (performance.now() > giveUpAt) throw new Error(`waited in vain for ${what}`);
    await delay(10);
  }
}

function tmpfsMissing(): string | undefined {
  if (process.platform !== "linux") return "a small disk is a tmpfs, which only Linux has";
  return process.getuid?.() === 0 ? undefined : "a small disk has to be mounted by root";
}

/** Compiles what makes flushes fail; why it cannot, or undefined when it is there. */
function failingFlushMissing(library: string): string | undefined {
  if (process.platform !== "linux") return "failing flushes are put in by LD_PRELOAD, as on Linux";
  const source = join(import.meta.dirname, "failing-flush.c");
  const { error, stderr } = spawnSync("cc", ["-shared", "-fPIC", "-o", library, source], { encoding: "utf8" });
  if (error !== undefined) return "failing flushes need a C compiler (cc)";
  assert.equal(stderr, "");
  return undefined;
}

/** Writes until nothing more fits. */
function fillDisk(path: string): string {
  const file = openSync(path, "w");
  try {
    for (let bytes = MiB; bytes >= 1_024; ) {
      try {
        writeSync(file, Buffer.alloc(bytes));
      } catch {
        bytes /= 2;
      }
    }
  } finally {
    closeSync(file);
  }
  return path;
}
