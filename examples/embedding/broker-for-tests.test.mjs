// A broker for a test suite: in memory, on a port of its own, gone without a trace. Run it with `node --test`.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import mqtt from "mqtt";
import { createServer } from "petstore-mqtt";

let server;
before(async () => {
  server = await createServer();
});
after(() => server.close());

test("a device announces itself", async () => {
  const announcements = await (await server.connect()).subscribe("devices/+/online", { qos: 1 });

  // What is tested: here it is a few lines of MQTT.js.
  const device = await mqtt.connectAsync(server.url);
  await device.publishAsync("devices/7/online", "yes", { qos: 1 });
  await device.endAsync();

  const { value: message } = await announcements.next();
  assert.equal(message.topicName, "devices/7/online");
  assert.equal(message.text(), "yes");
});
