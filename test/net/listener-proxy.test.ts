import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { describe, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { WebSocket } from "ws";
import type { ByteStream } from "../../src/net/byte-stream.ts";
import { limits, openDoor, secured } from "./door.ts";
import { throwAwayCertificate } from "./pair.ts";

const certificate = throwAwayCertificate();
const header = "PROXY TCP4 192.0.2.7 198.51.100.2 56324 443\r\n";

function dataOf(stream: ByteStream): Promise<Buffer> {
  return new Promise((resolve) => stream.on("data", resolve));
}

describe("a listener behind a balancer", () => {
  test("of mqtt takes the address from the header, and the bytes behind it as the client's", async () => {
    for (const split of [header.length, header.length + 3, 10]) {
      const door = await openDoor({ proxyAddresses: [] });
      const accepted = once(door.owner, "accepted").then(([stream]) => dataOf(stream));
      const client = connectTcp(door.to);
      client.setNoDelay(true);
      const bytes = Buffer.from(`${header}hello`);
      client.write(bytes.subarray(0, split));
      await once(client, "connect");
      await new Promise((resolve) => setImmediate(resolve));
      client.write(bytes.subarray(split));
      const data = await accepted;
      assert.ok("hello".startsWith(data.toString()) && data.length > 0);
      assert.equal(door.owner.sources[0]?.remoteAddress, "192.0.2.7");
      client.destroy();
      await door.close();
    }
  });

  for (const [what, piece] of [
    ["alone", header],
    ["with the first bytes of the handshake", undefined],
  ] as const) {
    test(`of mqtts reads the header before TLS, when it comes ${what}`, async () => {
      const door = await openDoor({ ...secured(certificate), proxyAddresses: [] });
      const socket = connectTcp(door.to);
      await once(socket, "connect");
      // The header and the client's first bytes in one segment.
      if (piece === undefined) socket.cork();
      socket.write(header);
      const client = connectTls({ socket, ca: certificate.cert, servername: "localhost" });
      if (piece === undefined) setImmediate(() => socket.uncork());
      await Promise.all([once(client, "secureConnect"), door.owner.accepts(1)]);
      assert.equal(door.owner.sources[0]?.remoteAddress, "192.0.2.7");
      const data = dataOf(door.owner.streams[0]!);
      client.write("hello");
      assert.equal((await data).toString(), "hello");
      client.destroy();
      await door.close();
    });
  }

  for (const protocol of ["ws", "wss"] as const) {
    test(`of ${protocol} knows the client behind it`, async () => {
      const door = await openDoor({ protocol, tls: certificate, proxyAddresses: [] });
      const socket = connectTcp(door.to);
      await once(socket, "connect");
      socket.write(header);
      const stream: Socket =
        protocol === "ws" ? socket : connectTls({ socket, ca: certificate.cert, servername: "localhost" });
      const client = new WebSocket(`${protocol}://localhost/mqtt`, ["mqtt"], {
        createConnection: () => stream,
      });
      await Promise.all([once(client, "open"), door.owner.accepts(1)]);
      assert.equal(door.owner.sources[0]?.remoteAddress, "192.0.2.7");
      client.terminate();
      await door.close();
    });
  }

  test("counts clients, not the balancer", async () => {
    const door = await openDoor({ proxyAddresses: [], limits: limits({ connectionsPerAddressMax: 1 }) });
    const connect = (address: string): Socket => {
      const client = connectTcp(door.to);
      client.on("error", () => {});
      client.write(`PROXY TCP4 ${address} 198.51.100.2 1 2\r\n`);
      return client;
    };
    const clients = [connect("192.0.2.1"), connect("192.0.2.2")];
    await door.owner.accepts(2);
    const again = connect("192.0.2.2");
    await Promise.all([once(again, "close"), once(door.owner, "refused")]);
    assert.match(door.owner.refusals[0]!, /connectionsPerAddressMax is reached/);
    for (const client of clients) client.destroy();
    await door.close();
  });

  for (const [what, line] of [
    ["LOCAL", Buffer.from("0d0a0d0a000d0a515549540a20000000", "hex")],
    ["UNKNOWN", "PROXY UNKNOWN\r\n"],
  ] as const) {
    test(`takes the balancer's own address when it says ${what}`, async () => {
      const door = await openDoor({ proxyAddresses: [] });
      const client = connectTcp(door.to);
      client.write(line);
      await door.owner.accepts(1);
      assert.equal(door.owner.sources[0]?.remoteAddress, "127.0.0.1");
      client.destroy();
      await door.close();
    });
  }

  for (const [what, bytes, refusal] of [
    ["a malformed header", "PROXY TCP4 nobody\r\n", /two addresses and two ports \(proxyProtocol\)$/],
    ["none", "\x10\x0c\x00\x04MQTT", /does not begin with a PROXY header/],
    ["silence", "", /No PROXY header came in time/],
  ] as const) {
    test(`closes a connection with ${what}, and says why`, async () => {
      const door = await openDoor({ proxyAddresses: [], connectTimeoutSeconds: 0.05 });
      const client = connectTcp(door.to);
      client.on("error", () => {});
      if (bytes !== "") client.write(bytes);
      await Promise.all([once(client, "close"), once(door.owner, "refused")]);
      assert.match(door.owner.refusals[0]!, refusal);
      assert.equal(door.owner.streams.length, 0);
      await door.listener.close();
    });
  }

  test("lets a connection go that ends without a word, as balancers look whether we are there", async () => {
    const door = await openDoor({ proxyAddresses: [] });
    const client = connectTcp(door.to);
    client.end();
    await once(client.resume(), "close");
    assert.deepEqual(door.owner.refusals, []);
    await door.listener.close();
  });

  test("believes only the addresses that it was told", async () => {
    for (const [believed, isAccepted] of [
      [["127.0.0.0/8"], true],
      [["10.0.0.0/8", "::1"], false],
    ] as const) {
      const door = await openDoor({ proxyAddresses: believed });
      const client = connectTcp(door.to);
      client.on("error", () => {});
      client.write(header);
      if (isAccepted) await door.owner.accepts(1);
      else {
        await Promise.all([once(client, "close"), once(door.owner, "refused")]);
        assert.match(door.owner.refusals[0]!, /127\.0\.0\.1 is none of its proxyAddresses$/);
      }
      client.destroy();
      await door.close();
    }
  });
});
