import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { allCapabilities, createLimits } from "../../src/broker/limits.ts";
import type { Publish } from "../../src/mqtt/packet.ts";
import { PacketType } from "../../src/mqtt/packet-type.ts";
import type { Server } from "../../src/server/options.ts";
import { UsageError } from "../../src/service/errors.ts";
import { ended, interruptAll, pub, type Relay, type Start, startRelay, startStage } from "./client-stage.ts";
import { killCommands, start, temporaryDirectory } from "./command.ts";

const directory = temporaryDirectory();
const file = (name: string, text: string | Buffer): string => {
  const path = join(directory.path, name);
  writeFileSync(path, text);
  return path;
};
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

const done = async (args: readonly string[], begin?: Start) => await ended(pub(["--url", relay.url, ...args], begin));
const payloads = (): string[] => relay.publishes().map(({ payload }) => Buffer.from(payload).toString());
const refusedUsage = async (args: readonly string[], sentence: RegExp, begin?: Start): Promise<void> => {
  const { code } = pub(["--url", relay.url, ...args], begin);
  await assert.rejects(code, (error) => error instanceof UsageError && sentence.test(error.message));
};

describe("pub publishes", () => {
  test("with QoS, RETAIN and every Property", async () => {
    const flags = "-q 1 -r --payload-format utf-8 --message-expiry 60 --content-type text/plain --response-topic r";
    const more = ["--correlation-data", "c", "--topic-alias", "7", "--user-property", "a=b", "--user-property", "a=c"];
    const { code, errors } = await done([...flags.split(" "), ...more, "all/properties", "x"]);
    assert.equal(code, 0, errors);
    const [sent] = relay.publishes() as [Publish];
    assert.deepEqual([sent.qos, sent.retain, sent.topicAlias, sent.topicName], [1, true, 7, "all/properties"]);
    const { correlationData, userProperties, ...others } = sent.properties;
    assert.equal(Buffer.from(correlationData!).toString(), "c");
    assert.deepEqual(userProperties, [
      ["a", "b"],
      ["a", "c"],
    ]);
    assert.deepEqual(others, {
      payloadFormatIndicator: 1,
      messageExpiryIntervalSeconds: 60,
      contentType: "text/plain",
      responseTopic: "r",
    });
  });

  for (const version of ["5", "3.1.1"]) {
    for (const qos of ["0", "1", "2"]) {
      test(`at QoS ${qos} with version ${version}, and counts the acknowledgements`, async () => {
        const { code, out } = await done(["-V", version, "-q", qos, "--count", "20", "--json", "a", "b"]);
        assert.equal(code, 0);
        const summary = JSON.parse(out);
        assert.equal(summary.published, 20);
        assert.equal(summary.acknowledged, qos === "0" ? 0 : 20);
        assert.equal(summary.withoutSubscribers, qos === "0" || version === "3.1.1" ? 0 : 20);
        assert.equal(summary.bytes, 20);
        assert.deepEqual(new Set(relay.publishes().map((each) => each.qos)), new Set([Number(qos)]));
      });
    }
  }

  test("a topic with its Topic Alias once, and then the alias alone, again after a lost connection", async () => {
    const input = new PassThrough();
    const run = pub(["--url", relay.url, "-q", "1", "--topic-alias", "2", "--lines", "long/topic"], { input });
    const seen = async (line: string): Promise<void> => {
      input.write(`${line}\n`);
      await relay.sees(
        (packet) => packet.type === PacketType.Publish && Buffer.from(packet.payload).toString() === line,
      );
    };
    await seen("1");
    await seen("2");
    relay.cut();
    await run.said("connected to");
    await seen("3");
    input.end();
    assert.equal(await run.code, 0);
    const named = relay.publishes().filter(({ dup }) => !dup);
    const last = named.findLastIndex(({ payload }) => Buffer.from(payload).toString() === "3");
    assert.deepEqual(
      [named[0], named[1], named[last]].map((each) => [each?.topicName, each?.topicAlias]),
      [
        ["long/topic", 2],
        ["", 2],
        ["long/topic", 2],
      ],
    );
  });

  test("so many messages in all, from the start again when there are fewer", async () => {
    const lines = file("three", "1\n2\n3\n");
    await done(["--lines", "-f", lines, "--count", "5", "a"]);
    assert.deepEqual(payloads(), ["1", "2", "3", "1", "2"]);
  });

  test("everything so many times", async () => {
    await done(["--lines", "-f", file("two", "1\n2\n"), "--repeat", "2", "a"]);
    assert.deepEqual(payloads(), ["1", "2", "1", "2"]);
  });

  test("not for ever when there is nothing to publish", async () => {
    const { code, out } = await done(["--lines", "-f", file("empty", ""), "--count", "5", "a"]);
    assert.equal(code, 0);
    assert.match(out, /^published 0 messages/);
  });

  test("stdin once only", async () => {
    await refusedUsage(["--lines", "--repeat", "2", "a"], /cannot be repeated/, { input: "1\n" });
    await refusedUsage(["--count", "2", "--repeat", "2", "a", "b"], /leave one out/);
  });

  test("not faster than --rate", async () => {
    const { out } = await done(["--rate", "50", "--count", "11", "--json", "a", "b"]);
    // Ten intervals of 20 ms; a timer may be a millisecond early.
    assert.ok(JSON.parse(out).seconds >= 0.19, out);
  });

  test("never more at once than the server takes, at QoS 1 and 2", async () => {
    const narrow = await startStage({ limits: createLimits({ receiveMaximum: 3 }) });
    const watched = await startRelay(narrow);
    try {
      for (const qos of ["1", "2"]) {
        const { code, errors } = await ended(pub(["--url", watched.url, "-q", qos, "--count", "300", "a", "b"]));
        assert.equal(code, 0, errors);
      }
      assert.equal(watched.publishes().length, 600);
      assert.equal(watched.inFlightMax(), 3);
    } finally {
      await watched.close();
      await narrow.close();
    }
  });

  test("and what was not acknowledged again after a lost connection", async () => {
    const run = pub(["--url", relay.url, "-q", "1", "--count", "200", "--rate", "400", "--json", "a", "b"]);
    await relay.sees((packet) => packet.type === PacketType.Publish);
    relay.cut();
    assert.equal(await run.code, 0, run.errors());
    const { published, acknowledged } = JSON.parse(run.out());
    assert.deepEqual([published, acknowledged], [200, 200]);
    assert.equal(relay.connects().length, 2);
  });

  test("with a stamp for sub --latency, and says how long acknowledgements took", async () => {
    const { out } = await done(["-q", "1", "--latency", "--count", "10", "--json", "--user-property", "a=b", "x", "y"]);
    const { latency } = JSON.parse(out);
    assert.equal(latency.messages, 10);
    assert.ok(latency.p50Milliseconds > 0 && latency.p50Milliseconds <= latency.p99Milliseconds);
    const [first] = relay.publishes() as [Publish];
    const [[, other], [name, stamp]] = first.properties.userProperties as [[string, string], [string, string]];
    assert.deepEqual([other, name], ["b", "petstore-sent-at"]);
    assert.ok(Math.abs(Number(stamp) - Date.now()) < 60_000);
    assert.match(
      (await done(["-q", "1", "--latency", "x", "y"])).out,
      /an acknowledgement took p50 \d+\.\d\d ms, p99 /,
    );
  });
});

describe("pub says what came of it", () => {
  test("in one sentence", async () => {
    const { out, errors } = await done(["-q", "1", "a", "b"]);
    assert.match(out, /^published 1 message in \d+\.\d\d s: 1 acknowledged, 1 without subscribers\n$/);
    assert.equal(errors, "");
  });

  test("with Reason Code and Reason String of every refusal, and exit code 4", async () => {
    const batch = '{"topic":"no/way"}\n{"topic":"yes"}\n';
    for (const qos of ["1", "2"]) {
      const { code, out, errors } = await done(["-q", qos, "--batch", "-"], { input: batch });
      assert.equal(code, 4);
      assert.equal(errors, "petstore-mqtt: no/way was refused: Not authorized (0x87): no/ is for nobody\n");
      assert.match(out, /published 2 messages.*: 1 acknowledged, 1 without subscribers, 1 refused\n$/);
    }
  });

  test("with ten refusals, and then only counts them", async () => {
    const { code, out, errors } = await done(["-q", "1", "--count", "30", "--json", "no/way", "x"]);
    assert.equal(code, 4);
    assert.equal(JSON.parse(out).refused, 30);
    assert.equal(errors.split("was refused").length - 1, 10);
    assert.match(errors, /further refusals are only counted\n$/);
  });

  test("and does not send what the server has said that it does not take", async () => {
    const poor = await startStage({
      capabilities: { ...allCapabilities, maximumQoS: 1, retainAvailable: false },
      limits: createLimits({ topicAliasMaximum: 2, packetBytesMax: 2000 }),
    });
    const watched = await startRelay(poor);
    try {
      for (const [words, sentence] of [
        [["-q", "2", "x", "y"], /x was refused: QoS not supported \(0x9b\): at most 1/],
        [["-r", "x", "y"], /Retain not supported \(0x9a\)/],
        [["--topic-alias", "3", "x", "y"], /Topic alias invalid \(0x94\): the server knows 2 Topic Aliases/],
        [["x", "y".repeat(2000)], /Packet too large \(0x95\): the server takes at most 2000 bytes/],
      ] as const) {
        const { code, errors } = await ended(pub(["--url", watched.url, ...words]));
        assert.equal(code, 4);
        assert.match(errors, sentence);
      }
      assert.deepEqual(watched.publishes(), []);
    } finally {
      await watched.close();
      await poor.close();
    }
  });

  test("with progress while it works, on a terminal only", async () => {
    const { errors } = await done(["--rate", "100", "--count", "80", "a", "b"], { isTerminal: true });
    assert.match(errors, /\r\d+ of 80 published, \d+ a second/);
    assert.equal((await done(["--rate", "100", "--count", "80", "a", "b"])).errors, "");
  });

  test("when the time is over, with exit code 3", async () => {
    const { code, out, errors } = await done(["--timeout", "1", "--rate", "1", "--count", "100", "a", "b"]);
    assert.equal(code, 3);
    assert.match(errors, /not done after 1 seconds\n$/);
    assert.match(out, /^published [12] messages? in/);
  });

  test("when it is interrupted while it waits for input, with exit code 130", async () => {
    const input = new PassThrough();
    const run = pub(["--url", relay.url, "-q", "1", "--lines", "a"], { input });
    input.write("one\n");
    await relay.sees((packet) => packet.type === PacketType.Publish);
    run.interrupt();
    assert.equal(await run.code, 130);
    assert.match(run.out(), /^published 1 message in .*: 1 acknowledged/);
    assert.equal(input.destroyed, true);
  });

  test("when the connection stays lost, with exit code 1", async () => {
    const run = pub(["--url", relay.url, "-q", "1", "--rate", "20", "--count", "100", "--reconnect", "0", "a", "b"]);
    await relay.sees((packet) => packet.type === PacketType.Publish);
    relay.closeDoor(true);
    relay.cut();
    assert.equal(await run.code, 1);
    assert.match(run.errors(), /closed without a word\n$/);
  });
});

test("pub runs as a command: Ctrl-C ends it with its summary", { timeout: 60_000 }, async () => {
  const words = ["pub", "--url", relay.url, "-q", "1", "--rate", "50", "--count", "100000", "a", "b"];
  const { child, ended: end } = start(directory.path, ...words);
  await relay.sees((packet) => packet.type === PacketType.Publish);
  child.kill("SIGINT");
  const { code, stdout } = await end;
  assert.equal(code, 130);
  assert.match(stdout, /^published \d+ messages? in/);
});
