import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { demoAccounts } from "../../src/server/demo.ts";
import { closeClients, connect } from "../interop/mqttjs.ts";
import { compilePetstore } from "./petstore.ts";
import { type ContractServer, type Person, publishTo, settled, startUnder, subscribeTo } from "./running.ts";

const compiled = compilePetstore();
const people: readonly Person[] = demoAccounts.map(({ name, role, claims }) => {
  return { tenant: 0, name, roles: [role], claims };
});
const [collar, alice, staff, service, admin] = people as [Person, Person, Person, Person, Person];
const order = Buffer.from('{"orderId":"abc123","status":"SHIPPED"}');
const payment = Buffer.from('{"paymentId":"xyz789","status":"SUCCEEDED","amount":19.99,"currency":"EUR"}');

describe("the accounts of --demo under the pet store's document", () => {
  let server: ContractServer;
  before(async () => {
    server = await startUnder(compiled, people);
  });
  afterEach(closeClients);
  after(() => server.close());

  for (const version of [4, 5] as const) {
    test(`alice follows orders/+/status and payments/+/status, and sees hers (version ${version})`, async () => {
      const [customer, shop] = [await server.connect(alice, version), await server.connect(service, version)];
      assert.deepEqual(await subscribeTo(customer, ["orders/+/status", "payments/+/status"], 2), [2, 2]);
      const foreign = Buffer.from('{"status":"SHIPPED"}');
      await publishTo(shop, "orders/def456/status", foreign, { qos: 1 });
      assert.equal((await publishTo(shop, "orders/abc123/status", order, { qos: 1 })).reasonCode, 0);
      assert.equal((await publishTo(shop, "payments/xyz789/status", payment, { qos: 2 })).reasonCode, 0);
      const received = await customer.receivedCount(2);
      await settled(customer);
      assert.deepEqual(
        received.map(({ topic, packet }) => [topic, packet.qos]),
        [
          ["orders/abc123/status", 1],
          ["payments/xyz789/status", 2],
        ],
      );
    });

    test(`a device that falls silent is said to be offline, and says nothing of others (version ${version})`, async () => {
      const watching = await server.connect(admin, version);
      await subscribeTo(watching, ["devices/+/presence"], 1);
      const will = {
        topic: "devices/collar-0042/presence",
        payload: '{"state":"offline"}',
        qos: 1,
        retain: true,
      } as const;
      const login = { username: collar.name, protocolVersion: version };
      const device = await connect(server.url, { ...login, will });
      await publishTo(device, will.topic, Buffer.from('{"state":"online"}'), { qos: 1, retain: true });
      device.client.stream.destroy();
      const received = await watching.receivedCount(2);
      assert.deepEqual(
        received.map(({ payload }) => payload),
        ['{"state":"online"}', '{"state":"offline"}'],
      );
      const refused = version === 4 ? { foreign: 0x05, wrong: 0x03 } : { foreign: 0x87, wrong: 0x99 };
      const asleep = { ...will, payload: '{"state":"asleep"}' };
      await assert.rejects(connect(server.url, { ...login, will: asleep }), { code: refused.wrong });
      const foreign = { ...will, topic: "devices/feeder-7/presence" };
      await assert.rejects(connect(server.url, { ...login, will: foreign }), { code: refused.foreign });
      await publishTo(watching, will.topic, Buffer.from(""), { qos: 1, retain: true });
    });
  }

  test("orders/abc123/status is published by the service and the admin, and by nobody else", async () => {
    for (const person of people) {
      const client = await server.connect(person, 5);
      const may = person === service || person === admin;
      for (const [topicName, payload, qos] of [
        ["orders/abc123/status", order, 1],
        ["payments/xyz789/status", payment, 2],
      ] as const) {
        const { reasonCode } = await publishTo(client, topicName, payload, { qos });
        assert.equal(reasonCode >= 0x80 ? reasonCode : 0, may ? 0 : 0x87, `${person.name} ${topicName}`);
      }
    }
  });

  test("a collar sends readings alone and in batches, of its own pets, and the staff sees them", async () => {
    const [device, watching] = [await server.connect(collar, 5), await server.connect(staff, 5)];
    assert.deepEqual(await subscribeTo(watching, ["pets/+/health", "pets/+/location"], 0), [0, 0]);
    await publishTo(device, "pets/milo/health", Buffer.from('{"heartRate":92}'), { qos: 0 });
    await publishTo(device, "pets/milo/health", Buffer.from('[{"heartRate":92},{"heartRate":94}]'), { qos: 0 });
    await publishTo(device, "pets/milo/location", Buffer.from('[{"lat":52.5,"lng":13.4}]'), { qos: 0 });
    const wrong = await publishTo(device, "pets/milo/health", Buffer.from('[{"heartRate":92},{"heartRate":"high"}]'), {
      qos: 1,
    });
    assert.equal(wrong.reasonCode, 0x99);
    assert.match(wrong.reasonString ?? "", /^payload\/1\/heartRate must be integer \(petstore\.asyncapi\.yaml:\d+ Hea/);
    assert.equal(
      (await publishTo(device, "pets/rex/health", Buffer.from('{"heartRate":92}'), { qos: 1 })).reasonCode,
      0x87,
    );
    assert.equal((await watching.receivedCount(3)).length, 3);
  });

  test("a snapshot that was removed is gone for who comes later", async () => {
    const shop = await server.connect(service, 5);
    await publishTo(shop, "inventory/leash-red/stock", Buffer.from('{"quantity":12}'), { qos: 1, retain: true });
    const before = await server.connect(staff, 5);
    await subscribeTo(before, ["inventory/leash-red/stock"], 1);
    await before.receivedCount(1);
    assert.equal(
      (await publishTo(shop, "inventory/leash-red/stock", Buffer.from(""), { qos: 1, retain: true })).reasonCode,
      0,
    );
    const later = await server.connect(staff, 5);
    await subscribeTo(later, ["inventory/leash-red/stock"], 1);
    await settled(later);
    assert.deepEqual(later.received, []);
  });
});

test("telemetry is advised at QoS 0, what matters at QoS 1, payments at QoS 2", () => {
  const advised = compiled.contract.channels.map(({ address, publish }) => [address.text, publish[0]?.qos]);
  assert.deepEqual(Object.fromEntries(advised), {
    "pets/{petId}/availability": 1,
    "pets/{petId}/status": 1,
    "pets/{petId}/health": 0,
    "pets/{petId}/location": 0,
    "pets/{petId}/alert": 1,
    "orders/{orderId}/status": 1,
    "order-requests/{orderId}": 1,
    "replies/{userName}": undefined,
    "orders/{orderId}/payment": 2,
    "payments/{paymentId}/status": 2,
    "inventory/{productId}/stock": 1,
    "inventory/{productId}/alert": 1,
    "feeders/{feederId}/status": 0,
    "devices/{deviceId}/presence": 1,
  });
});
