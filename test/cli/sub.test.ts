import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { allCapabilities } from "../../src/broker/limits.ts";
import type { Subscribe } from "../../src/mqtt/packet.ts";
import { PacketType } from "../../src/mqtt/packet-type.ts";
import type { Server } from "../../src/server/options.ts";
import { UsageError } from "../../src/service/errors.ts";
import {
  type ClientRun,
  ended,
  interruptAll,
  pub,
  type Relay,
  startRelay,
  startStage,
  sub,
  urlOf,
} from "./client-stage.ts";
import { killCommands, start, temporaryDirectory } from "./command.ts";

const directory = temporaryDirectory();
let server: Server;
let relay: Relay;
before(async () => {
  server = await startStage();
});
after(async () => {
  directory.remove();
  killCommands();
  await server?.close();
});
beforeEach(async () => {
  relay = await startRelay(server);
});
afterEach(async () => {
  interruptAll();
  await relay?.close();
});

const begin = async (args: readonly string[]): Promise<ClientRun> => {
  const run = sub(["--url", relay.url, ...args]);
  await run.said("subscribed to");
  return run;
};
const send = async (topicName: string, payload: string, qos: 0 | 1 | 2 = 1, retain = false): Promise<void> => {
  await server.publish({ topicName, payload, qos, retain });
};
const firstSubscribe = async (args: readonly string[]): Promise<Subscribe> => {
  const run = await begin(args);
  run.interrupt();
  assert.equal(await run.code, 0);
  return relay.subscribes()[0]!;
};

describe("sub subscribes", () => {
  test("to every Topic Filter that it is given, once", async () => {
    const { subscriptions } = await firstSubscribe(["a/#", "+/b", "-t", "c", "--topic", "a/#", "-q", "1"]);
    assert.deepEqual(
      subscriptions.map(({ topicFilter, qos }) => [topicFilter, qos]),
      [
        ["a/#", 1],
        ["+/b", 1],
        ["c", 1],
      ],
    );
  });

  test("with every Subscription Option and Property", async () => {
    const flags = "--no-local --retain-as-published --retain-handling 2 --subscription-identifier 9 -q 2";
    const sent = await firstSubscribe([...flags.split(" "), "--user-property", "a=b", "x/y"]);
    assert.deepEqual(sent.subscriptions, [
      { topicFilter: "x/y", qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 2 },
    ]);
    assert.equal(sent.subscriptionIdentifier, 9);
    assert.deepEqual(sent.userProperties, [["a", "b"]]);
  });

  test("without options in 3.1.1", async () => {
    const [subscription] = (await firstSubscribe(["-V", "3.1.1", "-q", "2", "x/y"])).subscriptions;
    assert.deepEqual([subscription?.topicFilter, subscription?.qos], ["x/y", 2]);
  });

  test("together with others, by $share", async () => {
    const both = [await begin(["-q", "1", "$share/g/work/#"]), await begin(["-q", "1", "$share/g/work/#"])];
    const jobs = Array.from({ length: 10 }, (_, index) => `job ${index}`);
    for (const job of jobs) await send("work/1", job);
    await relay.until(() => relay.sent.filter(({ type }) => type === PacketType.Puback).length === jobs.length);
    for (const run of both) run.interrupt();
    for (const run of both) assert.equal(await run.code, 0);
    assert.deepEqual(both.flatMap((run) => run.out().trim().split("\n")).sort(), jobs);
  });

  test("and says what was refused; the rest goes on, and the exit code is 4", async () => {
    const run = await begin(["-q", "1", "-v", "-C", "1", "no/way", "yes"]);
    assert.match(run.errors(), /no\/way was refused: Not authorized \(0x87\): no\/ is for nobody\n/);
    await send("yes", "1");
    assert.equal(await run.code, 4);
    assert.equal(run.out(), "yes 1\n");
  });

  test("and ends at once when all was refused", async () => {
    const { code, errors } = await ended(sub(["--url", relay.url, "no/way"]));
    assert.equal(code, 4);
    assert.match(errors, /no\/way was refused/);
  });

  test("and says when the server grants less", async () => {
    const poor = await startStage({ capabilities: { ...allCapabilities, maximumQoS: 1 } });
    try {
      const run = sub(["--url", urlOf(poor), "-q", "2", "x"]);
      await run.said("x: the server grants QoS 1 at most");
      run.interrupt();
      await run.code;
    } finally {
      await poor.close();
    }
  });

  for (const [why, words, sentence] of [
    ["nothing", [], /sub needs a TOPIC-FILTER/],
    ["a misplaced wildcard", ["a/#/b"], /Topic Filter "a\/#\/b": .*# stands alone in the last level/],
    ["a shared filter without its topics", ["$share/g"], /A ShareName is followed by/],
    ["a shared filter with No Local", ["--no-local", "$share/g/a"], /--no-local is not for those/],
    ["two formats", ["-v", "--json", "a"], /--verbose and --json: leave one out/],
    ["a placeholder that there is not", ["--format", "%z", "a"], /there is no %z/],
    ["options in 3.1.1", ["-V", "3.1.1", "--no-local", "a"], /--no-local is of MQTT 5.0/],
    ["a Session without a name", ["--persistent", "a"], /give --client-id ID/],
    ["a Subscription Identifier of 0", ["--subscription-identifier", "0", "a"], /from 1 to 268435455/],
  ] as const) {
    test(`not to ${why}`, async () => {
      const { code } = sub(["--url", relay.url, ...words]);
      await assert.rejects(code, (error) => error instanceof UsageError && sentence.test(error.message));
      assert.deepEqual(relay.connects(), []);
    });
  }
});

describe("sub writes", () => {
  test("payloads, or topic and payload, or JSON, or a line of one's own", async () => {
    for (const [flags, line] of [
      [[], /^woof\n$/],
      [["-v"], /^pets\/7 woof\n$/],
      [["--verbose"], /^pets\/7 woof\n$/],
      [["--json"], /^\{"topic":"pets\/7","payload":"woof","qos":1,"retain":false,"receivedAt":"[^"]+"\}\n$/],
      [["-F", "%t: %p (%q)"], /^pets\/7: woof \(1\)\n$/],
    ] as const) {
      const run = await begin(["-q", "1", "-C", "1", ...flags, "pets/#"]);
      await send("pets/7", "woof");
      assert.equal(await run.code, 0);
      assert.match(run.out(), line);
    }
  });

  for (const version of ["5", "3.1.1"]) {
    for (const qos of ["0", "1", "2"] as const) {
      test(`exactly --count messages, at QoS ${qos} with version ${version}`, async () => {
        const run = await begin(["-V", version, "-q", qos, "--count", "3", "many"]);
        for (let index = 0; index < 10; index += 1) await send("many", String(index), Number(qos) as 0 | 1 | 2);
        assert.equal(await run.code, 0);
        assert.equal(run.out(), "0\n1\n2\n");
        assert.match(run.errors(), /received 3 messages, 3 bytes in \d+\.\d\d s\n$/);
      });
    }
  }

  test("what a Topic Alias stands for", async () => {
    const run = await begin(["--topic-alias-maximum", "5", "-v", "-q", "1", "-C", "3", "long/topic"]);
    for (let index = 0; index < 3; index += 1) await send("long/topic", String(index));
    assert.equal(await run.code, 0);
    assert.equal(run.out(), "long/topic 0\nlong/topic 1\nlong/topic 2\n");
  });

  test("no faster than it is read, and acknowledges no more than that", async () => {
    const run = await begin(["-q", "1", "slow"]);
    run.output.pause();
    const payload = "x".repeat(40_000);
    for (let index = 0; index < 20; index += 1) await send("slow", payload);
    await relay.until(() => relay.answered.filter(({ type }) => type === PacketType.Publish).length === 20);
    // Time enough to write them all, if it did not wait.
    await ended(pub(["--url", urlOf(server), "-q", "1", "other", "x"]));
    const acknowledged = (): number => relay.sent.filter(({ type }) => type === PacketType.Puback).length;
    assert.equal(acknowledged(), 0);
    run.output.resume();
    await relay.until(() => acknowledged() === 20);
    run.interrupt();
    assert.equal(await run.code, 0);
    assert.equal(run.out().length, 20 * 40_001);
  });
});

describe("sub ends", () => {
  test("with its summary at Ctrl-C, with exit code 0", async () => {
    const run = await begin(["-q", "1", "a"]);
    await send("a", "12345");
    await run.said("12345");
    run.interrupt();
    assert.equal(await run.code, 0);
    assert.match(run.errors(), /received 1 message, 5 bytes in \d+\.\d\d s\n$/);
  });

  test("with exit code 130 at Ctrl-C when --count had not been reached", async () => {
    const run = await begin(["-C", "2", "a"]);
    run.interrupt();
    assert.equal(await run.code, 130);
  });

  test("with exit code 130 at Ctrl-C, and 3 after --timeout, when there was no connection yet", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    try {
      const url = `mqtt://127.0.0.1:${(silent.address() as AddressInfo).port}`;
      const waiting = sub(["--url", url, "a"]);
      await once(silent, "connection");
      waiting.interrupt();
      assert.equal(await waiting.code, 130);
      assert.equal(await sub(["--url", url, "--timeout", "1", "a"]).code, 3);
      assert.equal(await pub(["--url", url, "--timeout", "1", "a", "b"]).code, 3);
    } finally {
      silent.close();
    }
  });

  test("after --timeout, with exit code 3 when --count had not been reached", async () => {
    const { code, errors } = await ended(sub(["--url", relay.url, "--timeout", "1", "--json", "a"]));
    assert.equal(code, 0);
    const summary = JSON.parse(errors.trim().split("\n").at(-1)!);
    assert.deepEqual([summary.messages, summary.bytes], [0, 0]);
    assert.equal((await ended(sub(["--url", relay.url, "-W", "1", "-C", "1", "a"]))).code, 3);
  });

  test("when nobody reads what it writes", async () => {
    const run = await begin(["a"]);
    run.output.destroy();
    assert.equal(await run.code, 0);
  });

  test("leaving a persistent Session as it is, which keeps what comes", async () => {
    const words = ["--persistent", "-i", "till", "-q", "1", "kept/#"];
    const run = await begin(words);
    assert.equal(relay.connects()[0]?.cleanStart, false);
    assert.equal(relay.connects()[0]?.properties.sessionExpiryIntervalSeconds, 86_400);
    run.interrupt();
    assert.equal(await run.code, 0);
    assert.ok(relay.sent.every(({ type }) => type !== PacketType.Unsubscribe));
    await send("kept/1", "while away");
    const again = sub(["--url", relay.url, "-c", "-C", "1", "-x", "0", ...words.slice(1)]);
    assert.equal(await again.code, 0);
    assert.equal(again.out(), "while away\n");
  });

  test("leaving what it has not written in a persistent Session, at every QoS above 0 and in both versions", async () => {
    for (const version of ["5", "3.1.1"]) {
      for (const qos of [1, 2] as const) {
        const words = ["-V", version, "-c", "-i", `rest-${version}-${qos}`, "-q", String(qos), "-C", "2", "rest"];
        const first = await begin(words);
        for (let index = 0; index < 6; index += 1) await send("rest", String(index), qos);
        assert.equal(await first.code, 0);
        const second = sub(["--url", relay.url, ...words]);
        assert.equal(await second.code, 0);
        const third = sub(["--url", relay.url, ...words]);
        assert.equal(await third.code, 0);
        assert.equal(first.out() + second.out() + third.out(), "0\n1\n2\n3\n4\n5\n", `version ${version}, QoS ${qos}`);
      }
    }
  });

  test("without acknowledging on a new connection what came on a lost one", async () => {
    const run = await begin(["-q", "1", "stale"]);
    run.output.pause();
    await send("stale", "x".repeat(40_000));
    await relay.until(() => relay.answered.some(({ type }) => type === PacketType.Publish));
    relay.cut();
    await run.said("connected to");
    run.output.resume();
    await run.said("xxx");
    run.interrupt();
    assert.equal(await run.code, 0);
    assert.ok(relay.sent.every(({ type }) => type !== PacketType.Puback));
  });

  test("and does not subscribe again when its Session is still there", async () => {
    const run = await begin(["-c", "-i", "still", "-q", "1", "still/#"]);
    relay.cut();
    await run.said("connected to");
    await send("still/1", "here");
    await run.said("here");
    assert.equal(relay.subscribes().length, 1);
    run.interrupt();
    assert.equal(await run.code, 0);
  });
});

test("sub --latency says how long messages of pub --latency were under way", async () => {
  const run = await begin(["--latency", "--json", "-q", "1", "-C", "20", "fast"]);
  await ended(pub(["--url", urlOf(server), "-q", "1", "--latency", "--count", "20", "fast", "x"]));
  assert.equal(await run.code, 0);
  const { latency } = JSON.parse(run.errors().trim().split("\n").at(-1)!);
  assert.equal(latency.messages, 20);
  assert.ok(latency.p50Milliseconds > 0 && latency.p50Milliseconds <= latency.p99Milliseconds);
  assert.ok(latency.maxMilliseconds < 20_000);
});

test("sub --latency says it in words too, and when no message bore a stamp", async () => {
  for (const [flags, sentence] of [
    [["--latency"], /received 1 message, 1 bytes in .* s; p50 \d+\.\d\d ms, p99 \d+\.\d\d ms, max \d+\.\d\d ms\n$/],
    [[], /; none was stamped by pub --latency\n$/],
  ] as const) {
    const run = await begin(["--latency", "-q", "1", "-C", "1", "fast"]);
    await ended(pub(["--url", urlOf(server), "-q", "1", ...flags, "fast", "x"]));
    assert.equal(await run.code, 0);
    assert.match(run.errors(), sentence);
  }
});

test("sub runs as a command: a broken pipe is fine, and so is Ctrl-C", { timeout: 60_000 }, async () => {
  const words = ["sub", "--url", urlOf(server), "-v", "pipe"];
  await send("pipe", "first", 0, true);
  const broken = start(directory.path, ...words);
  const [line] = await once(broken.child.stdout!, "data");
  assert.equal(String(line), "pipe first\n");
  broken.child.stdout!.destroy();
  const writing = setInterval(() => void send("pipe", "more"), 50);
  const end = await broken.ended.finally(() => clearInterval(writing));
  assert.equal(end.code, 0);
  const interrupted = start(directory.path, ...words);
  await once(interrupted.child.stdout!, "data");
  interrupted.child.kill("SIGINT");
  const { code, stderr } = await interrupted.ended;
  assert.equal(code, 0);
  assert.match(stderr, /received 1 message/);
});
