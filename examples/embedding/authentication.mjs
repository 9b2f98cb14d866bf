// Who may come in, and what they may do, in the program's own words.
import assert from "node:assert/strict";
import mqtt from "mqtt";
import { createServer } from "petstore-mqtt";

/** Stands for a directory, a database, a token service. */
const users = new Map([
  ["alice", { password: "cat", roles: ["customer"] }],
  ["desk", { password: "dog", roles: ["staff"] }],
]);

const server = await createServer({
  authenticate: async ({ userName, password }) => {
    const user = users.get(userName);
    return user !== undefined && user.password === password?.toString() && { name: userName, roles: user.roles };
  },
  policy: {
    mayPublish: ({ roles }) => roles.includes("staff") || { reason: "only staff may publish" },
    maySubscribe: ({ name, roles }, topicFilter) =>
      roles.includes("staff") || topicFilter.startsWith(`orders/${name}/`),
  },
});
server.on("publishRefused", ({ clientId, topicName, reason }) => console.log(clientId, topicName, reason));

await assert.rejects(mqtt.connectAsync(server.url, { username: "alice", password: "wrong", reconnectPeriod: 0 }));

const alice = await mqtt.connectAsync(server.url, { username: "alice", password: "cat", protocolVersion: 5 });
await alice.subscribeAsync("orders/alice/#", { qos: 1 });
await assert.rejects(alice.publishAsync("orders/alice/1", "free", { qos: 1 }), /Not authorized/);

const desk = await mqtt.connectAsync(server.url, { username: "desk", password: "dog", protocolVersion: 5 });
const arrived = new Promise((resolve) => alice.once("message", (_, payload) => resolve(payload.toString())));
await desk.publishAsync("orders/alice/1", "ready", { qos: 1 });
console.log(await arrived);

await Promise.all([alice.endAsync(), desk.endAsync()]);
await server.close();
