// The same with vitest: `npx vitest run broker-for-vitest.test.mjs`.
import { createServer } from "petstore-mqtt";
import { afterAll, beforeAll, expect, test } from "vitest";

let server;
beforeAll(async () => {
  server = await createServer();
});
afterAll(() => server.close());

test("a retained message is there for whoever comes later", async () => {
  await server.publish({ topicName: "devices/7/name", payload: "Rex", retain: true });

  const client = await server.connect();
  const names = await client.subscribe("devices/+/name");
  for await (const message of names) {
    expect(message.text()).toBe("Rex");
    break;
  }
});
