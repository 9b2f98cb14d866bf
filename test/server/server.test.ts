import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { describe, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { pino } from "pino";
import { allCapabilities, createLimits } from "../../src/broker/limits.ts";
import { allowAll } from "../../src/broker/policy.ts";
import { decode } from "../../src/mqtt/codec.ts";
import { Framer } from "../../src/mqtt/framer.ts";
import type { Connect, Packet } from "../../src/mqtt/packet.ts";
import { noUserProperties } from "../../src/mqtt/packet.ts";
import { PacketType, ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { ReasonCode } from "../../src/mqtt/reason-code.ts";
import type { ListenerOptions, ServerOptions } from "../../src/server/options.ts";
import { startServer } from "../../src/server/server.ts";
import { createMemoryStore } from "../../src/store/memory-store.ts";
import { bytesOf, numberOf, publish, throwAwayCertificate } from "../net/pair.ts";

const certificate = throwAwayCertificate();
const plain: ListenerOptions = { protocol: "mqtt", host: "127.0.0.1", port: 0, tls: undefined };

function options(replaced: Partial<ServerOptions> = {}): ServerOptions {
  return {
    listeners: [plain],
    limits: createLimits(),
    capabilities: allCapabilities,
    policy: allowAll,
    authenticator: {
      authenticate: async ({ clientId }) => ({
        kind: "accept",
        principal: { tenant: 0, name: "", roles: [], clientId },
        authenticationData: undefined,
      }),
    },
    store: createMemoryStore(),
    spaceProblem: () => undefined,
    log: pino({ level: "silent" }),
    responseInformation: undefined,
    sysIntervalSeconds: 0,
    ...replaced,
  };
}

function connect(clientId: string): Connect {
  return {
    type: PacketType.Connect,
    protocolVersion: ProtocolVersion.V5,
    cleanStart: true,
    keepAliveSeconds: 60,
    clientId,
    will: undefined,
    userName: undefined,
    password: undefined,
    properties: {
      sessionExpiryIntervalSeconds: undefined,
      receiveMaximum: undefined,
      maximumPacketSize: undefined,
      topicAliasMaximum: undefined,
      requestResponseInformation: undefined,
      requestProblemInformation: undefined,
      userProperties: noUserProperties,
      authenticationMethod: undefined,
      authenticationData: undefined,
    },
  };
}

function subscribe(topicFilter: string): Packet {
  const subscription = { topicFilter, qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  return {
    type: PacketType.Subscribe,
    packetIdentifier: 1,
    subscriptions: [subscription],
    subscriptionIdentifier: undefined,
    userProperties: noUserProperties,
  };
}

/** Reads packets from a socket, one after another. */
async function* packetsOf(socket: Socket): AsyncGenerator<Packet> {
  const framer = new Framer(1_048_576);
  for await (const chunk of socket) {
    framer.push(chunk);
    while (framer.next()) yield decode(framer.firstByte, framer.reader, ProtocolVersion.V5);
  }
}

async function next(packets: AsyncGenerator<Packet>): Promise<Packet> {
  const { value, done } = await packets.next();
  assert.ok(!done, "the connection ended");
  return value;
}

describe("a server", () => {
  test("serves a subscriber over TLS and a publisher over TCP, with packets pipelined behind CONNECT", async () => {
    const tls: ListenerOptions = { ...plain, protocol: "mqtts", tls: certificate };
    const server = await startServer(options({ listeners: [plain, tls] }));
    const [tcpAt, tlsAt] = server.addresses;
    const subscriber = connectTls({ port: tlsAt!.port, host: "127.0.0.1", ca: certificate.cert });
    const publisher = connectTcp(tcpAt!.port, "127.0.0.1");
    subscriber.write(bytesOf([connect("subscriber"), subscribe("t")]));
    const packets = packetsOf(subscriber);
    assert.equal((await next(packets)).type, PacketType.Connack);
    assert.equal((await next(packets)).type, PacketType.Suback);
    publisher.write(bytesOf([connect("publisher"), publish(42)]));
    assert.equal(numberOf(await next(packets)), 42);
    subscriber.destroy();
    publisher.destroy();
    await server.close();
  });

  test("closing tells its Clients, and leaves nothing that keeps the process alive", async () => {
    const handlesBefore = process.getActiveResourcesInfo().length;
    const server = await startServer(options({ sysIntervalSeconds: 1 }));
    const client = connectTcp(server.addresses[0]!.port, "127.0.0.1");
    client.write(bytesOf([connect("c")]));
    const packets = packetsOf(client);
    await next(packets);
    const closed = server.close();
    const last = await next(packets);
    assert.equal(last.type === PacketType.Disconnect && last.reasonCode, ReasonCode.ServerShuttingDown);
    assert.ok((await packets.next()).done);
    await closed;
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(process.getActiveResourcesInfo().length <= handlesBefore, String(process.getActiveResourcesInfo()));
  });

  test("closing does not wait for a handshake that is not finished", async () => {
    const server = await startServer(options({ listeners: [{ ...plain, protocol: "mqtts", tls: certificate }] }));
    const client = connectTcp(server.addresses[0]!.port, "127.0.0.1");
    client.on("error", () => {});
    await once(client, "connect");
    await Promise.all([server.close(), once(client, "close")]);
  });

  test("a listener that cannot be opened closes the others", async () => {
    const first = await startServer(options());
    const taken = { ...plain, port: first.addresses[0]!.port };
    const spare = await startServer(options());
    const { port } = spare.addresses[0]!;
    await spare.close();
    await assert.rejects(startServer(options({ listeners: [{ ...plain, port }, taken] })), /is in use/);
    const again = await startServer(options({ listeners: [{ ...plain, port }] }));
    await again.close();
    await first.close();
  });

  test("time goes on from the last time in the store when the machine's clock is behind it, and people hear of it", async () => {
    const store = createMemoryStore();
    const disconnectedAt = Date.now() + 3_600_000;
    const session = { session: 1, tenant: 0, clientId: "c", principalName: "", sessionExpiryIntervalSeconds: 60 };
    await store.commit([
      { kind: "alive", at: disconnectedAt - 1_000 },
      { kind: "putSession", ...session, disconnectedAt },
    ]);
    const logged: string[] = [];
    const log = pino({ level: "warn" }, { write: (line: string) => logged.push(JSON.parse(line).msg) });
    const server = await startServer(options({ store, log }));
    const [sentence = "", ...others] = logged;
    assert.deepEqual(others, []);
    assert.match(
      sentence,
      /^the machine's clock is 3[56]\d\d s behind the last time in the store; time goes on from there$/,
    );
    const client = connectTcp(server.addresses[0]!.port, "127.0.0.1");
    const { properties, ...fields } = connect("c");
    client.write(
      bytesOf([{ ...fields, cleanStart: false, properties: { ...properties, sessionExpiryIntervalSeconds: 60 } }]),
    );
    await next(packetsOf(client));
    client.destroy();
    await server.close();
    for await (const rows of store.load()) {
      for (const row of rows) if (row.kind === "putSession") assert.ok(row.disconnectedAt >= disconnectedAt);
    }
  });

  test("a store without room refuses a Client from the start", async () => {
    const server = await startServer(options({ spaceProblem: () => "the disk is full" }));
    const client = connectTcp(server.addresses[0]!.port, "127.0.0.1");
    client.write(bytesOf([connect("c")]));
    const connack = await next(packetsOf(client));
    assert.equal(connack.type === PacketType.Connack && connack.reasonCode, ReasonCode.ServerUnavailable);
    client.destroy();
    await server.close();
  });

  test("$SYS is there for the first subscriber", async () => {
    const server = await startServer(options({ sysIntervalSeconds: 3_600 }));
    const client = connectTcp(server.addresses[0]!.port, "127.0.0.1");
    client.write(bytesOf([connect("c"), subscribe("$SYS/broker/version")]));
    const packets = packetsOf(client);
    for (const type of [PacketType.Connack, PacketType.Suback]) assert.equal((await next(packets)).type, type);
    const version = await next(packets);
    assert.ok(version.type === PacketType.Publish && version.retain);
    assert.match(Buffer.from(version.payload).toString(), /^petstore-mqtt version \d/);
    client.destroy();
    await server.close();
  });
});
