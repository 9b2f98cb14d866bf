import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { killCommands, temporaryDirectory } from "./command.ts";
import { rowsOf, type StockedServer, startStocked } from "./stocked-server.ts";

describe("petstore-mqtt retained", { timeout: 120_000 }, () => {
  const directory = temporaryDirectory();
  let server: StockedServer;
  before(async () => {
    server = await startStocked(directory.path);
    const client = await server.connect({ clientId: "collar" });
    await client.publishAsync("pets/7/health", '{"heartRate":92}', {
      qos: 1,
      retain: true,
      properties: { contentType: "application/json", userProperties: { by: "collar" }, messageExpiryInterval: 1_000 },
    });
    await client.publishAsync("pets/8/health", Buffer.of(0xff, 0x00), { qos: 2, retain: true });
    await client.publishAsync("orders/1/status", "new", { qos: 1, retain: true });
    await client.endAsync();
  });
  after(() => {
    killCommands();
    directory.remove();
  });

  test("list has those that a topic filter matches", async () => {
    const { code, stdout } = await server.run(["retained", "list", "pets/#"]);
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^TOPIC +QOS +BYTES +EXPIRES IN\npets\/7\/health +1 +16 +16 min .*\npets\/8\/health +2 +2 +-\n$/,
    );
  });

  test("without a filter it has all but those of the server itself", async () => {
    const topics = rowsOf(await server.run(["retained", "list", "--json"])).map(({ topicName }) => topicName);
    assert.deepEqual(topics, ["pets/7/health", "pets/8/health", "orders/1/status"]);
    const { stdout } = await server.run(["retained", "list", "$SYS/broker/version", "--payload"]);
    assert.match(stdout, /^topic: +\$SYS\/broker\/version\n[\s\S]*^payload, \d+ bytes: +\S/m);
  });

  test("show has properties and payload, and base64 for what is no text", async () => {
    const { stdout } = await server.run(["retained", "show", "pets/7/health"]);
    assert.match(
      stdout,
      /^content type: +application\/json\nuser property: +by=collar\npayload, 16 bytes: +\{"heartRate":92\}\n$/m,
    );
    const [row] = rowsOf(await server.run(["retained", "show", "pets/8/health", "--json"]));
    assert.equal(row?.["payloadBase64"], "/wA=");
    assert.equal(row?.["payload"], undefined);
  });

  test("what is no topic filter is refused with the reason, and a topic without a message has exit code 1", async () => {
    const wrong = await server.run(["retained", "list", "pets/#/health"]);
    assert.equal(wrong.code, 2);
    assert.match(
      wrong.stderr,
      /^petstore-mqtt: pets\/#\/health is no topic filter: # stands alone in the last level\n$/,
    );
    const shared = await server.run(["retained", "list", "$share/g/pets/#"]);
    assert.equal(shared.code, 2);
    const none = await server.run(["retained", "show", "pets/9/health"]);
    assert.equal(none.code, 1);
    assert.equal(none.stderr, "petstore-mqtt: there is no retained message of the topic pets/9/health\n");
  });

  test("after the server has ended, its store gives the same answers", async () => {
    const line = ["retained", "list", "#", "--json", "--payload"];
    const running = rowsOf(await server.run(line));
    await server.stop();
    const topicOf = ({ topicName }: Record<string, unknown>): string => String(topicName);
    const stored = rowsOf(await server.run(line));
    const sorted = (rows: Record<string, unknown>[]): unknown =>
      rows.sort((a, b) => (topicOf(a) < topicOf(b) ? -1 : 1));
    assert.deepEqual(sorted(stored), sorted(running));
  });
});
