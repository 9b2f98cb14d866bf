import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connectAsync } from "mqtt";
import { killCommands, type Running, start, startFor, temporaryDirectory } from "./command.ts";
import { rowsOf } from "./stocked-server.ts";

const denying = 'access:\n  - { deny: publish, topic: "orders/#" }\n  - { allow: all, topic: "#" }\n';
const allowing = 'access:\n  - { allow: all, topic: "#" }\n';

describe("petstore-mqtt refusals and dead-letters", { timeout: 120_000 }, () => {
  const directory = temporaryDirectory();
  const run = (...line: readonly string[]) => start(directory.path, ...line).ended;
  let server: Running;

  async function serve(config: string): Promise<string> {
    writeFileSync(join(directory.path, "broker.yaml"), config);
    const line = "serve --open --mqtt 0 --store disk --config broker.yaml --log-level warn";
    server = startFor(120_000, directory.path, line.split(" "));
    const [url = ""] = await server.ready;
    return url;
  }

  async function stop(): Promise<void> {
    server.child.kill("SIGTERM");
    assert.equal((await server.ended).code, 0);
  }

  before(async () => {
    const url = await serve(denying);
    const client = await connectAsync(url, { protocolVersion: 4, clientId: "till\u001b[2J", reconnectPeriod: 0 });
    for (const order of ["1", "2", "2"]) await client.publishAsync(`orders/${order}`, `new ${order}`, { qos: 1 });
    await client.endAsync();
  });
  after(() => {
    killCommands();
    directory.remove();
  });

  test("refusals has each refusal once, with its count, rule and payload", async () => {
    const { code, stdout } = await run("refusals");
    assert.equal(code, 0);
    assert.match(stdout, /^publish: +orders\/1\nclient: +till\\u\{1b\}\[2J\nuser: +\(anonymous\)\nrefused: +0x87 /);
    assert.match(stdout, /^rule: +broker\.yaml:2:\d+\npayload, 5 bytes: +new 2\nat: .*, 2 times in /m);
    const rows = rowsOf(await run("refusals", "--json", "--skip", "1"));
    assert.deepEqual(
      rows.map(({ topic, count }) => [topic, count]),
      [["orders/2", 2]],
    );
  });

  test("refusals --follow goes on with what comes", async () => {
    const following = start(directory.path, "refusals", "--follow", "--json");
    let heard = "";
    const came = new Promise<void>((resolve) => {
      following.child.stdout?.on("data", (chunk: Buffer) => {
        heard += chunk.toString();
        if (/"orders\/2"[\s\S]*"orders\/9"/.test(heard)) resolve();
      });
    });
    const [url = ""] = await server.ready;
    const client = await connectAsync(url, { protocolVersion: 5, clientId: "late", reconnectPeriod: 0 });
    await client.publishAsync("orders/9", "", { qos: 0 });
    await came;
    following.child.kill("SIGINT");
    await following.ended;
    await client.endAsync();
  });

  test("list, show and remove, of a running server", async () => {
    const { stdout } = await run("dead-letters", "list", "--topic", "orders/#", "--cause", "refused");
    assert.match(
      stdout,
      /^NUMBER +AGE +CAUSE +CLIENT +TOPIC +QOS +BYTES +REASON\n1 +.* refused +till\\u\{1b\}\[2J +orders\/1 /,
    );
    const shown = await run("dead-letters", "show", "2");
    assert.match(shown.stdout, /^refused: +0x87 [\s\S]*^topic: +orders\/2\n[\s\S]*^payload, 5 bytes: +new 2\n$/m);
    const [row] = rowsOf(await run("dead-letters", "show", "2", "--json"));
    assert.deepEqual([row?.["cause"], row?.["payload"]], ["refused", "new 2"]);
    const removed = await run("dead-letters", "remove", "3");
    assert.equal(removed.stdout, "1 removed\n");
    const gone = await run("dead-letters", "remove", "3");
    assert.equal(gone.code, 1);
    assert.match(gone.stderr, /not there, or not what the flags ask for: 3/);
    assert.equal((await run("dead-letters", "show", "3")).code, 1);
  });

  test("what is still refused stays, with the reason", async () => {
    const { code, stdout } = await run("dead-letters", "replay", "--all");
    assert.equal(code, 1);
    assert.match(stdout, /^1 orders\/1: .+\n2 orders\/2: .+\n0 replayed, 2 stay\n$/);
  });

  test("without a server they are listed, and replay says what to do", async () => {
    await stop();
    assert.deepEqual(
      rowsOf(await run("dead-letters", "list", "--json")).map(({ number }) => number),
      [1, 2],
    );
    const replay = await run("dead-letters", "replay", "1");
    assert.equal(replay.code, 1);
    assert.match(replay.stderr, /only a server can replay messages; start it, then replay/);
    const refusals = await run("refusals");
    assert.equal(refusals.code, 1);
    assert.match(refusals.stderr, /no server listens in/);
  });

  test("after the fix they are replayed, and gone", async () => {
    const url = await serve(allowing);
    const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 });
    await client.subscribeAsync("orders/#", { qos: 1 });
    const heard: string[] = [];
    const both = new Promise<void>((resolve) => {
      client.on("message", (topic) => {
        heard.push(topic);
        if (heard.length === 2) resolve();
      });
    });
    const { code, stdout, stderr } = await run("dead-letters", "replay", "--all", "--cause", "refused");
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "2 replayed\n");
    await both;
    assert.deepEqual(heard, ["orders/1", "orders/2"]);
    await client.endAsync();
    assert.equal((await run("dead-letters", "list", "--json")).stdout, "");
    await stop();
  });

  for (const line of ["replay", "remove", "replay 1 --all", "show x", "remove 0", "list --topic a/#/b"]) {
    test(`dead-letters ${line} is a wrong command line`, async () => {
      const { code, stderr } = await run("dead-letters", ...line.split(" "));
      assert.equal(code, 2);
      assert.match(stderr, /^petstore-mqtt: /);
    });
  }
});
