import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect as connectTcp, createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { killCommands, type Running, start, temporaryDirectory } from "./command.ts";

describe("petstore-mqtt serve", { timeout: 120_000 }, () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(() => {
    killCommands();
    directory.remove();
  });

  const serve = (...args: readonly string[]): Running => start(directory.path, "serve", ...args);
  const write = (text: string): void => writeFileSync(join(directory.path, "broker.yaml"), text);

  async function connect(url: string, options: IClientOptions): Promise<MqttClient> {
    return await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0, connectTimeout: 5_000, ...options });
  }

  test("says that it is ready, makes its certificate, takes the printed accounts, and ends well with SIGTERM", async () => {
    const running = serve("--demo", "--mqtts", "0", "--mqtt", "0");
    const urls = await running.ready;
    assert.deepEqual(
      urls.map((url) => url.replace(/\d+$/, "PORT")),
      ["mqtts://localhost:PORT", "mqtt://localhost:PORT"],
    );
    const ca = readFileSync(join(directory.path, "petstore-data/tls/ca.crt"));
    const client = await connect(urls[0]!, { ca, username: "alice", password: "alice-demo" });
    const [granted] = await client.subscribeAsync("orders/+/status", { qos: 1 });
    assert.equal(granted?.qos, 1);
    await client.endAsync();
    await assert.rejects(connect(urls[0]!, { ca, username: "alice", password: "wrong" }), { code: 0x86 });
    running.child.kill("SIGTERM");
    const { code, stdout, stderr } = await running.ended;
    assert.equal(code, 0);
    assert.match(stdout, /collar-0042 +collar-demo +device /);
    assert.ok(
      stdout.includes(`-p ${new URL(urls[0]!).port} --cafile ${join(directory.path, "petstore-data/tls/ca.crt")}`),
    );
    assert.ok(stdout.trimEnd().endsWith(`ready ${urls.join(" ")}`), "the ready line is the last");
    for (const line of stderr.trimEnd().split("\n")) assert.equal(typeof JSON.parse(line).msg, "string");
  });

  test("SIGHUP while it starts does not end it", async () => {
    const running = serve("--demo", "--mqtts", "0");
    await once(running.child.stderr!, "data");
    running.child.kill("SIGHUP");
    await running.ready;
    running.child.kill("SIGTERM");
    assert.equal((await running.ended).code, 0);
  });

  test("with --open takes anybody on the loopback interface, keeps its rules, and with --store memory writes nothing", async () => {
    write('access:\n  - { deny: subscribe, topic: "test/nosubscribe" }\n');
    const running = serve("--open", "--mqtt", "0", "--store", "memory", "--config", "broker.yaml");
    const [url = ""] = await running.ready;
    assert.match(url, /^mqtt:\/\/localhost:\d+$/);
    const client = await connect(url, {});
    assert.equal((await client.subscribeAsync("#", { qos: 2 }))[0]?.qos, 2);
    await assert.rejects(client.subscribeAsync("test/nosubscribe"));
    await client.endAsync();
    running.child.kill("SIGINT");
    assert.equal((await running.ended).code, 0);
    assert.deepEqual(readdirSync(directory.path), ["broker.yaml"]);
  });

  test("without accounts it starts, warns, and refuses everybody", async () => {
    const running = serve("--mqtts", "0");
    const [url = ""] = await running.ready;
    const ca = readFileSync(join(directory.path, "petstore-data/tls/ca.crt"));
    await assert.rejects(connect(url, { ca }), { code: 0x87 });
    running.child.kill("SIGTERM");
    const { code, stdout, stderr } = await running.ended;
    assert.equal(code, 0);
    assert.equal(stdout, `ready ${url}\n`);
    assert.match(stderr, /"level":"warn".*there are no accounts, so every client is refused; start with --demo/);
  });

  test("reads listeners, data and log level from the file, and flags win", async () => {
    write("data: kept\nlogLevel: debug\nlisteners: [{ protocol: mqtt, port: 1, host: 127.0.0.1 }]\n");
    const running = serve("--config", "broker.yaml", "--demo", "--mqtt", "0", "--log-level", "error");
    const [url = ""] = await running.ready;
    assert.match(url, /^mqtt:\/\/127\.0\.0\.1:[1-9]\d+$/);
    running.child.kill("SIGTERM");
    const { code, stderr } = await running.ended;
    assert.equal(code, 0);
    assert.equal(stderr, "");
    assert.deepEqual(
      readdirSync(join(directory.path, "kept")).sort(),
      ["dead-letters", "store"],
      "a plain listener needs no certificate",
    );
  });

  test("the log line of a start with a known password on all addresses is a warning", async () => {
    const running = serve("--demo", "--mqtt", "0", "--mqtts", "0", "--bind", "0.0.0.0");
    await running.ready;
    running.child.kill("SIGTERM");
    const { stderr } = await running.ended;
    assert.match(stderr, /the passwords of --demo are no secret, and others can connect to 0\.0\.0\.0/);
    assert.match(stderr, /passwords sent to the mqtt listener on 0\.0\.0\.0 can be read on the way; use mqtts/);
  });

  test("ends at once with a second signal", async () => {
    const running = serve("--open", "--mqtt", "0");
    const [url = ""] = await running.ready;
    // A peer that never closes its side keeps the drain waiting.
    const socket = connectTcp({ port: Number(new URL(url).port), host: "127.0.0.1", allowHalfOpen: true });
    await once(socket, "connect");
    const closing = once(running.child.stderr!, "data");
    running.child.kill("SIGTERM");
    await closing;
    running.child.kill("SIGTERM");
    const { code } = await running.ended;
    socket.destroy();
    assert.equal(code, 143);
  });

  test("a port in use is said in words, with exit code 1 and no stack", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const { code, stdout, stderr } = await serve("--open", "--mqtt", String(port)).ended;
    other.close();
    assert.equal(code, 1);
    assert.equal(stdout, "");
    const sentence = `petstore-mqtt: port ${port} is in use on 127.0.0.1: stop the other program or choose another with --mqtt PORT\n`;
    assert.equal(stderr, sentence);
  });

  test("everything that is wrong with the file is said at once, with exit code 1", async () => {
    write("limits: { packetBytes: 1 }\nlogLevel: loud\n");
    const { code, stdout, stderr } = await serve("--config", "broker.yaml").ended;
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.equal(
      stderr,
      'broker.yaml:1:11: limits has no key "packetBytes". Did you mean packetBytesMax? If not, remove it.\n' +
        'broker.yaml:2:11: logLevel cannot be "loud". Write one of: trace, debug, info, warn, error, fatal, silent.\n',
    );
  });

  test("a certificate that is not there stops the start with a sentence", async () => {
    write("listeners: [{ protocol: mqtts, port: 0, tls: { cert: own.crt, key: own.key } }]\n");
    const { code, stderr } = await serve("--config", "broker.yaml").ended;
    assert.equal(code, 1);
    assert.match(stderr, /^petstore-mqtt: .*own\.crt does not exist: check tls\.cert and tls\.key of the listener\n$/m);
  });

  for (const [args, code, sentence] of [
    ["--mqts 1", 2, "there is no flag --mqts; did you mean --mqtts?"],
    ["--open --demo", 2, "--demo has accounts and --open has none; leave one of them out"],
    ["--open --mqtts 0", 2, "--open listens without TLS only; leave --mqtts out"],
    [
      "--open --bind 0.0.0.0",
      2,
      "--bind 0.0.0.0 and --open: without accounts it may listen on loopback only; leave one of them out",
    ],
    ["--config none.yaml", 1, "none.yaml cannot be read: it does not exist; check the path of the configuration file"],
    ["--config .", 1, ". cannot be read: it is a directory; check the path of the configuration file"],
  ] as const) {
    test(`${args} is refused in one sentence, with exit code ${code}`, async () => {
      const ended = await serve(...args.split(" ")).ended;
      assert.equal(ended.stderr.split("\n").at(-2), `petstore-mqtt: ${sentence}`);
      assert.equal(ended.code, code);
      assert.equal(ended.stdout, "");
    });
  }

  for (const [text, where] of [
    ["listeners: [{ protocol: mqtt, port: 0, host: 0.0.0.0 }]", "a listener on 0.0.0.0 and --open"],
    ["listeners: [{ protocol: mqtts, port: 0 }]", "--open listens without TLS only"],
  ] as const) {
    test(`--open with ${text} in the file is refused with the place`, async () => {
      write(`${text}\n`);
      const { code, stderr } = await serve("--open", "--config", "broker.yaml").ended;
      assert.equal(code, 2);
      assert.ok(stderr.startsWith(`petstore-mqtt: broker.yaml:1:13: ${where}`), stderr);
    });
  }
});

describe("petstore-mqtt", { timeout: 60_000 }, () => {
  for (const [args, expected] of [
    ["help", /^petstore-mqtt: an MQTT 5\.0 and 3\.1\.1 broker\n[\s\S]*Exit codes:/],
    ["version", /^\d+\.\d+\.\d+\n$/],
    ["config", /^KEY[\s\S]*^limits\.packetBytesMax +1048576 +bytes /m],
  ] as const) {
    test(`${args} prints to stdout and ends with 0`, async () => {
      const { code, stdout, stderr } = await start(import.meta.dirname, args).ended;
      assert.equal(code, 0);
      assert.match(stdout, expected);
      assert.equal(stderr, "");
    });
  }

  test("no command is refused with exit code 2", async () => {
    const { code, stderr } = await start(import.meta.dirname).ended;
    assert.equal(code, 2);
    assert.match(stderr, /^petstore-mqtt: a command is missing; commands are serve, .*version\n$/);
  });
});
