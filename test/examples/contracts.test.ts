import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, afterEach, before, describe, test } from "node:test";
import { hashPassword } from "../../src/server/password-hash.ts";
import { killCommands, type Running, start } from "../cli/command.ts";
import { publishTo, settled, subscribeTo } from "../contract/running.ts";
import { closeClients, connect, type TestClient } from "../interop/mqttjs.ts";

const file = join(import.meta.dirname, "../../examples/contracts/trams.asyncapi.yaml");

describe("serve --contract trams.asyncapi.yaml: the broker of a town's trams", () => {
  let directory: string;
  let command: Running;
  let url: string;
  let webSocketUrl: string;
  let ca: Buffer;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-trams-"));
    mkdirSync(join(directory, "data"), { mode: 0o700 });
    writeFileSync(join(directory, "data/accounts.yaml"), await accounts(), { mode: 0o600 });
    const flags = ["--mqtts", "0", "--wss", "0", "--store", "memory", "--data", "data", "--log-level", "warn"];
    command = start(directory, "serve", "--contract", file, ...flags);
    [url = "", webSocketUrl = ""] = await command.ready;
    ca = readFileSync(join(directory, "data/tls/ca.crt"));
  });
  afterEach(closeClients);
  after(async () => {
    command.child.kill("SIGTERM");
    const { code } = await command.ended;
    killCommands();
    rmSync(directory, { recursive: true, force: true });
    assert.equal(code, 0);
  });

  function as(username: string, clientId: string): Promise<TestClient> {
    return connect(url, { ca, protocolVersion: 5, username, password: "rides", clientId });
  }

  test("its contract stands at the HTTPS door, as a document that needs no other file", async () => {
    const documentUrl = new URL("/asyncapi.json", webSocketUrl.replace("wss:", "https:"));
    const [response] = (await once(get(documentUrl, { ca }), "response")) as [IncomingMessage];
    const { info, "x-files": files } = JSON.parse(await text(response)) as Record<string, Record<string, unknown>>;
    assert.equal(info?.["title"], "Trams of a town");
    assert.deepEqual(Object.keys(files ?? {}), ["schemas/position.json"]);
  });

  test("a tram reports its own positions, alone and in batches, and nobody else's", async () => {
    const tram = await as("box", "2041");
    const control = await as("control", "room");
    assert.deepEqual(await subscribeTo(control, ["town/lines/+/trams/+/position"], 0), [0]);
    const topicName = "town/lines/7/trams/2041/position";
    assert.deepEqual(await say(tram, topicName, { at, point: [7.45, 46.95], speed: 30 }), [0x00, ""]);
    const tunnel = [
      { at, point: [7.45, 46.95] },
      { at, point: [7.46, 46.95] },
    ];
    assert.deepEqual(await say(tram, topicName, tunnel), [0x00, ""]);
    assert.equal((await control.receivedCount(2))[1]!.packet.properties?.messageExpiryInterval, 60);
    for (const [topic, payload, reasonCode, reason] of [
      ["town/lines/7/trams/2042/position", tunnel, 0x87, /only where \{tramId\} is its client id/],
      ["town/lines/8/trams/2041/position", tunnel, 0x90, /\{line\} must be one of 3, 7, 9/],
      ["lines/7/trams/2041/position", tunnel, 0x90, /is no topic of Trams of a town/],
      [
        topicName,
        [...tunnel, { at, point: [7.45, 99] }],
        0x99,
        /^payload\/2\/point\/1 must be <= 90 \(position\.json:/,
      ],
      [topicName, { at, point: [7.45, 46.95], colour: "red" }, 0x99, /unevaluated properties/],
      [topicName, { at, point: [7.45, 46.95], tramId: "2042" }, 0x99, /must be the \{tramId\} of the topic, 2041/],
    ] as const) {
      const [code, said] = await say(tram, topic, payload);
      assert.equal(code, reasonCode, `${topic} ${said}`);
      assert.match(said, reason);
    }
  });

  test("orders go to the tram by its number: neither it nor its driver may ask with a wildcard", async () => {
    const [tram, driver, control] = [await as("box", "2041"), await as("dora", "dora"), await as("control", "room")];
    const filters = ["town/lines/7/trams/2041/orders", "town/lines/7/trams/2042/orders", "town/lines/+/trams/+/orders"];
    assert.deepEqual(await subscribeTo(tram, filters, 1), [1, 0x87, 0x87]);
    assert.deepEqual(await subscribeTo(driver, filters, 1), [1, 0x87, 0x87]);
    const order = Buffer.from('{"kind":"WAIT","minutes":3}');
    await publishTo(control, filters[0]!, order, { qos: 0 });
    assert.deepEqual(await say(control, filters[0]!, { kind: "DETOUR", via: ["bear-park"] }), [0x00, ""]);
    const [message] = await tram.receivedCount(1);
    assert.equal(
      message?.payload,
      '{"kind":"DETOUR","via":["bear-park"]}',
      "QoS 0 is below what the contract asks for",
    );
    await driver.receivedCount(1);
    assert.equal((await say(control, filters[0]!, { kind: "WAIT", minutes: 31 }))[0], 0x99);
  });

  test("a driver follows all of the trams that are the driver's, by a claim", async () => {
    const driver = await as("dora", "dora");
    assert.deepEqual(await subscribeTo(driver, ["town/lines/+/trams/+/position"], 0), [0]);
    for (const number of ["2041", "2042", "2043"]) {
      const tram = await as("box", number);
      await say(tram, `town/lines/9/trams/${number}/position`, { at, point: [7.45, 46.95] });
    }
    await driver.receivedCount(2);
    await settled(driver);
    const numbers = driver.received.map(({ topic }) => topic.split("/")[4]);
    assert.deepEqual(numbers, ["2041", "2043"]);
  });

  test("those who wait see the departures at once, and hear texts in their language", async () => {
    const control = await as("control", "room");
    const departures = Buffer.from('{"stopId":"bear-park","next":[{"to":"Main station","inMinutes":2}]}');
    await publishTo(control, "town/lines/7/stops/bear-park/departures", departures, { qos: 1, retain: true });
    const passenger = await as("anybody", "phone");
    const filters = [
      "town/lines/7/stops/+/departures",
      "town/lines/+/announcements/fr",
      "town/lines/+/trams/+/position",
    ];
    assert.deepEqual(await subscribeTo(passenger, filters, 1), [1, 1, 0x87]);
    await publishTo(control, "town/lines/7/announcements/fr", Buffer.from("Attention à la marche"), { qos: 1 });
    const long = await publishTo(control, "town/lines/7/announcements/fr", Buffer.from("x".repeat(161)), { qos: 1 });
    assert.deepEqual([long.reasonCode, /160 characters/.test(long.reasonString ?? "")], [0x99, true]);
    assert.equal(
      (await publishTo(control, "town/lines/7/announcements/es", Buffer.from("Hola"), { qos: 1 })).reasonCode,
      0x90,
    );
    const received = await passenger.receivedCount(2);
    assert.deepEqual(
      received.map(({ payload }) => payload),
      [departures.toString(), "Attention à la marche"],
    );
  });

  test("a new rule is only observed: the door that speaks otherwise is heard", async () => {
    const [tram, control] = [await as("box", "2041"), await as("control", "room")];
    await subscribeTo(control, ["town/lines/7/trams/2041/doors/+"], 0);
    await say(tram, "town/lines/7/trams/2041/doors/2", { open: "yes" });
    assert.equal((await control.receivedCount(1))[0]?.payload, '{"open":"yes"}');
  });
});

const at = "2026-11-22T10:15:00Z";

/** Publishes at QoS 1; the Reason Code, without that nobody subscribed, and the Reason String. */
async function say(client: TestClient, topicName: string, payload: unknown): Promise<[number, string]> {
  const { reasonCode, reasonString } = await publishTo(client, topicName, Buffer.from(JSON.stringify(payload)), {
    qos: 1,
  });
  return [reasonCode < 0x80 ? 0x00 : reasonCode, reasonString ?? ""];
}

async function accounts(): Promise<string> {
  const passwordHash = await hashPassword("rides");
  const all = [
    { name: "box", roles: ["tram"] },
    { name: "dora", roles: ["driver"], claims: { trams: ["2041", "2043"] } },
    { name: "anybody", roles: ["passenger"] },
    { name: "control", roles: ["control"] },
  ];
  return JSON.stringify({ accounts: all.map((account) => ({ ...account, passwordHash })) });
}
