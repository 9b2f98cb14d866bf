import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { connectAsync } from "mqtt";
import { type Authenticate, createServer, ReasonCode } from "../../src/index.ts";

const authenticate: Authenticate = async ({ userName, password, clientId, peer }) => {
  assert.match(peer.remoteAddress, /127\.0\.0\.1|::1/);
  if (userName === "down") throw new Error("the directory is down");
  if (userName === "banned") return { reasonCode: ReasonCode.Banned, reason: `${clientId} is banned` };
  if (userName === undefined || password?.toString() !== "secret") return false;
  return { name: userName, roles: ["staff"] };
};

describe("an authentication hook", () => {
  test("lets in whom it names, and refuses the others with its Reason Code", async () => {
    const server = await createServer({ authenticate });
    const options = { protocolVersion: 5, reconnectPeriod: 0, clientId: "c" } as const;
    const client = await connectAsync(server.url, { ...options, username: "alice", password: "secret" });
    await client.endAsync();
    for (const [username, reasonCode] of [
      ["alice", ReasonCode.BadUserNameOrPassword],
      ["banned", ReasonCode.Banned],
      ["down", ReasonCode.ServerUnavailable],
    ] as const) {
      const refused = connectAsync(server.url, { ...options, username, password: "wrong" });
      await assert.rejects(refused, (error: { code?: number }) => error.code === reasonCode, username);
    }
    await server.close();
  });

  test("is not asked about clients inside the process, and offers no enhanced authentication", async () => {
    const server = await createServer({ authenticate: () => assert.fail("it was asked") });
    await server.connect({ principal: { name: "own" } });
    const properties = { authenticationMethod: "SCRAM-SHA-256" };
    const refused = connectAsync(server.url, { protocolVersion: 5, reconnectPeriod: 0, properties });
    await assert.rejects(refused, (error: { code?: number }) => error.code === ReasonCode.BadAuthenticationMethod);
    await server.close();
  });
});

test("an identity that is none is refused before anything is kept of it", async () => {
  const server = await createServer({ authenticate: ({ userName }) => ({ name: userName as string }) });
  const refused = connectAsync(server.url, { protocolVersion: 5, reconnectPeriod: 0, clean: false, clientId: "c" });
  await assert.rejects(refused, (error: { code?: number }) => error.code === ReasonCode.ServerUnavailable);
  const principal = { name: "a", roles: "staff" as unknown as string[] };
  await assert.rejects(server.connect({ principal }), /the roles of "a" are no list of texts/);
  await assert.rejects(server.publish({ topicName: "t" }, { principal }), TypeError);
  await server.close();
});

describe("a policy hook", () => {
  test("decides about each message and subscription; what is not true refuses", async () => {
    const server = await createServer({
      listeners: [],
      policy: {
        mayPublish: ({ name }, { topicName }) => topicName.startsWith(`${name}/`) || { reason: `not below ${name}/` },
        maySubscribe: () => undefined as unknown as boolean,
      },
    });
    const refused = once(server, "publishRefused");
    const client = await server.connect({ principal: { name: "alice" } });
    assert.equal(await client.publish({ topicName: "alice/t", qos: 1 }), ReasonCode.NoMatchingSubscribers);
    assert.equal(await client.publish({ topicName: "bob/t", qos: 1 }), ReasonCode.NotAuthorized);
    assert.equal((await refused)[0].reason, "not below alice/");
    await assert.rejects(client.subscribe("alice/#"), /The policy does not allow it/);
    await server.close();
  });

  test("that throws refuses, and the server goes on", async () => {
    const server = await createServer({
      listeners: [],
      policy: {
        mayPublish: () => {
          throw new Error("a bug of the program");
        },
      },
    });
    const client = await server.connect();
    await client.subscribe("t");
    assert.equal(await client.publish({ topicName: "t", qos: 1 }), ReasonCode.NotAuthorized);
    assert.equal(await server.publish({ topicName: "t", qos: 1 }), ReasonCode.Success);
    await server.close();
  });

  test("stands beside access rules: both must allow", async () => {
    const server = await createServer({
      listeners: [],
      access: [{ effect: "allow", verb: "all", topicFilter: "%u/#" }],
      policy: { mayPublish: (_, { topicName }) => topicName.endsWith("/open") },
    });
    const client = await server.connect({ principal: { name: "alice" } });
    const said = await Promise.all(
      ["alice/open", "alice/shut", "bob/open"].map((topicName) => client.publish({ topicName, qos: 1 })),
    );
    const { NoMatchingSubscribers, NotAuthorized } = ReasonCode;
    assert.deepEqual(said, [NoMatchingSubscribers, NotAuthorized, NotAuthorized]);
    await server.close();
  });
});

describe("options of createServer", () => {
  test("without authentication a listener stands on loopback only, unless anyone may come", async () => {
    const listeners = [{ protocol: "mqtt", host: "0.0.0.0", port: 0 }] as const;
    await assert.rejects(createServer({ listeners }), /a listener on 0\.0\.0\.0 and nobody who authenticates/);
    const server = await createServer({ listeners, authenticate: "anyone" });
    assert.match(server.url, /^mqtt:\/\/localhost:\d+$/);
    await server.close();
  });

  test("that cannot be are refused in a sentence", async () => {
    await assert.rejects(
      createServer({ limits: { inFlightMax: 0 } }),
      /inFlightMax is 0; it is a whole number from 1 to/,
    );
    await assert.rejects(createServer({ limits: { nothing: 1 } as object }), /limits\.nothing is not a limit/);
    await assert.rejects(createServer({ authenticate, accounts: "accounts.yaml" }), /exclude each other/);
  });
});
