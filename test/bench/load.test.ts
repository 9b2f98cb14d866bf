import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Packet } from "mqtt-packet";
import { type GeneratorOptions, generatorMissing, type LoadResult, runGenerator } from "../../bench/load/generator.ts";
import { loadOrMakeCertificate } from "../../src/server/certificates.ts";
import { type Faults, type ForwardingOptions, startForwardingBroker } from "./forwarding-broker.ts";

const messages = 200;

/** The generator can be compiled without it, and then knows no TLS. */
const withoutOpenSsl = existsSync("/usr/include/openssl/ssl.h") ? false : "needs the headers of OpenSSL: libssl-dev";

describe("the load generator", { skip: generatorMissing() ?? false }, () => {
  test("finds nothing wrong with a broker that forwards every message once", async () => {
    const { sent, delivered, lost, duplicated, unacknowledged } = await load("p2p", {}, { publishers: 4 });
    assert.deepEqual(
      { sent, delivered, lost, duplicated, unacknowledged },
      { sent: messages, delivered: messages, lost: 0, duplicated: 0, unacknowledged: 0 },
    );
  });

  test("counts a message that never came", async () => {
    const { delivered, lost, duplicated } = await load("p2p", { lose: 77 }, { publishers: 4 });
    assert.deepEqual({ delivered, lost, duplicated }, { delivered: messages - 1, lost: 1, duplicated: 0 });
  });

  test("counts the last message of all as lost when nothing follows that would show the gap", async () => {
    const { delivered, lost } = await load("p2p", { lose: messages }, { publishers: 1 });
    assert.deepEqual({ delivered, lost }, { delivered: messages - 1, lost: 1 });
  });

  test("counts a message that came twice", async () => {
    const { delivered, lost, duplicated } = await load("fan-out", { repeat: 50 }, { subscribers: 4 });
    assert.deepEqual({ delivered, lost, duplicated }, { delivered: messages * 4, lost: 0, duplicated: 1 });
  });

  test("counts a message that came after its successor as a gap and a repetition", async () => {
    const { lost, duplicated } = await load("p2p", { delay: 33 }, { publishers: 1 });
    assert.deepEqual({ lost, duplicated }, { lost: 1, duplicated: 1 });
  });

  test("stops at an acknowledgement that nothing waits for", async () => {
    await assert.rejects(
      load("p2p", { misacknowledge: 10 }, { publishers: 1, qos: 1, window: 20 }),
      /packet type 4 for Packet Identifier 60000, which does not wait for it/,
    );
  });

  test("stops at a subscription that was refused", async () => {
    await assert.rejects(load("p2p", { subackCode: 0x80 }, { publishers: 1 }), /SUBACK with code 0x80/);
  });

  test("stops at a message that a connection did not ask for", async () => {
    await assert.rejects(load("p2p", { misroute: 5 }, { publishers: 2 }), /to a subscriber that did not ask for it/);
  });

  test("tells messages apart that are texts of a file, and puts the number of the stream in them and their topics", async () => {
    await inDirectory(async (directory) => {
      const payload = join(directory, "payload.json");
      writeFileSync(payload, '{"id":"pet-{n}","at":"2026-11-22T10:15:00.{mark}Z"}\n');
      const published: { readonly topic: string; readonly text: string }[] = [];
      const heard = (packet: Packet): void => {
        if (packet.cmd === "publish") published.push({ topic: packet.topic, text: packet.payload.toString() });
      };
      const options = { publishers: 4, payload, topic: "pets/pet-{n}/health" };
      const { delivered, lost, duplicated } = await load("p2p", { lose: 20, repeat: 50 }, options, { heard });
      assert.deepEqual({ delivered, lost, duplicated }, { delivered: messages - 1, lost: 1, duplicated: 1 });
      for (const { topic, text } of published) {
        const { id, at } = JSON.parse(text) as { id: string; at: string };
        assert.match(at, /^2026-11-22T10:15:00\.\d{36}Z$/);
        assert.equal(topic, `pets/${id}/health`);
      }
      assert.equal(new Set(published.map(({ text }) => text)).size, messages);
    });
  });

  test("publishes to many topics in turn that one subscriber has by a wildcard", async () => {
    const { delivered, lost } = await load("fan-in", {}, { publishers: 2, topics: 40, topic: "a/{n}/b" });
    assert.deepEqual({ delivered, lost }, { delivered: messages, lost: 0 });
  });

  test("says who it is", async () => {
    const users = new Set<string>();
    const heard = (packet: Packet): void => {
      if (packet.cmd === "connect") users.add(`${packet.username} ${packet.password}`);
    };
    const names = { "publisher-user": "device-{n}", "subscriber-user": "staff", password: "secret" };
    await load("p2p", {}, { publishers: 2, ...names }, { heard });
    assert.deepEqual([...users].sort(), ["device-000000 secret", "device-000001 secret", "staff secret"]);
  });

  test("says that a payload needs its mark", async () => {
    await inDirectory(async (directory) => {
      const payload = join(directory, "payload.json");
      writeFileSync(payload, "{}");
      await assert.rejects(load("p2p", {}, { payload }), /does not say \{mark\} exactly once/);
    });
  });

  test("speaks TLS, and believes nobody whom its authority does not know", { skip: withoutOpenSsl }, async () => {
    await inDirectory(async (directory) => {
      const { cert, key, caFile } = await loadOrMakeCertificate(directory, ["localhost"], Date.now());
      const pair = { cert, key };
      const big = { publishers: 4, size: 5_000, ca: caFile };
      const { delivered, lost, resumed } = await load("p2p", {}, big, { pair });
      assert.deepEqual({ delivered, lost, resumed }, { delivered: messages, lost: 0, resumed: 0 });
      const other = join(directory, "other");
      const { caFile: stranger } = await loadOrMakeCertificate(other, ["localhost"], Date.now());
      await assert.rejects(load("p2p", {}, { ca: stranger }, { pair }), /load: /);
    });
  });

  test("resumes a TLS session in every handshake but the first", { skip: withoutOpenSsl }, async () => {
    await inDirectory(async (directory) => {
      const { cert, key, caFile: ca } = await loadOrMakeCertificate(directory, ["localhost"], Date.now());
      const { clients, resumed } = await load("p2p", {}, { publishers: 5, ca, resume: 1 }, { pair: { cert, key } });
      assert.equal(resumed, clients - 1);
    });
  });

  test("says which option it does not know", async () => {
    await assert.rejects(runGenerator("p2p", { colour: 1 }), /no option --colour/);
  });
});

async function load(
  mode: string,
  faults: Faults,
  options: GeneratorOptions,
  more: ForwardingOptions = {},
): Promise<LoadResult> {
  const broker = await startForwardingBroker(faults, more);
  try {
    return await runGenerator(mode, { port: broker.port, messages, window: 40, quiet: 500, ...options });
  } finally {
    await broker.close();
  }
}

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "petstore-load-"));
  try {
    await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
