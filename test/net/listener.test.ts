import assert from "node:assert/strict";
import { once } from "node:events";
import { request as requestHttp } from "node:http";
import { connect as connectTcp, type Socket } from "node:net";
import { describe, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { acceptSentence } from "../../src/net/bind.ts";
import { openListener } from "../../src/net/listener.ts";
import { at, DoorOwner, limits, openDoor, secured } from "./door.ts";
import { throwAwayCertificate } from "./pair.ts";

const certificate = throwAwayCertificate();
const tls = { tls: certificate };

describe("a listener", () => {
  for (const protocol of ["mqtt", "mqtts"] as const) {
    test(`of ${protocol} hands over connections, without delay and half-open`, async () => {
      const owner = new DoorOwner();
      const listener = await openListener(at({ protocol, ...tls }), owner);
      const to = { port: listener.port, host: "127.0.0.1" };
      const client = protocol === "mqtt" ? connectTcp(to) : connectTls({ ...to, ca: certificate.cert });
      await once(owner, "accepted");
      const [socket] = owner.streams as Socket[];
      assert.equal(socket?.allowHalfOpen, true);
      assert.deepEqual(owner.sources, [{ remoteAddress: "127.0.0.1", certificate: undefined }]);
      client.destroy();
      socket?.destroy();
      await listener.close();
    });
  }

  test("on localhost has one port on both loopback addresses, also when it is a free one", async () => {
    const owner = new DoorOwner();
    const listener = await openListener(at({ host: "localhost" }), owner);
    assert.notEqual(listener.port, 0);
    for (const host of ["127.0.0.1", "::1"]) {
      const client = connectTcp({ port: listener.port, host });
      const outcome = await Promise.race([once(owner, "accepted"), once(client, "error").catch((error) => error)]);
      // A machine without IPv6 has no ::1, which is no error.
      if (host === "127.0.0.1") assert.ok(!(outcome instanceof Error));
      client.destroy();
    }
    listener.destroy();
    await listener.close();
  });

  test("on a port in use says so, and what to do", async () => {
    const first = await openListener(at({}), new DoorOwner());
    for (const protocol of ["mqtt", "mqtts"] as const) {
      await assert.rejects(openListener(at({ protocol, ...tls, port: first.port }), new DoorOwner()), {
        message: `port ${first.port} is in use on 127.0.0.1: stop the other program or choose another with --${protocol} PORT`,
      });
    }
    await assert.rejects(openListener(at({ host: "localhost", port: first.port }), new DoorOwner()), /is in use/);
    await first.close();
  });

  test("on an address that is not ours says so", async () => {
    const opening = openListener(at({ host: "192.0.2.1" }), new DoorOwner());
    await assert.rejects(opening, {
      message: "192.0.2.1 is no address of this machine: choose another with --bind ADDRESS",
    });
  });

  test("with TLS needs a certificate", async () => {
    for (const protocol of ["mqtts", "wss"] as const) {
      await assert.rejects(openListener(at({ protocol }), new DoorOwner()), /key and a certificate/);
    }
  });

  test("refuses TLS 1.1 and tells about handshakes that fail", async () => {
    const owner = new DoorOwner();
    const listener = await openListener(at(secured(certificate)), owner);
    const failed = once(owner, "handshakeFailed");
    const client = connectTls({
      port: listener.port,
      host: "127.0.0.1",
      maxVersion: "TLSv1.1",
      minVersion: "TLSv1",
      ciphers: "DEFAULT:@SECLEVEL=0",
      rejectUnauthorized: false,
    });
    await once(client, "error").catch(() => {});
    await failed;
    assert.match(owner.failures[0]!.message, /protocol/i);
    assert.equal(owner.streams.length, 0);
    client.destroy();
    await listener.close();
  });

  test("takes plain bytes on a TLS port for a failed handshake, not for a crash", async () => {
    const owner = new DoorOwner();
    const listener = await openListener(at(secured(certificate)), owner);
    const client = connectTcp({ port: listener.port, host: "127.0.0.1" });
    client.on("error", () => {});
    client.write("\x10\x0c\x00\x04MQTT\x05\x02\x00\x3c\x00\x00");
    await once(owner, "handshakeFailed");
    client.destroy();
    await listener.close();
  });

  test("ends a handshake that is not finished in time, or when it is destroyed", async () => {
    const owner = new DoorOwner();
    const listener = await openListener(at({ ...secured(certificate), connectTimeoutSeconds: 0.05 }), owner);
    const slow = connectTcp({ port: listener.port, host: "127.0.0.1" });
    slow.on("error", () => {});
    await Promise.all([once(owner, "handshakeFailed"), once(slow, "close")]);
    await listener.close();
    const other = await openListener(at(secured(certificate)), owner);
    const client = connectTcp({ port: other.port, host: "127.0.0.1" });
    client.on("error", () => {});
    await once(client, "connect");
    await new Promise((resolve) => setImmediate(resolve));
    const closed = Promise.all([other.close(), once(client, "close")]);
    other.destroy();
    await closed;
  });

  test("names `ulimit -n` when there are too many open files", () => {
    assert.match(acceptSentence(Object.assign(new Error("accept EMFILE"), { code: "EMFILE" })), /ulimit -n/);
    assert.match(acceptSentence(Object.assign(new Error("accept EPERM"), { code: "EPERM" })), /EPERM/);
  });

  for (const protocol of ["ws", "wss"] as const) {
    test(`of ${protocol} ends an HTTP request whose head does not come in time`, async () => {
      const door = await openDoor({ protocol, ...tls, connectTimeoutSeconds: 0.1 });
      const options = { ...door.to, ca: certificate.cert };
      const client = protocol === "ws" ? connectTcp(door.to) : connectTls(options);
      client.on("error", () => {});
      client.write("GET /mqtt HTTP/1.1\r\nHost: localhost\r\n");
      let answer = "";
      client.on("data", (chunk: Buffer) => {
        answer += chunk.toString();
      });
      await once(client, "close");
      assert.match(answer, /^HTTP\/1\.1 408 /);
      await door.close();
    });
  }

  test("of ws answers HTTP requests beside, and closes with idle ones of them", async () => {
    const door = await openDoor({ protocol: "ws" });
    const request = requestHttp({ ...door.to, path: "/health", headers: { connection: "keep-alive" } }).end();
    const [response] = await once(request, "response");
    let body = "";
    for await (const chunk of response) body += chunk;
    assert.equal(body, "you asked for /health");
    await door.listener.close();
  });
});

describe("the limits of a listener", () => {
  test("connectionsMax closes who is too much, before TLS, and says so once", async () => {
    const door = await openDoor({ ...secured(certificate), limits: limits({ connectionsMax: 1 }) });
    const first = connectTls({ ...door.to, ca: certificate.cert });
    await once(first, "secureConnect");
    for (let more = 0; more < 2; more += 1) {
      const client = connectTcp(door.to);
      client.on("error", () => {});
      await once(client, "close");
      assert.equal(client.bytesRead, 0);
    }
    assert.deepEqual(door.owner.refusals, [
      `connections are closed at the mqtts listener, port ${door.to.port}: its connectionsMax is reached`,
    ]);
    assert.deepEqual(door.owner.failures, []);
    first.destroy();
    await door.close();
  });

  test("a connection that is gone makes room for the next", async () => {
    const door = await openDoor({ limits: limits({ connectionsMax: 1, connectionsPerAddressMax: 1 }) });
    for (let each = 1; each <= 3; each += 1) {
      const client = connectTcp(door.to);
      await door.owner.accepts(each);
      const stream = door.owner.streams.at(-1)!;
      const gone = new Promise<void>((resolve) => stream.on("close", resolve));
      client.destroy();
      stream.destroy();
      await gone;
    }
    assert.deepEqual(door.owner.refusals, []);
    await door.close();
  });

  for (const [name, bound] of [
    ["connectionsPerAddressMax", { connectionsPerAddressMax: 2 }],
    ["connectsPerSecondMax", { connectsPerSecondMax: 2 }],
  ] as const) {
    test(`${name} closes who is too much`, async () => {
      const door = await openDoor({ limits: limits(bound) });
      const clients = [connectTcp(door.to), connectTcp(door.to)];
      await door.owner.accepts(2);
      const third = connectTcp(door.to);
      third.on("error", () => {});
      await Promise.all([once(door.owner, "refused"), once(third, "close")]);
      assert.match(door.owner.refusals[0]!, new RegExp(`its ${name} is reached$`));
      assert.equal(door.owner.streams.length, 2);
      for (const client of clients) client.destroy();
      await door.close();
    });
  }
});
