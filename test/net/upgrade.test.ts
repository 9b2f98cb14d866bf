import assert from "node:assert/strict";
import { once } from "node:events";
import { request as requestHttp } from "node:http";
import type { Socket } from "node:net";
import { describe, test } from "node:test";
import { WebSocket } from "ws";
import { type Door, openDoor } from "./door.ts";

/** Status and body of what an upgrade request is answered with. */
async function upgrade(door: Door, headers: Record<string, string>, path = "/mqtt"): Promise<[number, string]> {
  const request = requestHttp({
    ...door.to,
    path,
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      ...headers,
    },
  }).end();
  request.on("upgrade", (_response, socket: Socket) => socket.destroy());
  const [response] = await Promise.race([once(request, "response"), once(request, "upgrade")]);
  if (response.statusCode === 101) return [101, response.headers["sec-websocket-protocol"]];
  assert.equal(response.headers["content-type"], "application/problem+json");
  let body = "";
  for await (const chunk of response) body += chunk;
  return [response.statusCode, JSON.parse(body).detail];
}

describe("the WebSocket handshake", () => {
  test("a client that offers mqtt among others is answered with it [MQTT-6.0.0-4] [MQTT311-6.0.0-4]", async () => {
    const door = await openDoor({ protocol: "ws" });
    assert.deepEqual(await upgrade(door, { "sec-websocket-protocol": "chat, mqtt" }), [101, "mqtt"]);
    assert.deepEqual(await upgrade(door, { "sec-websocket-protocol": "mqtt" }, "/mqtt?token=1"), [101, "mqtt"]);
    await door.close();
  });

  for (const [what, headers, path, status, detail] of [
    [
      "no sub-protocol [MQTT-6.0.0-3] [MQTT311-6.0.0-3]",
      {},
      "/mqtt",
      400,
      /must offer the WebSocket sub-protocol "mqtt"/,
    ],
    ["another one", { "sec-websocket-protocol": "mqttv3.1" }, "/mqtt", 400, /must offer/],
    ["one that begins with mqtt", { "sec-websocket-protocol": "mqtt2" }, "/mqtt", 400, /must offer/],
    ["another path", { "sec-websocket-protocol": "mqtt" }, "/", 404, /is at \/mqtt/],
    ["another kind of upgrade", { upgrade: "h2c" }, "/mqtt", 400, /websocket only/],
    [
      "a version that there is not",
      { "sec-websocket-protocol": "mqtt", "sec-websocket-version": "12" },
      "/mqtt",
      400,
      /Version/,
    ],
    ["a wrong key", { "sec-websocket-protocol": "mqtt", "sec-websocket-key": "x" }, "/mqtt", 400, /Key/],
    ["a malformed list", { "sec-websocket-protocol": "mqtt,," }, "/mqtt", 400, /Protocol/],
  ] as const) {
    test(`${what} is refused with ${status} and a sentence`, async () => {
      const door = await openDoor({ protocol: "ws" });
      const answer = await upgrade(door, headers, path);
      assert.equal(answer[0], status);
      assert.match(answer[1], detail);
      assert.equal(door.owner.streams.length, 0);
      await door.listener.close();
    });
  }

  test("without accounts a page of another machine is refused, one of this machine and a program are not", async () => {
    const upgradeOptions = { path: "/mqtt", packetBytesMax: 1_048_576, loopbackOriginsOnly: true };
    const door = await openDoor({ protocol: "ws", upgrade: upgradeOptions });
    const offer = { "sec-websocket-protocol": "mqtt" };
    for (const origin of ["https://example.org", "http://localhost.example.org", "null", "http://127.0.0.1.example"]) {
      assert.deepEqual(await upgrade(door, { ...offer, origin }), [
        403,
        `Without accounts, only pages of this machine may connect, not ${origin}`,
      ]);
    }
    for (const origin of ["http://localhost:5173", "http://127.0.0.1:8083", "http://[::1]"]) {
      assert.deepEqual(await upgrade(door, { ...offer, origin }), [101, "mqtt"]);
    }
    assert.deepEqual(await upgrade(door, offer), [101, "mqtt"]);
    await door.close();
  });

  test("compression is not agreed on", async () => {
    const door = await openDoor({ protocol: "ws" });
    const client = new WebSocket(`ws://127.0.0.1:${door.to.port}/mqtt`, ["mqtt"], { perMessageDeflate: true });
    await once(client, "open");
    assert.equal(client.extensions, "");
    client.terminate();
    await door.close();
  });
});
