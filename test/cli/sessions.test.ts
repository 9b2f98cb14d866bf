import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { IDisconnectPacket } from "mqtt";
import { killCommands, start, temporaryDirectory } from "./command.ts";
import { leaveSession, rowsOf, type StockedServer, startStocked } from "./stocked-server.ts";

describe("petstore-mqtt sessions", { timeout: 120_000 }, () => {
  const directory = temporaryDirectory();
  let server: StockedServer;
  before(async () => {
    server = await startStocked(directory.path);
    for (const clientId of ["alice", "bob", "\u001b[31mred"]) await leaveSession(server, clientId, "orders/#");
  });
  after(() => {
    killCommands();
    directory.remove();
  });

  test("list has one row a session, and a name cannot move the cursor", async () => {
    const { code, stdout } = await server.run(["sessions", "list"]);
    assert.equal(code, 0);
    const [head = "", ...rows] = stdout.trimEnd().split("\n");
    assert.match(head, /^CLIENT +USER +STATE +SUBSCRIPTIONS +WAITING +IN FLIGHT +DROPPED +ENDS IN$/);
    assert.equal(rows.length, 3);
    assert.match(rows[0] ?? "", /^alice +- +away +1 +0 +0 +0 +\d+ min/);
    assert.ok(rows[2]?.startsWith("\\u{1b}[31mred "), rows[2]);
  });

  test("a page ends with how to go on, and --skip goes on", async () => {
    const first = await server.run(["sessions", "list", "--limit", "2", "--json"]);
    assert.deepEqual(
      rowsOf(first).map(({ clientId }) => clientId),
      ["alice", "bob"],
    );
    assert.equal(first.stderr, "there is more: go on with --skip 2, or give --limit 0 for all\n");
    const second = await server.run(["sessions", "list", "--limit", "0", "--skip", "2", "--json"]);
    assert.deepEqual(
      rowsOf(second).map(({ clientId }) => clientId),
      ["\u001b[31mred"],
    );
    assert.equal(second.stderr, "");
  });

  test("show has the session and its subscriptions", async () => {
    const { code, stdout } = await server.run(["sessions", "show", "alice"]);
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^client: +alice\nuser: +\(anonymous\)\nstate: +away\nkept: +on disk\nsession expiry: +3600 s\n/,
    );
    assert.match(stdout, /\nTOPIC FILTER +QOS +OPTIONS +IDENTIFIER\norders\/# +1 +- +-\n$/);
  });

  test("about a session that there is not it says so, with exit code 1", async () => {
    const { code, stdout, stderr } = await server.run(["sessions", "show", "carol"]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.equal(stderr, "petstore-mqtt: there is no session of the client carol\n");
  });

  test("disconnect ends a connection with 0x98, and says when there is none", async () => {
    const client = await server.connect({ clientId: "carol" });
    const packet = new Promise<IDisconnectPacket>((resolve) => client.once("disconnect", resolve));
    assert.equal((await server.run(["sessions", "disconnect", "carol"])).code, 0);
    assert.equal((await packet).reasonCode, 0x98);
    await client.endAsync(true);
    const { code, stderr } = await server.run(["sessions", "disconnect", "carol"]);
    assert.equal(code, 1);
    assert.equal(stderr, "petstore-mqtt: the client carol is not connected\n");
  });

  test("after the server has ended, its store gives the same answers", async () => {
    const running = await server.run(["sessions", "list", "--json"]);
    const runningShow = await server.run(["sessions", "show", "alice", "--json"]);
    await server.stop();
    assert.deepEqual(rowsOf(await server.run(["sessions", "list", "--json"])), rowsOf(running));
    assert.deepEqual(rowsOf(await server.run(["sessions", "show", "alice", "--json"])), rowsOf(runningShow));
    const { code, stderr } = await server.run(["sessions", "disconnect", "alice"]);
    assert.equal(code, 1);
    assert.match(stderr, /^petstore-mqtt: no server listens in .*petstore-data\n$/);
  });

  test("where there is neither a server nor a store, it says so and makes none", async () => {
    const { code, stderr } = await start(directory.path, "sessions", "list", "--data", "nowhere").ended;
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^petstore-mqtt: there is no store in .*nowhere, and no server runs there; name its directory with/,
    );
  });
});
