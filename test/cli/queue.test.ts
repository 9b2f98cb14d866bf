import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { killCommands, temporaryDirectory } from "./command.ts";
import { leaveSession, rowsOf, type StockedServer, startStocked } from "./stocked-server.ts";

describe("petstore-mqtt queue", { timeout: 120_000 }, () => {
  const directory = temporaryDirectory();
  let server: StockedServer;
  before(async () => {
    server = await startStocked(directory.path);
    await leaveSession(server, "alice", "orders/#");
    await leaveSession(server, "bob", "pets/#");
    await leaveSession(server, "worker", "$share/billing/orders/#");
    const client = await server.connect({ clientId: "service" });
    for (const id of [1, 2, 3]) await client.publishAsync(`orders/${id}/status`, `order ${id}`, { qos: 1 });
    await client.publishAsync("orders/4/status", "soon gone", { qos: 2, properties: { messageExpiryInterval: 1_000 } });
    await client.endAsync();
  });
  after(() => {
    killCommands();
    directory.remove();
  });

  test("list has the sessions and shared groups for which messages wait", async () => {
    const { code, stdout } = await server.run(["queue", "list"]);
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^QUEUE OF +KIND +WAITING +IN FLIGHT\nalice +session +4 +0\n\$share\/billing\/orders\/# +group +4 +0\n$/,
    );
  });

  test("show has the messages of a client in their order, with age and expiry where they are known", async () => {
    const { stdout } = await server.run(["queue", "show", "alice"]);
    const [head = "", ...rows] = stdout.trimEnd().split("\n");
    assert.match(head, /^NUMBER +STATE +TOPIC +QOS +BYTES +AGE +EXPIRES IN$/);
    assert.match(rows[0] ?? "", /^\d+ +waiting +orders\/1\/status +1 +7 +- +-$/);
    assert.match(rows[3] ?? "", /^\d+ +waiting +orders\/4\/status +1 +9 +\d+ s +16 min \d+ s$/);
  });

  test("show has the messages of a shared group, with payloads, a page at a time", async () => {
    const line = ["queue", "show", "$share/billing/orders/#", "--payload", "--limit", "1", "--skip", "1"];
    const { stdout, stderr } = await server.run(line);
    assert.match(
      stdout,
      /^number: +\d+\nstate: +waiting\ntopic: +orders\/2\/status\n[\s\S]*payload, 7 bytes: +order 2\n$/,
    );
    assert.match(stderr, /^there is more: go on with --skip 2, /);
  });

  test("an empty queue is a table without rows, and none at all has exit code 1", async () => {
    const empty = await server.run(["queue", "show", "bob"]);
    assert.deepEqual([empty.code, empty.stdout.split("\n").length], [0, 2]);
    const none = await server.run(["queue", "show", "carol"]);
    assert.equal(none.code, 1);
    assert.equal(none.stderr, "petstore-mqtt: there is no session and no shared group named carol\n");
  });

  test("after the server has ended, its store gives the same answers", async () => {
    const lines = ["alice", "$share/billing/orders/#"].map((name) => ["queue", "show", name, "--json", "--payload"]);
    lines.push(["queue", "list", "--json"]);
    const running: unknown[] = [];
    for (const line of lines) running.push(rowsOf(await server.run(line)));
    await server.stop();
    for (const [index, line] of lines.entries()) assert.deepEqual(rowsOf(await server.run(line)), running[index]);
  });
});
