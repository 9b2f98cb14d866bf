import assert from "node:assert/strict";
import { test } from "node:test";
import { hash } from "@node-rs/argon2";
import type { AuthenticationRequest, Verdict } from "../../src/broker/authentication.ts";
import { ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { type Account, Accounts } from "../../src/server/accounts.ts";
import { Attempts } from "../../src/server/attempts.ts";
import {
  type AuthenticationStep,
  createAccountAuthenticator,
  createAnonymousAuthenticator,
  noAuthenticationMethods,
} from "../../src/server/authentication.ts";
import type { Authenticator, Peer } from "../../src/server/options.ts";
import { PasswordChecks, waitingMax } from "../../src/server/password-checks.ts";
import { hashPassword } from "../../src/server/password-hash.ts";

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

const alice: Account = {
  name: "alice",
  roles: ["customer"],
  passwordHash: await hashPassword("right"),
  scramSha256: undefined,
};
const odd: Account = { ...alice, name: "__proto__", roles: [], passwordHash: await hashPassword("odd") };

interface Checked {
  readonly accounts: Accounts;
  readonly checks: PasswordChecks;
  readonly authenticator: Authenticator;
  readonly outdated: Account[];
  /** The Reason Code of a login, 0 when it was accepted. */
  login(name: string, password: string, remoteAddress?: string): Promise<number>;
  /** Time in ms, to be set. */
  clock: number;
}

function checked(...list: readonly Account[]): Checked {
  const accounts = new Accounts(list, undefined);
  const outdated: Account[] = [];
  const checks = new PasswordChecks({
    accounts,
    attempts: new Attempts(),
    now: () => parts.clock,
    outdated: (account) => outdated.push(account),
  });
  const authenticator = createAccountAuthenticator(checks, noAuthenticationMethods);
  const parts: Checked = {
    accounts,
    checks,
    authenticator,
    outdated,
    clock: 0,
    login: async (userName, password, remoteAddress = "192.0.2.1") => {
      const peer: Peer = { remoteAddress, protocol: "mqtts" };
      return codeOf(await authenticator.authenticate(request({ userName, password: bytes(password) }), peer));
    },
  };
  return parts;
}

function codeOf(verdict: Verdict): number {
  return verdict.kind === "refuse" ? verdict.reasonCode : 0;
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}

test("a password is kept as argon2id with its own salt", async () => {
  const [one, two] = await Promise.all([hashPassword("same"), hashPassword("same")]);
  assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  assert.notEqual(one, two);
});

test("the right password is accepted, with the account's roles and the Client Identifier", async () => {
  const { authenticator } = checked(alice);
  const verdict = authenticator.authenticate(request({ userName: "alice", password: bytes("right") }), somewhere);
  assert.deepEqual(await verdict, {
    kind: "accept",
    principal: { tenant: 0, name: "alice", roles: ["customer"], clientId: "c1", claims: undefined },
    authenticationData: undefined,
  });
});

for (const [what, values] of [
  ["a wrong password", { userName: "alice", password: bytes("wrong") }],
  ["an empty password", { userName: "alice", password: bytes("") }],
  ["a password that is no UTF-8", { userName: "alice", password: new Uint8Array([0xff, 0x00, 0xfe]) }],
  ["an unknown user", { userName: "bob", password: bytes("right") }],
  ["a user name longer than any account's", { userName: "b".repeat(65_000), password: bytes("right") }],
  ["a name of Object.prototype", { userName: "toString", password: bytes("right") }],
] as const) {
  test(`${what} is refused with 0x86, in the same words`, async () => {
    assert.deepEqual(await checked(alice).authenticator.authenticate(request(values), somewhere), {
      kind: "refuse",
      reasonCode: 0x86,
      reasonString: "Unknown user name or wrong password",
      serverReference: undefined,
    });
  });
}

test("no user name or no password is refused with 0x87", async () => {
  const { authenticator } = checked(alice);
  for (const values of [{}, { userName: "alice" }, { password: bytes("right") }]) {
    assert.equal(codeOf(await authenticator.authenticate(request(values), somewhere)), 0x87);
  }
});

test("an account may have a name that is special to JavaScript", async () => {
  assert.equal(await checked(odd).login("__proto__", "odd"), 0);
});

test("an unknown user takes as long as a wrong password", async () => {
  const { checks } = checked(alice);
  await checks.check("carol", bytes("warm up"), "192.0.2.1");
  let unknownFastest = Number.POSITIVE_INFINITY;
  let wrongFastest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 4; round += 1) {
    const guess = bytes(`guess ${round}`);
    const address = `192.0.2.${round + 2}`;
    unknownFastest = Math.min(unknownFastest, await milliseconds(() => checks.check("bob", guess, address)));
    wrongFastest = Math.min(wrongFastest, await milliseconds(() => checks.check("alice", guess, address)));
  }
  // Without the work of a hash it would be some thousand times faster.
  assert.ok(unknownFastest > wrongFastest / 3, `${unknownFastest} ms and ${wrongFastest} ms`);
});

test("two accounts of one name are a mistake", () => {
  assert.throws(() => new Accounts([alice, alice], undefined), /same name/);
});

test("a password that was right is not hashed again, until its account changes or an hour has gone by", async () => {
  const fleet = checked(alice);
  const hashed = await milliseconds(() => fleet.login("alice", "right"));
  const again = async (): Promise<number> => {
    let fastest = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 5; round += 1) {
      fastest = Math.min(fastest, await milliseconds(() => fleet.login("alice", "right")));
    }
    return fastest;
  };
  assert.ok((await again()) < hashed / 4);
  fleet.accounts.replace([{ ...alice, passwordHash: await hashPassword("other") }], undefined);
  assert.equal(await fleet.login("alice", "right"), 0x86);
  fleet.accounts.replace([alice], undefined);
  fleet.checks.accountsChanged();
  assert.equal(await fleet.login("alice", "right"), 0);
  fleet.clock += 3_600_000;
  const after = await milliseconds(() => fleet.login("alice", "right"));
  assert.ok(after > (await again()) * 4, "an hour later it is hashed again");
});

test("a fleet that comes at once with one account and one password is hashed once", async () => {
  const fleet = checked(alice);
  const one = await milliseconds(() => checked(alice).login("alice", "right"));
  const all = await milliseconds(async () => {
    const codes = await Promise.all(Array.from({ length: 1_000 }, () => fleet.login("alice", "right")));
    assert.ok(codes.every((code) => code === 0));
  });
  assert.ok(all < one * 200, `${one} ms for one, ${all} ms for a thousand`);
});

test("the sixth wrong password in a row is not checked but refused with 0x9F, and a second later it may be", async () => {
  const guesser = checked(alice);
  for (let guess = 0; guess < 5; guess += 1) assert.equal(await guesser.login("alice", `guess ${guess}`), 0x86);
  assert.equal(await guesser.login("alice", "guess 5"), 0x86);
  assert.equal(await guesser.login("alice", "right"), 0x9f, "not even the right one");
  guesser.clock += 1_000;
  assert.equal(await guesser.login("alice", "right"), 0);
});

test("guesses under way together do not pass the limit", async () => {
  const guesser = checked(alice);
  const codes = await Promise.all(Array.from({ length: 50 }, (_, guess) => guesser.login("alice", `guess ${guess}`)));
  const wrong = codes.filter((code) => code === 0x86).length;
  // Those being hashed when the last free one failed.
  assert.ok(wrong >= 6 && wrong <= 8, `${wrong} were checked`);
  assert.ok(codes.every((code) => code === 0x86 || code === 0x9f));
});

test("who comes with a remembered password is not slowed by a guesser, not even behind the same address", async () => {
  const shared = checked(alice);
  assert.equal(await shared.login("alice", "right"), 0);
  for (let guess = 0; guess < 10; guess += 1) await shared.login("alice", `guess ${guess}`);
  assert.equal(await shared.login("alice", "another guess"), 0x9f);
  assert.equal(await shared.login("alice", "right"), 0);
});

test("a device that repeats one wrong password locks nobody out: it is one guess", async () => {
  const fleet = checked(alice);
  for (let attempt = 0; attempt < 50; attempt += 1) assert.equal(await fleet.login("alice", "old one"), 0x86);
  assert.equal(await fleet.login("alice", "right"), 0);
});

test("a password that was wrong is looked at again when the accounts are others", async () => {
  const fleet = checked();
  assert.equal(await fleet.login("alice", "right"), 0x86);
  fleet.accounts.replace([alice], undefined);
  fleet.checks.accountsChanged();
  assert.equal(await fleet.login("alice", "right"), 0);
});

test("a login that was under way when its password changed is refused with 0x89", async () => {
  const fleet = checked(alice);
  const underWay = fleet.login("alice", "right");
  fleet.accounts.replace([{ ...alice, passwordHash: odd.passwordHash }], undefined);
  assert.equal(await underWay, 0x89);
});

test("a login that was under way when its roles changed has the new ones", async () => {
  const fleet = checked(alice);
  const underWay = fleet.checks.check("alice", bytes("right"), "192.0.2.1");
  fleet.accounts.replace([{ ...alice, roles: ["staff"] }], undefined);
  const answer = await underWay;
  assert.deepEqual(answer.kind === "right" && answer.account.roles, ["staff"]);
});

test("a hash of other parameters is good, and told to be out of date once its password was right", async () => {
  const old = { ...alice, passwordHash: await hash("right", { memoryCost: 8_192, timeCost: 1, parallelism: 1 }) };
  const fleet = checked(old, odd);
  assert.equal(await fleet.login("alice", "wrong"), 0x86);
  assert.equal(await fleet.login("__proto__", "odd"), 0);
  assert.deepEqual(fleet.outdated, []);
  assert.equal(await fleet.login("alice", "right"), 0);
  assert.deepEqual(fleet.outdated, [old]);
});

test("when too many passwords wait, the next is refused with 0x89 and later ones are checked again", async () => {
  const busy = checked(alice);
  const codes = await Promise.all(
    Array.from({ length: waitingMax + 20 }, (_, index) => busy.login(`user ${index}`, "x", `10.0.${index}.1`)),
  );
  assert.ok(codes.filter((code) => code === 0x86).length >= waitingMax);
  assert.ok(codes.includes(0x89));
  assert.equal(await busy.login("alice", "right"), 0);
});

test("of replaced accounts those are named that are gone, have another password, or have other roles or claims", async () => {
  const named = (name: string, values: Partial<Account> = {}): Account => ({ ...alice, name, ...values });
  const accounts = new Accounts(
    ["same", "gone", "password", "roles", "claims", "both"].map((name) => named(name)),
    undefined,
  );
  const same = accounts.find("same");
  const other = { passwordHash: odd.passwordHash };
  const { revoked, regrouped } = accounts.replace(
    [
      named("same"),
      named("password", other),
      named("roles", { roles: ["staff"] }),
      named("claims", { claims: new Map([["orders", ["42"]]]) }),
      named("both", { ...other, roles: [] }),
      named("new"),
    ],
    undefined,
  );
  assert.deepEqual([...revoked].sort(), ["both", "gone", "password"]);
  assert.deepEqual([...regrouped], ["roles", "claims"]);
  assert.equal(accounts.find("same"), same);
  assert.equal(accounts.size, 6);
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
  for (const authenticator of [createAnonymousAuthenticator(noAuthenticationMethods), checked(alice).authenticator]) {
    const verdict = await authenticator.authenticate(request({ authenticationMethod: "SCRAM-SHA-1" }), somewhere);
    assert.equal(codeOf(verdict), 0x8c);
  }
});

test("a method that is offered is asked step by step, and names the connection", async () => {
  const seen: string[] = [];
  const step: AuthenticationStep = async ({ step, clientId, authenticationData }, connection) => {
    seen.push(`${step} ${connection.remoteAddress}`);
    if (authenticationData === undefined) return { kind: "continue", authenticationData: bytes("who?") };
    return { kind: "accept", principal: { tenant: 0, name: "m", roles: [], clientId }, authenticationData: undefined };
  };
  const authenticator = createAccountAuthenticator(checked(alice).checks, new Map([["ask", step]]));
  const connection: Peer = { remoteAddress: "192.0.2.9", protocol: "mqtts" };
  const first = await authenticator.authenticate(request({ authenticationMethod: "ask" }), connection);
  assert.equal(first.kind, "continue");
  const answer = request({ step: "continue", authenticationMethod: "ask", authenticationData: bytes("me") });
  assert.equal((await authenticator.authenticate(answer, connection)).kind, "accept");
  assert.deepEqual(seen, ["connect 192.0.2.9", "continue 192.0.2.9"]);
  const other = await authenticator.authenticate(request({ authenticationMethod: "tell" }), connection);
  assert.equal(other.kind === "refuse" && other.reasonString, "Unknown Authentication Method; offered: ask");
});
