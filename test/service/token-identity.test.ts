import assert from "node:assert/strict";
import { once } from "node:events";
import { afterEach, describe, test } from "node:test";
import type { MqttClient } from "mqtt";
import { generate, type IAuthPacket } from "mqtt-packet";
import { hashPassword } from "../../src/server/password-hash.ts";
import { audience, issuer, keySet, makeKey, sign } from "../server/token-kit.ts";
import { type Begun, disconnected, IdentityStage } from "./identity-stage.ts";

const key = makeKey("one");
const config = `
listeners: [{ protocol: mqtt, port: 0 }]
identity:
  tokens:
    { keys: keys.json, algorithms: [ES256], issuer: "${issuer}", audience: ${audience}, clockToleranceSeconds: 0 }
access:
  - { allow: subscribe, topic: "orders/#", role: customer }
  - { allow: subscribe, topic: "mine/%u/#" }
`;

describe("a token in the place of a password", { timeout: 60_000 }, () => {
  let stage: IdentityStage;
  afterEach(() => stage.close());

  async function started(): Promise<void> {
    stage = new IdentityStage();
    stage.write("keys.json", keySet(key));
    stage.write(
      "accounts.yaml",
      `accounts: [{ name: carol, passwordHash: "${await hashPassword(Buffer.from("carol-secret"))}" }]\n`,
    );
    await stage.start(config);
  }

  const until = (secondsFromNow: number): number => Math.ceil(Date.now() / 1_000) + secondsFromNow;

  /** By the method JWT, so that the token can be renewed. */
  function byMethod(token: string): { properties: NonNullable<IAuthPacket["properties"]> } {
    const properties = { authenticationMethod: "JWT", authenticationData: Buffer.from(token) };
    return { properties };
  }

  function renew(client: MqttClient, token: string): void {
    const packet: IAuthPacket = { cmd: "auth", reasonCode: 0x19, ...byMethod(token) };
    client.stream.write(generate(packet, { protocolVersion: 5 }));
  }

  /** The Reason Code of the next AUTH. */
  async function auth(client: MqttClient): Promise<number | undefined> {
    for (;;) {
      const [packet] = await once(client as unknown as NodeJS.EventEmitter, "packetreceive");
      if (packet.cmd === "auth") return packet.reasonCode;
    }
  }

  test("opens what its name and roles may have, over 5.0 and 3.1.1, and accounts open with their passwords beside it", async () => {
    await started();
    const password = await sign(key, { roles: ["customer"] });
    for (const protocolVersion of [4, 5] as const) {
      const { client, reasonCode } = await stage.begin({ username: "alice", password, protocolVersion });
      assert.equal(reasonCode, 0);
      assert.equal(await granted(client, "orders/#"), 0);
      assert.equal(await granted(client, "mine/alice/#"), 0);
      assert.equal(await granted(client, "mine/bob/#"), protocolVersion === 5 ? 0x87 : 0x80);
    }
    const stranger = await sign(makeKey("one"), {});
    assert.equal((await stage.begin({ username: "alice", password: stranger })).reasonCode, 0x86);
    assert.equal((await stage.begin({ username: "alice", password: stranger, protocolVersion: 4 })).reasonCode, 4);
    assert.equal((await stage.begin({ username: "carol", password: "carol-secret" })).reasonCode, 0);
    assert.equal((await stage.begin({ username: "carol", password: "guessed" })).reasonCode, 0x86);
    assert.equal(
      (await stage.begin({ username: "carol", password: await sign(key, { sub: "carol" }) })).reasonCode,
      0x87,
    );
  });

  test("ends the connection when it ends, with 0x87", async () => {
    await started();
    const { client } = await stage.begin({ username: "alice", password: await sign(key, { exp: until(1) }) });
    const [code, reason] = await disconnected(client);
    assert.equal(code, 0x87);
    assert.match(reason, /expired/);
  });

  test("is renewed by AUTH on a connection of the method JWT, which then lasts as long as the new one", async () => {
    await started();
    const first = await stage.begin(byMethod(await sign(key, { exp: until(1) })));
    const second = await stage.begin({ ...byMethod(await sign(key, { exp: until(1) })), clientId: "not-renewed" });
    assert.deepEqual([first.reasonCode, second.reasonCode], [0, 0]);
    const answer = auth(first.client);
    renew(first.client, await sign(key, { exp: until(600) }));
    assert.equal(await answer, 0);
    // The other one's end has come, and this one's would have.
    await disconnected(second.client);
    assert.equal(await granted(first.client, "mine/alice/#"), 0);
  });

  for (const [what, token] of [
    ["one of somebody else", () => sign(key, { sub: "bob" })],
    ["one that is not signed by the issuer", () => sign(makeKey("one"))],
    ["none at all", async () => ""],
  ] as const) {
    test(`cannot be renewed by ${what}: the connection ends with 0x87`, async () => {
      await started();
      const { client } = await stage.begin(byMethod(await sign(key)));
      const end = disconnected(client);
      renew(client, await token());
      assert.equal((await end)[0], 0x87);
    });
  }

  test("is held to the keys in the file: others are in force a moment later, and what stands stays until its token ends", async () => {
    await started();
    const standing = await stage.begin(byMethod(await sign(key)));
    const next = makeKey("two");
    assert.equal((await begin(next)).reasonCode, 0x86);
    stage.write("keys.json", keySet(next));
    await stage.options.tokenKeysWatch?.look();
    assert.equal((await begin(next)).reasonCode, 0);
    assert.equal((await begin(key)).reasonCode, 0x86);
    assert.equal(await granted(standing.client, "mine/alice/#"), 0);
    stage.write("keys.json", "nonsense");
    await stage.options.tokenKeysWatch?.look();
    await stage.options.tokenKeysWatch?.look();
    const problems = stage.logged.filter((line) => line.startsWith("the token keys in force stay: "));
    assert.equal(problems.length, 1);
    assert.equal((await begin(next)).reasonCode, 0);
  });

  test("is held to other keys without being told: their file is watched", async () => {
    await started();
    const next = makeKey("two");
    stage.write("keys.json", keySet(next));
    const deadline = Date.now() + 20_000;
    let code: number | undefined;
    // Each attempt is a round trip; the watch says nothing that a test could wait for.
    while (code !== 0 && Date.now() < deadline) code = (await begin(next)).reasonCode;
    assert.equal(code, 0);
  });

  async function begin(signing: typeof key): Promise<Begun> {
    return await stage.begin({ username: "alice", password: await sign(signing), clientId: crypto.randomUUID() });
  }
});

function granted(client: MqttClient, topicFilter: string): Promise<unknown> {
  return new Promise((resolve) => {
    client.subscribe(topicFilter, (_error, _granted, packet) => {
      resolve((packet as { granted?: number[] } | undefined)?.granted?.[0]);
    });
  });
}
