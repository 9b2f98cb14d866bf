import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuthenticationRequest, Verdict } from "../../src/broker/authentication.ts";
import { ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { type Accounts, createAccounts, hashPassword } from "../../src/server/accounts.ts";
import {
  type AuthenticationStep,
  createAccountAuthenticator,
  createAnonymousAuthenticator,
  noAuthenticationMethods,
} from "../../src/server/authentication.ts";
import type { Peer } from "../../src/server/options.ts";

const somewhere: Peer = { remoteAddress: "127.0.0.1", protocol: "mqtts" };

const bytes = (text: string): Uint8Array => Buffer.from(text);

function request(values: Partial<AuthenticationRequest>): AuthenticationRequest {
  return {
    step: "connect",
    protocolVersion: ProtocolVersion.V5,
    clientId: "c1",
    userName: undefined,
    password: undefined,
    authenticationMethod: undefined,
    authenticationData: undefined,
    ...values,
  };
}

const accounts = createAccounts([
  { name: "alice", roles: ["customer"], passwordHash: await hashPassword("right") },
  { name: "__proto__", roles: [], passwordHash: await hashPassword("odd") },
]);

async function login(values: Partial<AuthenticationRequest>): Promise<Verdict> {
  const authenticator = createAccountAuthenticator(await accounts, noAuthenticationMethods);
  return await authenticator.authenticate(request(values), somewhere);
}

test("a password is kept as argon2id with its own salt", async () => {
  const [one, two] = await Promise.all([hashPassword("same"), hashPassword("same")]);
  assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  assert.notEqual(one, two);
});

test("the right password is accepted, with the account's roles and the Client Identifier", async () => {
  assert.deepEqual(await login({ userName: "alice", password: bytes("right") }), {
    kind: "accept",
    principal: { tenant: 0, name: "alice", roles: ["customer"], clientId: "c1" },
    authenticationData: undefined,
  });
});

for (const [what, values] of [
  ["a wrong password", { userName: "alice", password: bytes("wrong") }],
  ["an empty password", { userName: "alice", password: bytes("") }],
  ["an unknown user", { userName: "bob", password: bytes("right") }],
  ["a name of Object.prototype", { userName: "toString", password: bytes("right") }],
] as const) {
  test(`${what} is refused with 0x86, in the same words`, async () => {
    assert.deepEqual(await login(values), {
      kind: "refuse",
      reasonCode: 0x86,
      reasonString: "Unknown user name or wrong password",
      serverReference: undefined,
    });
  });
}

test("no user name or no password is refused with 0x87", async () => {
  for (const values of [{}, { userName: "alice" }, { password: bytes("right") }]) {
    const verdict = await login(values);
    assert.equal(verdict.kind === "refuse" && verdict.reasonCode, 0x87);
  }
});

test("an account may have a name that is special to JavaScript", async () => {
  const verdict = await login({ userName: "__proto__", password: bytes("odd") });
  assert.equal(verdict.kind, "accept");
});

test("a password is bytes: what is no UTF-8 is checked and refused, not thrown", async () => {
  const verdict = await login({ userName: "alice", password: new Uint8Array([0xff, 0x00, 0xfe]) });
  assert.equal(verdict.kind, "refuse");
});

test("an unknown user takes as long as a wrong password", async () => {
  const known = await accounts;
  const milliseconds = async (name: string): Promise<number> => {
    const before = performance.now();
    await known.verify(name, bytes("wrong"));
    return performance.now() - before;
  };
  let unknownFastest = Number.POSITIVE_INFINITY;
  let wrongFastest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round += 1) {
    unknownFastest = Math.min(unknownFastest, await milliseconds("bob"));
    wrongFastest = Math.min(wrongFastest, await milliseconds("alice"));
  }
  // Without the work of a hash it would be some thousand times faster.
  assert.ok(unknownFastest > wrongFastest / 3, `${unknownFastest} ms and ${wrongFastest} ms`);
});

test("two accounts of one name are a mistake", async () => {
  const account = { name: "twin", roles: [], passwordHash: "" };
  await assert.rejects(createAccounts([account, account]), /same name/);
});

test("when too many passwords wait, the next is refused with 0x89 and later ones are checked again", async () => {
  const waiting: (() => void)[] = [];
  const slow: Accounts = { size: 1, verify: () => new Promise((resolve) => waiting.push(() => resolve(undefined))) };
  const authenticator = createAccountAuthenticator(slow, noAuthenticationMethods);
  const ask = (): Promise<Verdict> =>
    authenticator.authenticate(request({ userName: "a", password: bytes("b") }), somewhere);
  const codeOf = (verdict: Verdict): number => (verdict.kind === "refuse" ? verdict.reasonCode : 0);
  const first = Array.from({ length: 1_000 }, ask);
  assert.equal(codeOf(await ask()), 0x89);
  for (const resolve of waiting.splice(0)) resolve();
  assert.ok((await Promise.all(first)).every((verdict) => codeOf(verdict) === 0x86));
  const next = ask();
  for (const resolve of waiting.splice(0)) resolve();
  assert.equal(codeOf(await next), 0x86);
});

test("anonymous is nobody: what a Client says of itself is not believed", async () => {
  const authenticator = createAnonymousAuthenticator(noAuthenticationMethods);
  const verdict = await authenticator.authenticate(request({ userName: "admin", password: bytes("x") }), somewhere);
  assert.deepEqual(verdict, {
    kind: "accept",
    principal: { tenant: 0, name: "", roles: [], clientId: "c1" },
    authenticationData: undefined,
  });
});

test("an Authentication Method that is not offered is refused with 0x8C [MQTT-4.12.0-1]", async () => {
  for (const authenticator of [
    createAnonymousAuthenticator(noAuthenticationMethods),
    createAccountAuthenticator(await accounts, noAuthenticationMethods),
  ]) {
    const verdict = await authenticator.authenticate(request({ authenticationMethod: "SCRAM-SHA-1" }), somewhere);
    assert.equal(verdict.kind === "refuse" && verdict.reasonCode, 0x8c);
  }
});

test("a method that is offered is asked step by step, and names the connection", async () => {
  const seen: string[] = [];
  const step: AuthenticationStep = async ({ step, clientId, authenticationData }, connection) => {
    seen.push(`${step} ${connection.remoteAddress}`);
    if (authenticationData === undefined) return { kind: "continue", authenticationData: bytes("who?") };
    return { kind: "accept", principal: { tenant: 0, name: "m", roles: [], clientId }, authenticationData: undefined };
  };
  const authenticator = createAccountAuthenticator(await accounts, new Map([["ask", step]]));
  const connection: Peer = { remoteAddress: "192.0.2.9", protocol: "mqtts" };
  const first = await authenticator.authenticate(request({ authenticationMethod: "ask" }), connection);
  assert.equal(first.kind, "continue");
  const answer = request({ step: "continue", authenticationMethod: "ask", authenticationData: bytes("me") });
  assert.equal((await authenticator.authenticate(answer, connection)).kind, "accept");
  assert.deepEqual(seen, ["connect 192.0.2.9", "continue 192.0.2.9"]);
  const other = await authenticator.authenticate(request({ authenticationMethod: "tell" }), connection);
  assert.equal(other.kind === "refuse" && other.reasonString, "Unknown Authentication Method; offered: ask");
});
