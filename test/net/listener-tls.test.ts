import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { get } from "node:https";
import { connect as connectTcp } from "node:net";
import { describe, test } from "node:test";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { WebSocket } from "ws";
import type { TlsSettings } from "../../src/net/tls-settings.ts";
import { makeClientCertificates } from "./client-certificates.ts";
import { type Door, openDoor } from "./door.ts";
import { throwAwayCertificate } from "./pair.ts";

const certificate = throwAwayCertificate();
const clients = makeClientCertificates();

function openTls(settings: Partial<TlsSettings> = {}): Promise<Door> {
  return openDoor({ protocol: "mqtts", tls: { ...certificate, ...settings } });
}

function connectTo(door: Door, options: ConnectionOptions = {}): TLSSocket {
  const socket = connect({ ...door.to, ca: certificate.cert, ...options });
  socket.on("error", () => {});
  return socket;
}

/** What a client's certificate came to. */
function shownTo(door: Door, index = 0): { subject: string; fingerprint256: string } | undefined {
  const certificate = door.owner.sources[index]?.certificate;
  return certificate && { subject: certificate.subject, fingerprint256: certificate.fingerprint256 };
}

/** Resolves when the door let the next one in or its handshake failed. */
async function letsIn(door: Door): Promise<boolean> {
  const before = door.owner.streams.length;
  await Promise.race([once(door.owner, "handshakeFailed"), once(door.owner, "accepted")]);
  return door.owner.streams.length > before;
}

describe("TLS versions", () => {
  for (const [minVersion, maxVersion, expected] of [
    ["TLSv1.2", "TLSv1.2", true],
    ["TLSv1.2", "TLSv1.3", true],
    ["TLSv1.3", "TLSv1.2", false],
    ["TLSv1.3", "TLSv1.3", true],
  ] as const) {
    test(`a listener from ${minVersion} on ${expected ? "takes" : "refuses"} ${maxVersion}`, async () => {
      const door = await openTls({ minVersion });
      const client = connectTo(door, { maxVersion });
      assert.equal(await letsIn(door), expected);
      if (expected) assert.equal((door.owner.streams[0] as TLSSocket).getProtocol(), maxVersion);
      client.destroy();
      await door.close();
    });
  }
});

describe("client certificates", () => {
  const shown = new X509Certificate(clients.client.cert);
  const known = { subject: "O=Petstore\nCN=collar-0042", fingerprint256: shown.fingerprint256 };
  for (const [mode, who, expected] of [
    ["none", "client", undefined],
    ["none", "nobody", undefined],
    ["optional", "nobody", undefined],
    ["optional", "client", known],
    ["optional", "stranger", "refused"],
    ["required", "nobody", "refused"],
    ["required", "client", known],
    ["required", "stranger", "refused"],
  ] as const) {
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      test(`${mode}: ${who} is ${expected === "refused" ? "refused" : "let in"} (${maxVersion})`, async () => {
        const door = await openTls(mode === "none" ? {} : { clientCertificate: mode, ca: clients.ca });
        const client = connectTo(door, { maxVersion, ...(who === "nobody" ? {} : clients[who]) });
        const letIn = await letsIn(door);
        assert.equal(letIn, expected !== "refused");
        if (letIn) assert.deepEqual(shownTo(door), expected);
        else {
          assert.equal(door.owner.failures.length, 1);
          assert.doesNotMatch(door.owner.failures[0]!.message, /hang up/);
        }
        client.destroy();
        await door.close();
      });
    }
  }

  for (const [who, isAccepted] of [
    ["client", true],
    ["stranger", false],
  ] as const) {
    test(`optional at wss: ${who} is ${isAccepted ? "let in" : "refused"}`, async () => {
      const tls = { ...certificate, clientCertificate: "optional", ca: clients.ca } as const;
      const door = await openDoor({ protocol: "wss", tls });
      const client = new WebSocket(`wss://127.0.0.1:${door.to.port}/mqtt`, ["mqtt"], {
        ca: certificate.cert,
        ...clients[who],
      });
      client.on("error", () => {});
      if (isAccepted) {
        await door.owner.accepts(1);
        assert.deepEqual(shownTo(door), known);
      } else {
        await once(client, "close");
        assert.match(door.owner.failures[0]!.message, /certificate does not hold/);
        assert.equal(door.owner.streams.length, 0);
      }
      client.terminate();
      await door.close();
    });
  }
});

describe("session resumption", () => {
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    for (const clientCertificate of ["none", "optional"] as const) {
      test(`${maxVersion}, client certificate ${clientCertificate}: a later connection resumes the first one's session`, async () => {
        const door = await openTls(clientCertificate === "none" ? {} : { clientCertificate, ca: clients.ca });
        const options = { maxVersion, ...(clientCertificate === "none" ? {} : clients.client) };
        const first = connectTo(door, options);
        // TLS 1.3 sends its tickets behind the handshake.
        const [session] = (await once(first, "session")) as [Buffer];
        assert.equal(first.isSessionReused(), false);
        first.destroy();
        const second = connectTo(door, { ...options, session });
        await Promise.all([once(second, "secureConnect"), door.owner.accepts(2)]);
        assert.equal(second.isSessionReused(), true);
        assert.deepEqual(shownTo(door, 1), shownTo(door));
        second.destroy();
        await door.close();
      });
    }
  }

  test("a ticket of before another certificate came is no obstacle", async () => {
    const door = await openTls();
    const first = connectTo(door);
    const [session] = (await once(first, "session")) as [Buffer];
    first.destroy();
    const renewed = throwAwayCertificate();
    door.listener.replaceTls(renewed);
    const second = connectTo(door, { session, ca: renewed.cert });
    await once(second, "secureConnect");
    assert.equal(second.isSessionReused(), false);
    second.destroy();
    await door.close();
  });
});

describe("another certificate", () => {
  test("is shown to new connections, and those that stand go on", async () => {
    const door = await openTls({ minVersion: "TLSv1.3", clientCertificate: "required", ca: clients.ca });
    const first = connectTo(door, clients.client);
    await door.owner.accepts(1);
    const renewed = throwAwayCertificate();
    door.listener.replaceTls(renewed);
    const second = connectTo(door, { ca: renewed.cert, ...clients.client });
    await door.owner.accepts(2);
    assert.equal(second.getPeerX509Certificate()?.fingerprint256, new X509Certificate(renewed.cert).fingerprint256);
    const data = new Promise<Buffer>((resolve) => door.owner.streams[0]!.on("data", resolve));
    first.write("still here");
    assert.equal((await data).toString(), "still here");
    // The other settings are as they were.
    connectTo(door, { ca: renewed.cert, ...clients.client, maxVersion: "TLSv1.2" });
    assert.equal(await letsIn(door), false);
    connectTo(door, { ca: renewed.cert });
    assert.equal(await letsIn(door), false);
    for (const client of [first, second]) client.destroy();
    await door.close();
  });

  test("cuts off handshakes that began before it, where client certificates are asked for, and nobody else", async () => {
    const door = await openTls({ clientCertificate: "optional", ca: clients.ca });
    const begun = connectTcp(door.to);
    await once(begun, "connect");
    // Those that came before it have arrived when it is accepted.
    const standing = connectTo(door, clients.client);
    await door.owner.accepts(1);
    const other = makeClientCertificates();
    door.listener.replaceTls({ ...certificate, ca: other.ca });
    await once(begun, "close");
    const late = connectTo(door, clients.client);
    assert.equal(await letsIn(door), false);
    const data = new Promise<Buffer>((resolve) => door.owner.streams[0]!.on("data", resolve));
    standing.write("still here");
    assert.equal((await data).toString(), "still here");
    for (const client of [standing, late]) client.destroy();
    await door.close();
  });

  test("is shown at wss too", async () => {
    const door = await openDoor({ protocol: "wss", tls: certificate });
    const renewed = throwAwayCertificate();
    door.listener.replaceTls(renewed);
    const request = get({ ...door.to, ca: renewed.cert, agent: false });
    const [response] = await once(request, "response");
    assert.equal(response.statusCode, 200);
    response.resume();
    await once(response, "end");
    await door.close();
  });

  test("that cannot be used leaves the old one, and a door without TLS has none", async () => {
    const door = await openTls();
    assert.throws(() => door.listener.replaceTls({ key: "no key", cert: certificate.cert }));
    const client = connectTo(door);
    await once(client, "secureConnect");
    client.destroy();
    await door.close();
    const plain = await openDoor();
    assert.throws(() => plain.listener.replaceTls(certificate), /without TLS/);
    await plain.close();
  });
});
