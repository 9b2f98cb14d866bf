import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { MqttClient } from "mqtt";
import { createServer } from "../../src/service/create-server.ts";
import { ConfigError } from "../../src/service/errors.ts";

const petstore = join(import.meta.dirname, "../../contracts/petstore.asyncapi.yaml");

test("a program's server holds everybody to its contract, and to the program's own policy too", async () => {
  const server = await createServer({
    listeners: [],
    contract: petstore,
    policy: { mayPublish: (_who, { topicName }) => topicName !== "orders/closed/status" },
  });
  const principal = { name: "shop", roles: ["service"] };
  const publish = (topicName: string, payload: string): Promise<number> =>
    server.publish({ topicName, payload, qos: 1 }, { principal });
  try {
    assert.equal(await publish("orders/1/status", '{"status":"PAID"}'), 0x10);
    assert.equal(await publish("orders/1/status", '{"status":"LOST"}'), 0x99);
    assert.equal(await publish("nowhere", "{}"), 0x90);
    assert.equal(await publish("orders/closed/status", '{"status":"PAID"}'), 0x87);
  } finally {
    await server.close();
  }
});

test("server bindings bound what CONNACK announces, and the program's own limits win", async () => {
  const connack = async (limits: object): Promise<unknown> => {
    const server = await createServer({ contract: petstore, limits });
    const client = new MqttClient(() => connectTcp(Number(new URL(server.url).port), "127.0.0.1"), {
      protocolVersion: 5,
      keepalive: 3_600,
      reconnectPeriod: 0,
    });
    const [packet] = await once(client as never, "connect");
    await client.endAsync(true);
    await server.close();
    return [packet.properties.maximumPacketSize, packet.properties.serverKeepAlive];
  };
  assert.deepEqual(await connack({}), [262_144, 600]);
  assert.deepEqual(await connack({ packetBytesMax: 5_000, keepAliveSecondsMax: 60 }), [5_000, 60]);
});

test("an option that there is not is no option that was left out", async () => {
  const wrong = (options: object): Promise<unknown> => createServer(options);
  await assert.rejects(wrong({ port: 1_883 }), /^TypeError: createServer has no option port; there are listeners, /);
  await assert.rejects(wrong({ listener: [] }), /has no option listener; did you mean listeners\?$/);
  await assert.rejects(wrong({ store: "dsk" }), /^TypeError: there is no store dsk; stores are disk, memory, or one/);
});

test("a contract that cannot be served is refused before anything opens", async () => {
  await assert.rejects(createServer({ contract: "nowhere.yaml" }), (error) => {
    return error instanceof ConfigError && error.message.startsWith("nowhere.yaml:1:1: error file-unreadable");
  });
});
