import assert from "node:assert/strict";
import { type EventEmitter, once } from "node:events";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { connectAsync } from "mqtt";
import { WebSocket } from "ws";
import { createServer, ReasonCode } from "../../src/index.ts";

async function listening(http: HttpServer): Promise<number> {
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const address = http.address();
  assert.ok(address !== null && typeof address === "object");
  return address.port;
}

/** The status with which an upgrade is refused. */
async function refusal(url: string, origin?: string): Promise<number> {
  const webSocket = new WebSocket(url, ["mqtt"], origin === undefined ? {} : { origin });
  webSocket.on("error", () => {});
  const [, response] = await once(webSocket, "unexpected-response");
  webSocket.terminate();
  return response.statusCode;
}

describe("a server attached to an HTTP server", () => {
  test("takes MQTT at its path, with the peer's address, and leaves the HTTP server open", async () => {
    const http = createHttpServer((_, response) => response.end("page"));
    const port = await listening(http);
    const peers: string[] = [];
    const server = await createServer({
      listeners: [],
      authenticate: ({ peer }) => {
        peers.push(`${peer.protocol} ${peer.remoteAddress}`);
        return { name: "alice" };
      },
    });
    const detach = server.attach(http, { path: "/broker" });
    const client = await connectAsync(`ws://127.0.0.1:${port}/broker`, { protocolVersion: 5, reconnectPeriod: 0 });
    assert.deepEqual(peers, ["ws 127.0.0.1"]);
    const gone = once(client as unknown as EventEmitter, "disconnect");
    await server.close();
    assert.equal((await gone)[0].reasonCode, ReasonCode.ServerShuttingDown);
    await client.endAsync(true);
    assert.equal(http.listenerCount("upgrade"), 0);
    detach();
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "page");
    http.closeAllConnections();
    http.close();
  });

  test("names the address of an IPv4 peer as its own listeners do, where the HTTP server listens on ::", async (t) => {
    const http = createHttpServer();
    http.listen(0, "::");
    const isListening = await once(http, "listening").then(
      () => true,
      () => false,
    );
    if (!isListening) return t.skip("this machine has no IPv6");
    const peers: string[] = [];
    const server = await createServer({
      listeners: [],
      authenticate: ({ peer }) => {
        peers.push(peer.remoteAddress);
        return { name: "alice" };
      },
    });
    server.attach(http);
    const { port } = http.address() as AddressInfo;
    const client = await connectAsync(`ws://127.0.0.1:${port}/mqtt`, { protocolVersion: 5, reconnectPeriod: 0 });
    assert.deepEqual(peers, ["127.0.0.1"]);
    await client.endAsync(true);
    await server.close();
    http.closeAllConnections();
    http.close();
  });

  test("leaves other paths to the program's other listeners, and refuses them when there is none", async () => {
    const http = createHttpServer();
    const port = await listening(http);
    const server = await createServer({ listeners: [] });
    const detach = server.attach(http);
    assert.equal(await refusal(`ws://127.0.0.1:${port}/other`), 404);
    http.on("upgrade", (_, socket) => socket.end("HTTP/1.1 418 I'm a teapot\r\n\r\n"));
    assert.equal(await refusal(`ws://127.0.0.1:${port}/other`), 418);
    detach();
    await server.close();
    http.closeAllConnections();
    http.close();
  });

  test("beside another broker takes its own path only, and one that neither has is refused once", async () => {
    const http = createHttpServer();
    const port = await listening(http);
    const [first, second] = [await createServer({ listeners: [] }), await createServer({ listeners: [] })];
    first.attach(http, { path: "/first" });
    second.attach(http, { path: "/second" });
    for (const path of ["first", "second"]) {
      const options = { protocolVersion: 5, reconnectPeriod: 0 } as const;
      const client = await connectAsync(`ws://127.0.0.1:${port}/${path}`, options);
      await client.endAsync(true);
    }
    assert.equal(await refusal(`ws://127.0.0.1:${port}/third`), 404);
    await Promise.all([first.close(), second.close()]);
    http.closeAllConnections();
    http.close();
  });

  test("without authentication keeps web pages of other machines out", async () => {
    const http = createHttpServer();
    const port = await listening(http);
    const server = await createServer({ listeners: [] });
    server.attach(http);
    assert.equal(await refusal(`ws://127.0.0.1:${port}/mqtt`, "https://example.org"), 403);
    await server.close();
    http.closeAllConnections();
    http.close();
  });
});
