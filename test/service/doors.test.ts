import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { pino } from "pino";
import { type Config, emptyConfig, type ListenerConfig } from "../../src/server/config.ts";
import { checkOpen, listenersOf, warnAbout, withCertificates } from "../../src/service/doors.ts";
import type { ServeFlags } from "../../src/service/flags.ts";
import { makeClientCertificates } from "../net/client-certificates.ts";

const noFlags: ServeFlags = {
  config: undefined,
  data: undefined,
  store: undefined,
  mqtts: undefined,
  mqtt: undefined,
  wss: undefined,
  ws: undefined,
  bind: undefined,
  contract: undefined,
  contractView: undefined,
  demo: false,
  open: false,
  logLevel: undefined,
};

function doors(flags: Partial<ServeFlags>, config: Partial<Config> = {}): string[] {
  return listenersOf({ ...noFlags, ...flags }, { ...emptyConfig, ...config }).map(
    ({ protocol, host, port }) => `${protocol}://${host}:${port}`,
  );
}

function door(protocol: ListenerConfig["protocol"], more: Partial<ListenerConfig> = {}): ListenerConfig {
  return { protocol, host: "localhost", port: 1, tls: undefined, place: "", ...more };
}

describe("the doors that are opened", () => {
  for (const [what, flags, expected] of [
    ["nothing", {}, ["mqtts://localhost:8883", "wss://localhost:8443"]],
    ["--demo", { demo: true }, ["mqtts://localhost:8883", "wss://localhost:8443"]],
    ["--open", { open: true }, ["mqtt://localhost:1883", "ws://localhost:8083"]],
    ["--mqtts, which leaves wss shut", { mqtts: 0 }, ["mqtts://localhost:0"]],
    ["--wss, which leaves mqtts shut", { wss: 0 }, ["wss://localhost:0"]],
    ["both", { mqtts: 1, wss: 2 }, ["mqtts://localhost:1", "wss://localhost:2"]],
    [
      "--mqtt and --ws, which are opened too",
      { mqtt: 1, ws: 2 },
      ["mqtts://localhost:8883", "wss://localhost:8443", "mqtt://localhost:1", "ws://localhost:2"],
    ],
    ["--open --ws, which leaves mqtt shut", { open: true, ws: 0 }, ["ws://localhost:0"]],
    ["--bind", { bind: "::" }, ["mqtts://:::8883", "wss://:::8443"]],
  ] as const) {
    test(`with ${what}`, () => assert.deepEqual(doors(flags), expected));
  }

  test("are those of the file, and a port flag replaces those of its protocol", () => {
    const listeners = [door("mqtts", { host: "::1" }), door("ws")];
    assert.deepEqual(doors({}, { listeners }), ["mqtts://::1:1", "ws://localhost:1"]);
    assert.deepEqual(doors({ mqtts: 2 }, { listeners }), ["ws://localhost:1", "mqtts://::1:2"]);
    assert.deepEqual(doors({ wss: 2 }, { listeners }), ["mqtts://::1:1", "ws://localhost:1", "wss://localhost:2"]);
    assert.deepEqual(doors({}, { listeners: [] }), []);
  });
});

describe("--open", () => {
  for (const [what, flags, listeners, expected] of [
    ["--mqtts", { mqtts: 0 }, [], /leave --mqtts out/],
    ["--wss", { wss: 0 }, [], /leave --wss out/],
    ["a wss listener", {}, [door("wss", { place: "b.yaml:1:2" })], /b\.yaml:1:2: .*or the wss listener out/],
    ["a ws listener for others", {}, [door("ws", { host: "0.0.0.0" })], /loopback only/],
  ] as const) {
    test(`does not go together with ${what}`, () => {
      assert.throws(() => checkOpen({ ...noFlags, open: true, ...flags }, listeners), expected);
    });
  }

  test("takes plain doors on loopback", () => {
    checkOpen({ ...noFlags, open: true }, [door("mqtt"), door("ws", { host: "127.0.0.1" })]);
  });
});

test("a plain door for others is warned about, a secure one is not", () => {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line).msg) });
  const host = "0.0.0.0";
  warnAbout(noFlags, [door("mqtts", { host }), door("wss", { host }), door("ws", { host }), door("mqtt")], log);
  assert.deepEqual(lines, ["passwords sent to the ws listener on 0.0.0.0 can be read on the way; use wss"]);
});

describe("the certificates of doors", () => {
  const log = pino({ level: "silent" });
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-doors-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test("are our own, one for all, where none is given, and plain ones have none", async () => {
    const settings = { minVersion: "TLSv1.3" } as const;
    const given = [door("mqtts"), door("wss", { tls: settings, path: "/broker" }), door("ws")];
    const { listeners, caFile } = await withCertificates(given, [], directory, true, log);
    const [mqtts, wss, ws] = listeners;
    assert.match(mqtts?.tls?.cert ?? "", /BEGIN CERTIFICATE/);
    assert.equal(wss?.tls?.cert, mqtts?.tls?.cert);
    assert.equal(wss?.tls?.minVersion, "TLSv1.3");
    assert.equal(wss?.path, "/broker");
    assert.equal(ws?.tls, undefined);
    assert.equal(ws?.loopbackOriginsOnly, true);
    assert.equal(caFile, join(directory, "tls/ca.crt"));
  });

  test("come with the authorities of client certificates, which must be some", async () => {
    const file = join(directory, "clients.crt");
    const { ca, client } = makeClientCertificates();
    const tls = { clientCertificate: "required", ca: file } as const;
    const load = () => withCertificates([door("mqtts", { tls })], [], directory, false, log);
    await assert.rejects(load(), { message: `${file} does not exist: check tls.ca of the listener` });
    for (const wrong of ["", "no certificate", client.cert]) {
      writeFileSync(file, wrong);
      await assert.rejects(load(), {
        message: `${file} is not a file of certificates in PEM: check tls.ca of the listener`,
      });
    }
    writeFileSync(file, ca);
    const { listeners } = await load();
    assert.equal(listeners[0]?.tls?.ca, ca);
    assert.equal(listeners[0]?.tls?.clientCertificate, "required");
  });
});
