import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe } from "node:test";
import { boundedTest as test } from "./bounded-test.ts";
import { type BrokerProcess, packetBytesMax, startDemoBroker, startOpenBroker } from "./broker-process.ts";
import { answers, killCommands, type Running, run, start } from "./command.ts";

const commands = ["mosquitto_pub", "mosquitto_sub", "stdbuf"];
const missing = commands.filter((each) => !answers(each, ["--help"], /mqttv5|Usage/));
const skip = missing.length > 0 && `not installed: ${missing.join(", ")} (Debian: mosquitto-clients, coreutils)`;

let open: BrokerProcess;
let demo: BrokerProcess;
before(async () => {
  if (!skip) [open, demo] = await Promise.all([startOpenBroker(), startDemoBroker()]);
});
after(() => Promise.all([open?.stop(), demo?.stop()]));
afterEach(killCommands);

const plain = (version: string) => ["-h", "127.0.0.1", "-p", String(open.port), "-V", version];
const secure = (version: string, user: string, password = `${user}-demo`) => [
  "-h",
  "localhost",
  "-p",
  String(demo.port),
  "-V",
  version,
  "--cafile",
  demo.caFile,
  "-u",
  user,
  "-P",
  password,
];

const publish = (...args: readonly string[]) => run("mosquitto_pub", ...args);

/** A subscriber that is subscribed when this resolves; it ends after `count` messages. */
async function subscribe(count: number, ...args: readonly string[]): Promise<Running> {
  // Line by line, or nothing is heard before its end.
  const subscriber = start("stdbuf", "-oL", "mosquitto_sub", "-d", "-C", String(count), "-W", "10", ...args);
  await subscriber.said(/^Subscribed \(mid/m);
  return subscriber;
}

/** The lines of messages among those that `-d` adds. */
async function messages(subscriber: Running): Promise<string[]> {
  const { stdout } = await subscriber.ended;
  return stdout.split("\n").filter((line) => line !== "" && !/^(?:Client |Subscribed)/.test(line));
}

for (const version of ["mqttv311", "mqttv5"]) {
  const isV5 = version === "mqttv5";
  const topic = (name: string) => `${version}/${name}`;

  describe(`mosquitto clients with ${version}`, { skip }, () => {
    test("QoS 0, 1 and 2 arrive with their QoS", async () => {
      const subscriber = await subscribe(3, ...plain(version), "-t", topic("qos"), "-q", "2", "-F", "%q %p");
      for (const qos of ["0", "1", "2"])
        await publish(...plain(version), "-t", topic("qos"), "-q", qos, "-m", `at ${qos}`);
      assert.deepEqual(await messages(subscriber), ["0 at 0", "1 at 1", "2 at 2"]);
    });

    test("wildcards match what they should and nothing else", async () => {
      const filters = ["-t", topic("w/+/x"), "-t", topic("w/deep/#"), "-t", topic("w/end")];
      const subscriber = await subscribe(3, ...plain(version), ...filters, "-F", "%t");
      for (const name of ["w/1/x", "w/1/y", "w/deep/1/2", "w/end"]) {
        await publish(...plain(version), "-t", topic(name), "-m", "");
      }
      assert.deepEqual(await messages(subscriber), [topic("w/1/x"), topic("w/deep/1/2"), topic("w/end")]);
    });

    test("a Retained Message reaches a later subscriber, until an empty one clears it", async () => {
      await publish(...plain(version), "-t", topic("retained/a"), "-r", "-m", "kept", "-q", "1");
      await publish(...plain(version), "-t", topic("retained/b"), "-r", "-m", "kept", "-q", "1");
      await publish(...plain(version), "-t", topic("retained/a"), "-r", "-n", "-q", "1");
      const got = await run(
        "mosquitto_sub",
        ...plain(version),
        "-t",
        topic("retained/#"),
        "-C",
        "1",
        "-W",
        "10",
        "-F",
        "%r %t %p",
      );
      assert.equal(got.trim(), `1 ${topic("retained/b")} kept`);
    });

    test("the Will is published when its Client dies", async () => {
      const watcher = await subscribe(1, ...plain(version), "-t", topic("will"), "-F", "%p");
      const will = ["--will-topic", topic("will"), "--will-payload", "gone", "--will-qos", "1"];
      const dying = await subscribe(1, ...plain(version), "-t", topic("unused"), ...will);
      dying.kill();
      assert.deepEqual(await messages(watcher), ["gone"]);
    });

    test("a persistent Session gets in order what came while its Client was away", async () => {
      const session = [...plain(version), "-i", topic("away"), "-c", "-q", "1", ...(isV5 ? ["-x", "300"] : [])];
      await run("mosquitto_sub", ...session, "-t", topic("away"), "-E", "-W", "10");
      for (const each of ["1", "2", "3"]) await publish(...plain(version), "-t", topic("away"), "-q", "1", "-m", each);
      const got = await run("mosquitto_sub", ...session, "-t", topic("away"), "-C", "3", "-W", "10");
      assert.deepEqual(got.trim().split("\n"), ["1", "2", "3"]);
    });

    test("members of a shared subscription divide the messages among them", async () => {
      const filter = ["-t", `$share/crew/${topic("jobs")}`, "-q", "1", "-F", "%p"];
      const members = [
        await subscribe(2, ...plain(version), ...filter),
        await subscribe(2, ...plain(version), ...filter),
      ];
      for (const each of ["1", "2", "3", "4"])
        await publish(...plain(version), "-t", topic("jobs"), "-q", "1", "-m", each);
      const got = await Promise.all(members.map(messages));
      assert.deepEqual(got.flat().sort(), ["1", "2", "3", "4"]);
    });

    test("a packet above the limit is not taken, and the next Client notices nothing", async () => {
      const subscriber = await subscribe(1, ...plain(version), "-t", topic("large/#"), "-F", "%t");
      const directory = mkdtempSync(join(tmpdir(), "oversize-"));
      const file = join(directory, "payload");
      writeFileSync(file, Buffer.alloc(packetBytesMax));
      const large = start("mosquitto_pub", ...plain(version), "-t", topic("large/whole"), "-q", "1", "-f", file);
      const { code } = await large.ended;
      rmSync(directory, { recursive: true });
      assert.notEqual(code, null, "it had to be ended");
      await publish(...plain(version), "-t", topic("large/small"), "-q", "1", "-m", "");
      assert.deepEqual(await messages(subscriber), [topic("large/small")]);
    });

    test("a refused subscription says so", async () => {
      const refused = start("mosquitto_sub", ...plain(version), "-t", "test/nosubscribe", "-W", "10");
      await refused.said(/denied/i);
    });

    test("$SYS tells the version", async () => {
      const got = await run("mosquitto_sub", ...plain(version), "-t", "$SYS/broker/version", "-C", "1", "-W", "10");
      assert.match(got, /\d+\.\d+\.\d+/);
    });

    test("over TLS the printed accounts exchange QoS 0, 1 and 2", async () => {
      const subscriber = await subscribe(
        3,
        ...secure(version, "alice"),
        "-t",
        "orders/+/status",
        "-q",
        "2",
        "-F",
        "%q %p",
      );
      for (const qos of ["0", "1", "2"]) {
        await publish(...secure(version, "service"), "-t", `orders/${qos}/status`, "-q", qos, "-m", `at ${qos}`);
      }
      assert.deepEqual(await messages(subscriber), ["0 at 0", "1 at 1", "2 at 2"]);
    });

    test("a bad password is refused in words", async () => {
      const bad = start("mosquitto_pub", ...secure(version, "alice", "wrong"), "-t", "orders/1/status", "-m", "");
      const { code, stderr } = await bad.ended;
      assert.notEqual(code, 0);
      assert.match(stderr, /bad user ?name or password|not authori[sz]ed/i);
    });
  });
}

describe("mosquitto clients with the properties of MQTT 5.0", { skip }, () => {
  test("every property of a PUBLISH arrives as it was sent", async () => {
    const format = "%C|%R|%D|%F|%P|%E";
    const subscriber = await subscribe(1, ...plain("mqttv5"), "-t", "p/all", "-q", "1", "-F", format);
    const properties = [
      ["content-type", "text/plain"],
      ["response-topic", "p/answer"],
      ["correlation-data", "number 5"],
      ["payload-format-indicator", "1"],
      ["message-expiry-interval", "60"],
      ["user-property", "b", "1"],
      ["user-property", "a", "2"],
    ].flatMap((property) => ["-D", "publish", ...property]);
    await publish(...plain("mqttv5"), "-t", "p/all", "-q", "1", "-m", "x", ...properties);
    const [line = ""] = await messages(subscriber);
    const fields = line.split("|");
    assert.deepEqual(fields.slice(0, 4), ["text/plain", "p/answer", "number 5", "1"]);
    assert.match(fields[4] ?? "", /^b:1 a:2/);
    const expiry = Number(fields[5]);
    assert.ok(expiry > 50 && expiry <= 60, `Message Expiry Interval ${expiry}`);
  });

  test("a Topic Alias from the publisher is understood", async () => {
    const subscriber = await subscribe(1, ...plain("mqttv5"), "-t", "alias/x", "-F", "%t %p");
    await publish(...plain("mqttv5"), "-t", "alias/x", "-m", "1", "-D", "publish", "topic-alias", "3");
    assert.deepEqual(await messages(subscriber), ["alias/x 1"]);
  });
});
