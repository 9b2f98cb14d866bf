import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, afterEach, before, describe } from "node:test";
import type { IClientOptions } from "mqtt";
import { boundedTest as test } from "./bounded-test.ts";
import { type BrokerProcess, startDemoBroker } from "./broker-process.ts";
import { closeClients, connect } from "./mqttjs.ts";

let broker: BrokerProcess;
let ca: Buffer;
before(async () => {
  broker = await startDemoBroker();
  ca = readFileSync(broker.caFile);
});
after(() => broker?.stop());
afterEach(closeClients);

for (const protocolVersion of [4, 5] as const) {
  const isV5 = protocolVersion === 5;
  const account = (username: string, password = `${username}-demo`): IClientOptions => ({
    protocolVersion,
    clean: true,
    ca,
    username,
    password,
  });

  describe(`MQTT.js over TLS with MQTT ${isV5 ? "5.0" : "3.1.1"}`, () => {
    test("the printed accounts exchange QoS 0, 1 and 2, trusting the broker's own CA", async () => {
      const alice = await connect(broker.url, account("alice"));
      await alice.client.subscribeAsync("orders/+/status", { qos: 2 });
      const service = await connect(broker.url, account("service"));
      for (const qos of [0, 1, 2] as const) {
        await service.client.publishAsync(`orders/${qos}/status`, `at ${qos}`, { qos });
      }
      const received = await alice.receivedCount(3);
      assert.deepEqual(received.map(({ topic, payload, packet }) => [topic, payload, packet.qos]).sort(), [
        ["orders/0/status", "at 0", 0],
        ["orders/1/status", "at 1", 1],
        ["orders/2/status", "at 2", 2],
      ]);
    });

    test("every printed account is let in", async () => {
      for (const name of ["alice", "staff", "service", "admin"]) {
        const { connack } = await connect(broker.url, account(name));
        assert.equal(connack.reasonCode ?? 0, 0);
      }
      await connect(broker.url, { ...account("collar-0042", "collar-demo"), clientId: "collar-0042" });
    });

    test("a bad password and an unknown account are refused with the same code", async () => {
      const code = isV5 ? 0x86 : 4;
      await assert.rejects(connect(broker.url, account("alice", "wrong")), { code });
      await assert.rejects(connect(broker.url, account("nobody")), { code });
    });

    test("without an account nobody is let in", async () => {
      await assert.rejects(connect(broker.url, { protocolVersion, ca }), (error: { code?: number }) =>
        (isV5 ? [0x86, 0x87] : [4, 5]).includes(error.code ?? 0),
      );
    });

    test("a Client that does not know the CA does not connect", async () => {
      const { ca: _, ...unknowing } = account("alice");
      await assert.rejects(connect(broker.url, unknowing), /certificate|issuer/i);
    });

    test("an account may not do what is not its part", async () => {
      const alice = await connect(broker.url, account("alice"));
      await assert.rejects(alice.client.subscribeAsync("$SYS/#", { qos: 0 }));
      const published = alice.client.publishAsync("inventory/1/stock", "0", { qos: 1 });
      // 3.1.1 cannot say no: the message is acknowledged and dropped [MQTT311-3.3.5-2].
      if (isV5) await assert.rejects(published, { code: 0x87 });
      else await published;
    });
  });
}
