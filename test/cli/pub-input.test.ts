import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type { Publish } from "../../src/mqtt/packet.ts";
import { PacketType } from "../../src/mqtt/packet-type.ts";
import type { Server } from "../../src/server/options.ts";
import { UsageError } from "../../src/service/errors.ts";
import { ended, interruptAll, pub, type Relay, type Start, startRelay, startStage, sub } from "./client-stage.ts";
import { temporaryDirectory } from "./command.ts";

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
const topics = (): string[] => relay.publishes().map(({ topicName }) => topicName);
const refusedUsage = async (args: readonly string[], sentence: RegExp, begin?: Start): Promise<void> => {
  const { code } = pub(["--url", relay.url, ...args], begin);
  await assert.rejects(code, (error) => error instanceof UsageError && sentence.test(error.message));
};

describe("pub takes its message", () => {
  test("from the words behind it, or from --topic and --message", async () => {
    for (const words of [
      ["a/b", "hello"],
      ["-t", "a/b", "-m", "hello"],
      ["--topic", "a/b", "hello"],
      ["a/b", "--message", "hello"],
    ]) {
      assert.equal((await done(words)).code, 0);
    }
    assert.deepEqual(payloads(), ["hello", "hello", "hello", "hello"]);
    assert.deepEqual(new Set(topics()), new Set(["a/b"]));
  });

  test("empty, when it is given so", async () => {
    assert.equal((await done(["-r", "a/b", ""])).code, 0);
    assert.deepEqual([payloads(), relay.publishes()[0]?.retain], [[""], true]);
  });

  test("from stdin, whole, with - and when something is piped into it", async () => {
    await done(["a", "-"], { input: "one\ntwo\n" });
    await done(["a"], { input: "piped" });
    assert.deepEqual(payloads(), ["one\ntwo\n", "piped"]);
  });

  test("from a file, byte for byte", async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 128]);
    await done(["a", "--file", file("bytes", bytes)]);
    assert.deepEqual(Buffer.from(relay.publishes()[0]!.payload), bytes);
  });

  test("from every line of stdin, while they come", async () => {
    const input = new PassThrough();
    const run = pub(["--url", relay.url, "-q", "1", "--lines", "a"], { input });
    for (const line of ["one", "two"]) {
      input.write(`${line}\r\n`);
      await relay.sees(
        (packet) => packet.type === PacketType.Publish && Buffer.from(packet.payload).toString() === line,
      );
    }
    input.end("\nlast");
    assert.equal(await run.code, 0);
    assert.deepEqual(payloads(), ["one", "two", "", "last"]);
  });

  test("from every line of a file that is longer than a chunk", async () => {
    const lines = Array.from({ length: 800 }, (_, index) => `${index} ${"x".repeat(index % 190)}`);
    await done(["--lines", "--file", file("lines", `${lines.join("\n")}\n`), "-q", "1", "a"]);
    assert.deepEqual(payloads(), lines);
  });

  test("not from nowhere", async () => {
    await refusedUsage(["a"], /needs a MESSAGE/, { isInputTerminal: true });
    await refusedUsage(["a"], /stdin has none; "" is the empty message/, { input: "" });
    await refusedUsage([], /pub needs a TOPIC/);
    await refusedUsage(["a", "-f", "/nowhere/file"], /\/nowhere\/file: it cannot be read: ENOENT/);
  });

  test("from one place only", async () => {
    await refusedUsage(["a", "b", "--file", "c"], /--file and a message: leave one out/);
    await refusedUsage(["a", "b", "--lines"], /--lines reads a file or stdin/);
    await refusedUsage(["a", "--batch", "b", "--lines"], /leave one out/);
    await refusedUsage(["-t", "a", "b", "c"], /--topic names the topic; leave b out/);
  });

  test("to a topic without wildcards", async () => {
    await refusedUsage(["a/#", "b"], /topic "a\/#": A Topic Name has no wildcards/);
    await refusedUsage(["", "b"], /at least one character/);
    assert.deepEqual(relay.connects(), []);
  });
});

describe("pub takes a batch", () => {
  const entries = [
    { topic: "a", payload: "text" },
    { topic: "b", payload: { json: [1] }, qos: 1, retain: true },
    { payloadBase64: "AP8=", properties: { contentType: "x/y", userProperties: { n: ["1", "2"] } } },
  ];
  const checkEntries = (): void => {
    const [first, second, third] = relay.publishes() as [Publish, Publish, Publish];
    assert.deepEqual([first.topicName, first.qos, Buffer.from(first.payload).toString()], ["a", 2, "text"]);
    assert.deepEqual([second.topicName, second.qos, second.retain], ["b", 1, true]);
    assert.equal(Buffer.from(second.payload).toString(), '{"json":[1]}');
    assert.deepEqual([third.topicName, ...third.payload], ["c", 0, 255]);
    assert.deepEqual([third.properties.contentType, third.properties.responseTopic], ["x/y", "r"]);
    assert.deepEqual(third.properties.userProperties, [
      ["n", "1"],
      ["n", "2"],
    ]);
  };
  const defaults = ["-q", "2", "--response-topic", "r", "c"];

  test("that is an array", async () => {
    const { code, errors } = await done(["--batch", file("batch.json", `\n ${JSON.stringify(entries)}`), ...defaults]);
    assert.equal(code, 0, errors);
    checkEntries();
  });

  test("that has an object a line, with empty lines between", async () => {
    const text = entries.map((entry) => JSON.stringify(entry)).join("\n\n");
    await done(["--batch", file("batch.jsonl", text), ...defaults]);
    checkEntries();
  });

  test("from stdin", async () => {
    await done(["--batch", "-", ...defaults], { input: entries.map((entry) => JSON.stringify(entry)).join("\n") });
    checkEntries();
  });

  test("as sub --json writes it", async () => {
    const listening = sub([
      "--url",
      relay.url,
      "--json",
      "-q",
      "2",
      "-C",
      "1",
      "--subscription-identifier",
      "3",
      "round/#",
    ]);
    await listening.said("subscribed");
    const bytes = file("round", Buffer.from([255, 0]));
    await done(["-q", "2", "--correlation-data", "id", "--user-property", "__proto__=x", "round/1", "-f", bytes]);
    assert.equal(await listening.code, 0);
    await done(["--batch", "-"], { input: listening.out() });
    const [first, second] = relay
      .publishes()
      .filter(({ subscriptionIdentifiers }) => subscriptionIdentifiers.length === 0);
    const { packetIdentifier: _, ...sent } = first!;
    const { packetIdentifier: __, ...again } = second!;
    assert.deepEqual(again, sent);
  });

  test("and names the place where it is wrong, before anything of an array is published", async () => {
    for (const [text, sentence] of [
      ['[{"topic":"a"},{"topc":"b"}]', /batch\[1\]: there is no key topc; did you mean topic\?/],
      ["[{]", /batch: this is no JSON: /],
      ['[{"topic":"a","qos":3}]', /batch\[0\]: qos is 0, 1 or 2/],
      ['[{"topic":"a","retain":1}]', /retain is true or false/],
      ['[{"topic":"a/+"}]', /has no wildcards/],
      ['[{"payload":"x"}]', /a topic is missing/],
      ["[7]", /a message is an object/],
      ['[{"topic":"a","payloadBase64":"%"}]', /payloadBase64 is bytes in base64/],
      ['[{"topic":"a","payload":1,"payloadBase64":""}]', /leave one out/],
      ['[{"topic":"a","properties":[]}]', /properties is an object/],
      ['[{"topic":"a","properties":{"contentTyp":""}}]', /properties.contentTyp is no property; properties are /],
      ['[{"topic":"a","properties":{"messageExpiryInterval":-1}}]', /a whole number of seconds/],
      ['[{"topic":"a","properties":{"payloadFormatIndicator":2}}]', /0 \(bytes\) or 1 \(UTF-8\)/],
      ['[{"topic":"a","properties":{"topicAlias":0}}]', /topicAlias is 1 to 65535/],
      ['[{"topic":"a","properties":{"correlationData":1}}]', /a text, or correlationDataBase64/],
      ['[{"topic":"a","properties":{"userProperties":{"a":1}}}]', /userProperties is an object of texts/],
    ] as const) {
      await refusedUsage(["--batch", file("batch", text)], sentence);
    }
    assert.deepEqual(relay.sent, []);
    await refusedUsage(
      ["-V", "3.1.1", "--batch", file("b", '[{"topic":"a","properties":{"contentType":"x"}}]')],
      /of MQTT 5.0/,
    );
  });

  test("and publishes the lines before a wrong one, and says so", async () => {
    const run = pub(["--url", relay.url, "-q", "1", "--batch", "-"], {
      input: '{"topic":"a"}\n{"topic":"b"}\nnonsense\n',
    });
    await assert.rejects(run.code, /stdin:3: this is no JSON/);
    assert.deepEqual(topics(), ["a", "b"]);
    assert.match(run.out(), /published 2 messages .* 2 acknowledged/);
  });
});
