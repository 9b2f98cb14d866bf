import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { request } from "node:https";
import { connect as connectTcp } from "node:net";
import { describe, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { connectAsync, type IClientOptions, MqttClient } from "mqtt";
import { pino } from "pino";
import { WebSocket } from "ws";
import { allCapabilities, createLimits } from "../../src/broker/limits.ts";
import { allowAll } from "../../src/broker/policy.ts";
import { createApplication } from "../../src/http/application.ts";
import type { ListenerOptions, Peer, Server, ServerOptions } from "../../src/server/options.ts";
import { startServer } from "../../src/server/server.ts";
import { createMemoryStore } from "../../src/store/memory-store.ts";
import { closeClients, connect as connectTo, event } from "../interop/mqttjs.ts";
import { makeClientCertificates } from "../net/client-certificates.ts";
import { bytesOf, publish, throwAwayCertificate } from "../net/pair.ts";

const certificate = throwAwayCertificate();

interface Running {
  readonly server: Server;
  readonly peers: Peer[];
  url(protocol: string): string;
}

async function start(listeners: readonly ListenerOptions[], replaced: Partial<ServerOptions> = {}): Promise<Running> {
  const peers: Peer[] = [];
  const server = await startServer({
    listeners,
    limits: createLimits(),
    capabilities: allCapabilities,
    policy: allowAll,
    authenticator: {
      authenticate: async ({ clientId }, peer) => {
        peers.push(peer);
        const principal = { tenant: 0, name: "", roles: [], clientId };
        return { kind: "accept", principal, authenticationData: undefined };
      },
    },
    store: createMemoryStore(),
    spaceProblem: () => undefined,
    log: pino({ level: "silent" }),
    responseInformation: undefined,
    sysIntervalSeconds: 0,
    http: (state) => createApplication(state, { demoPath: undefined, contract: undefined }),
    ...replaced,
  });
  return {
    server,
    peers,
    url: (protocol) => {
      const address = server.addresses.find((each) => each.protocol === protocol)!;
      return `${protocol}://127.0.0.1:${address.port}${address.path ?? ""}`;
    },
  };
}

function door(protocol: ListenerOptions["protocol"], more: Partial<ListenerOptions> = {}): ListenerOptions {
  return { protocol, host: "127.0.0.1", port: 0, tls: certificate, ...more };
}

function connect(url: string, options: IClientOptions = {}): Promise<MqttClient> {
  const own = { ca: certificate.cert, reconnectPeriod: 0, connectTimeout: 5_000 };
  return connectAsync(url, { protocolVersion: 5, ...own, ...options });
}

/** Status, and what was answered. */
async function ask(url: string, path: string): Promise<[number, { detail?: string; status?: string }]> {
  const { host } = new URL(url);
  const asked = request(`https://${host}${path}`, { ca: certificate.cert, agent: false }).end();
  const [response] = await once(asked, "response");
  let body = "";
  for await (const chunk of response) body += chunk;
  return [response.statusCode, JSON.parse(body)];
}

describe("a server with WebSocket doors", () => {
  for (const protocol of ["ws", "wss"] as const) {
    for (const protocolVersion of [4, 5] as const) {
      test(`serves MQTT.js over ${protocol}, version ${protocolVersion}, with every QoS and large messages`, async () => {
        const running = await start([door(protocol)]);
        const client = await connect(running.url(protocol), { protocolVersion });
        await client.subscribeAsync("t/#", { qos: 2 });
        const payloads: string[] = [];
        const all = new Promise<void>((resolve) => {
          client.on("message", (_topic, payload) => {
            payloads.push(`${payload.length}`);
            if (payloads.length === 6) resolve();
          });
        });
        for (const qos of [0, 1, 2] as const) {
          await client.publishAsync(`t/${qos}`, "small", { qos });
          await client.publishAsync(`t/${qos}`, Buffer.alloc(900_000, 1), { qos });
        }
        await all;
        assert.deepEqual(payloads, ["5", "900000", "5", "900000", "5", "900000"]);
        assert.equal(running.peers[0]?.protocol, protocol);
        assert.equal(running.peers[0]?.remoteAddress, "127.0.0.1");
        await client.endAsync();
        await running.server.close();
      });
    }
  }

  test("answers HTTP at the same port beside MQTT, and is ready until it closes", async () => {
    const running = await start([door("wss"), door("mqtts")]);
    const url = running.url("wss");
    const client = await connect(url);
    assert.deepEqual(await ask(url, "/health"), [200, { status: "live" }]);
    assert.deepEqual(await ask(url, "/ready"), [200, { status: "ready" }]);
    assert.equal((await ask(url, "/mqtt"))[0], 404);
    await client.endAsync();
    await running.server.close();
  });

  test("is not ready while the store takes nothing new", async () => {
    const running = await start([door("wss")], { spaceProblem: () => "the disk is full" });
    assert.deepEqual((await ask(running.url("wss"), "/ready"))[1].detail, "The store takes nothing new");
    await running.server.close();
  });

  test("speaks MQTT at the path of the listener only", async () => {
    const running = await start([door("ws", { path: "/broker" })]);
    assert.match(running.url("ws"), /\/broker$/);
    await (await connect(running.url("ws"))).endAsync();
    const elsewhere = new WebSocket(running.url("ws").replace("/broker", "/mqtt"), ["mqtt"]);
    const [error] = await once(elsewhere, "error");
    assert.match(error.message, /404/);
    await running.server.close();
  });

  test("closing tells WebSocket clients why, ends idle HTTP connections and leaves no open handle", async () => {
    const handles = process.getActiveResourcesInfo().length;
    const running = await start([door("ws"), door("wss")]);
    const client = await connect(running.url("wss"));
    const told = new Promise<number | undefined>((resolve) => {
      client.on("disconnect", ({ reasonCode }) => resolve(reasonCode));
    });
    const closed = once(client as never, "close");
    const { port } = new URL(running.url("ws"));
    const idle = connectTcp(Number(port), "127.0.0.1");
    idle.write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await once(idle, "data");
    const half = connectTcp(Number(port), "127.0.0.1");
    half.write("GET /health HTTP/1.1\r\n");
    await once(half, "connect");
    const ended = Promise.all([once(idle.resume(), "close"), once(half.resume(), "close")]);
    await running.server.close();
    assert.equal(await told, 0x8b);
    await Promise.all([closed, ended]);
    await client.endAsync();
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(process.getActiveResourcesInfo().length <= handles, String(process.getActiveResourcesInfo()));
  });
});

test("whoever authenticates a client is told what its balancer and its certificate say", async () => {
  const { ca, client: shown } = makeClientCertificates();
  const tls = { ...certificate, clientCertificate: "required", ca } as const;
  const running = await start([door("mqtts", { tls, proxyAddresses: ["127.0.0.1"] })]);
  const socket = connectTcp(running.server.addresses[0]!.port, "127.0.0.1");
  socket.write("PROXY TCP6 2001:db8::7 ::1 1 2\r\n");
  const client = new MqttClient(
    () => connectTls({ socket, ca: certificate.cert, servername: "localhost", ...shown }) as never,
    { protocolVersion: 5, reconnectPeriod: 0 },
  );
  await once(client as never, "connect");
  const [{ certificate: seen, ...peer } = assert.fail("nobody came")] = running.peers;
  assert.deepEqual(peer, { protocol: "mqtts", remoteAddress: "2001:db8::7" });
  assert.equal(seen?.subject, "O=Petstore\nCN=collar-0042");
  assert.equal(seen?.fingerprint256, new X509Certificate(shown.cert).fingerprint256);
  await client.endAsync();
  await running.server.close();
});

describe("the limits of a listener", () => {
  test("packetBytesMax is announced and enforced at this listener, and the others keep the whole's", async () => {
    const running = await start([door("ws", { limits: { packetBytesMax: 1_000 } }), door("mqtt")]);
    const small = await connectTo(running.url("ws"), { protocolVersion: 5 });
    assert.equal(small.connack.properties?.["maximumPacketSize"], 1_000);
    const told = event(small.client, "disconnect");
    // MQTT.js would not send what is larger than was announced.
    small.client.stream.write(bytesOf([publish(0, 1_000)]));
    assert.equal(((await told) as { reasonCode: number }).reasonCode, 0x95);
    const usual = await connectTo(running.url("mqtt"), { protocolVersion: 5 });
    assert.equal(usual.connack.properties?.["maximumPacketSize"], createLimits().packetBytesMax);
    await usual.client.publishAsync("t", Buffer.alloc(2_000), { qos: 1 });
    closeClients();
    await running.server.close();
  });

  test("connectTimeoutSeconds ends a connection that sends no CONNECT, over TCP and over WebSocket", async () => {
    const limits = { connectTimeoutSeconds: 0.05 };
    const running = await start([door("mqtt", { limits }), door("ws", { limits })]);
    const startedAt = performance.now();
    const plain = connectTcp(running.server.addresses[0]!.port, "127.0.0.1");
    const webSocket = new WebSocket(running.url("ws"), ["mqtt"]);
    await Promise.all([once(plain.resume(), "close"), once(webSocket, "close")]);
    assert.ok(performance.now() - startedAt < createLimits().connectTimeoutSeconds * 1_000);
    await running.server.close();
  });
});
