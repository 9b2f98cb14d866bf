import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { describe, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { acceptSentence, type ListenAt, type ListenerOwner, openListener } from "../../src/net/listener.ts";
import { throwAwayCertificate } from "./pair.ts";

const certificate = throwAwayCertificate();

class Owner extends EventEmitter implements ListenerOwner {
  readonly sockets: Socket[] = [];
  accepted(socket: Socket): void {
    this.sockets.push(socket);
    this.emit("accepted");
  }
  handshakeFailed(error: Error): void {
    this.emit("handshakeFailed", error);
  }
  acceptFailed(): void {}
}

function at(replaced: Partial<ListenAt>): ListenAt {
  return { protocol: "mqtt", host: "127.0.0.1", port: 0, tls: certificate, handshakeTimeoutSeconds: 5, ...replaced };
}

describe("a listener", () => {
  for (const protocol of ["mqtt", "mqtts"] as const) {
    test(`of ${protocol} hands over connections, without delay and half-open`, async () => {
      const owner = new Owner();
      const listener = await openListener(at({ protocol }), owner);
      const to = { port: listener.port, host: "127.0.0.1" };
      const client = protocol === "mqtt" ? connectTcp(to) : connectTls({ ...to, ca: certificate.cert });
      await once(owner, "accepted");
      const [socket] = owner.sockets;
      assert.equal(socket?.allowHalfOpen, true);
      client.destroy();
      socket?.destroy();
      await listener.close();
    });
  }

  test("on localhost has one port on both loopback addresses, also when it is a free one", async () => {
    const owner = new Owner();
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
    const first = await openListener(at({}), new Owner());
    for (const protocol of ["mqtt", "mqtts"] as const) {
      await assert.rejects(openListener(at({ protocol, port: first.port }), new Owner()), {
        message: `port ${first.port} is in use on 127.0.0.1: stop the other program or choose another with --${protocol} PORT`,
      });
    }
    await assert.rejects(openListener(at({ host: "localhost", port: first.port }), new Owner()), /is in use/);
    await first.close();
  });

  test("on an address that is not ours says so", async () => {
    const opening = openListener(at({ host: "192.0.2.1" }), new Owner());
    await assert.rejects(opening, {
      message: "192.0.2.1 is no address of this machine: choose another with --bind ADDRESS",
    });
  });

  test("of mqtts needs a certificate", async () => {
    await assert.rejects(openListener(at({ protocol: "mqtts", tls: undefined }), new Owner()), /key and a certificate/);
  });

  test("refuses TLS 1.1 and tells about handshakes that fail", async () => {
    const owner = new Owner();
    const listener = await openListener(at({ protocol: "mqtts" }), owner);
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
    const [error] = (await failed) as [Error];
    assert.match(error.message, /protocol/i);
    assert.equal(owner.sockets.length, 0);
    client.destroy();
    await listener.close();
  });

  test("takes plain bytes on a TLS port for a failed handshake, not for a crash", async () => {
    const owner = new Owner();
    const listener = await openListener(at({ protocol: "mqtts" }), owner);
    const client = connectTcp({ port: listener.port, host: "127.0.0.1" });
    client.on("error", () => {});
    client.write("\x10\x0c\x00\x04MQTT\x05\x02\x00\x3c\x00\x00");
    await once(owner, "handshakeFailed");
    client.destroy();
    await listener.close();
  });

  test("ends a handshake that is not finished in time, or when it is destroyed", async () => {
    const owner = new Owner();
    const listener = await openListener(at({ protocol: "mqtts", handshakeTimeoutSeconds: 0.05 }), owner);
    const slow = connectTcp({ port: listener.port, host: "127.0.0.1" });
    slow.on("error", () => {});
    await Promise.all([once(owner, "handshakeFailed"), once(slow, "close")]);
    await listener.close();
    const other = await openListener(at({ protocol: "mqtts" }), owner);
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
});
