import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { createServer, type IncomingMessage, type Server } from "../../src/index.ts";
import { answerRequest } from "../../src/petstore/answers.ts";
import { placeOrder } from "../../src/petstore/orders.ts";
import { openPetstore, type Petstore } from "../../src/petstore/petstore.ts";
import { petstoreFile } from "../contract/petstore.ts";
import { silent } from "./stage.ts";

let server: Server;
let petstore: Petstore;

beforeEach(async () => {
  server = await createServer({ listeners: [], contract: petstoreFile });
  petstore = await openPetstore({ directory: undefined, log: silent });
});

afterEach(async () => {
  await petstore.close();
  await server.close();
});

/** What comes at a Topic Filter, from now on. */
async function listen(topicFilter: string, qos: 0 | 1 | 2 = 2): Promise<(count: number) => Promise<IncomingMessage[]>> {
  const client = await server.connect({ principal: { name: "watcher", roles: ["admin"] } });
  const stream = await client.subscribe(topicFilter, { qos, retainAsPublished: true });
  return async (count) => {
    const messages: IncomingMessage[] = [];
    while (messages.length < count) messages.push((await stream.next()).value);
    return messages;
  };
}

async function publishAs(name: string, topicName: string, payload: unknown): Promise<void> {
  const claims = { name, roles: ["admin"] };
  const message = { topicName, payload: JSON.stringify(payload), qos: 1 } as const;
  assert.ok((await server.publish(message, { principal: claims })) < 0x80);
}

test("answers go to the topics of answers only, whatever Response Topic a question has", () => {
  const { state } = petstore.store;
  assert.equal(answerRequest(state, "order-requests/abc123", "replies/alice")?.topicName, "replies/alice");
  for (const topicName of [undefined, "pets/milo/status", "replies", "replies/", "replies/a/b", "x/replies/a"]) {
    assert.equal(answerRequest(state, "order-requests/abc123", topicName), undefined, topicName);
  }
});

describe("a pet store with its server", () => {
  test("tells of an order in order, at the QoS that was asked for, with RETAIN for snapshots", {
    timeout: 20_000,
  }, async () => {
    await petstore.start(server);
    while (petstore.store.book.size > 0) await new Promise(setImmediate);
    const orders = await listen("orders/new/#", 1);
    const payments = await listen("payments/pay/status");
    const stock = await listen("inventory/+/stock", 1);
    assert.equal((await stock(12)).length, 12, "the snapshots come at once");
    const items = [{ productId: "ball", quantity: 2 }];
    await petstore.store.perform(placeOrder({ id: "new", paymentId: "pay", customerId: "bob", items }));
    const [status, payment] = await orders(2);
    assert.deepEqual(
      [status, payment].map((message) => [message?.topicName, message?.qos, message?.retain]),
      [
        ["orders/new/status", 1, true],
        ["orders/new/payment", 1, false],
      ],
    );
    const [pending] = await payments(1);
    assert.deepEqual([pending?.qos, JSON.parse(pending!.text()).status], [2, "PENDING"]);
    const [left] = await stock(1);
    assert.deepEqual([left?.topicName, JSON.parse(left!.text()).quantity], ["inventory/ball/stock", 115]);
  });

  test("raises an alert for a reading in a batch, in the order of time", { timeout: 20_000 }, async () => {
    await petstore.start(server);
    const alerts = await listen("pets/milo/alert");
    const at = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
    await publishAs("monitor", "pets/milo/health", [
      { heartRate: 100, at: at(1) },
      { heartRate: 200, at: at(3) },
      { heartRate: 40, at: at(5) },
    ]);
    const raised = (await alerts(2)).map((message) => JSON.parse(message.text()).kind);
    assert.deepEqual(raised, ["HEART_RATE_LOW", "HEART_RATE_HIGH"]);
    assert.equal(petstore.latest.health.get("milo")?.heartRate, 100);
    assert.deepEqual(petstore.store.state.pets.get("milo")?.alerts, {});
  });

  test("sees that a device is there, and by its Will that it fell silent", { timeout: 20_000 }, async () => {
    await petstore.start(server);
    const device = (): string | undefined => petstore.store.state.devices.get("collar-0042")?.presence;
    const topicName = "devices/collar-0042/presence";
    const message = (state: string) =>
      ({ topicName, payload: JSON.stringify({ state }), qos: 1, retain: true }) as const;
    const collar = await server.connect({
      clientId: "collar-0042",
      principal: { name: "collar-0042", roles: ["device"] },
      will: message("offline"),
    });
    await collar.publish(message("online"));
    while (device() !== "online") await new Promise(setImmediate);
    await collar.end({ publishWill: true });
    while (device() !== "offline") await new Promise(setImmediate);
  });

  test("answers who asks for an order, with the Correlation Data of the question", { timeout: 20_000 }, async () => {
    await petstore.start(server);
    const answers = await listen("replies/alice");
    for (const [orderId, found] of [
      ["abc123", true],
      ["none", false],
    ] as const) {
      const correlationData = Buffer.from(`about ${orderId}`);
      const properties = { responseTopic: "replies/alice", correlationData };
      const question = { topicName: `order-requests/${orderId}`, payload: "{}", qos: 1, properties } as const;
      assert.equal(await server.publish(question, { principal: { name: "alice", roles: ["admin"] } }), 0);
      const [answer] = await answers(1);
      assert.deepEqual(Buffer.from(answer!.properties.correlationData!), correlationData);
      const { status, ...reply } = JSON.parse(answer!.text());
      assert.deepEqual([reply.orderId, reply.found, status], [orderId, found, found ? "PAID" : undefined]);
    }
  });

  test("comes back by itself when its connections are ended", { timeout: 20_000 }, async () => {
    await petstore.start(server);
    assert.ok(server.disconnect("petstore-journal") && server.disconnect("petstore-intake"));
    const status = await listen("orders/again/status");
    const items = [{ productId: "ball", quantity: 1 }];
    await petstore.store.perform(placeOrder({ id: "again", customerId: "bob", items }));
    assert.equal((await status(1)).length, 1);
    const alerts = await listen("pets/milo/alert");
    for (let isRaised = false; !isRaised; ) {
      await publishAs("monitor", "pets/milo/health", { heartRate: 300 });
      isRaised = Object.keys(petstore.store.state.pets.get("milo")!.alerts).length > 0;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal((await alerts(1)).length, 1);
  });
});
