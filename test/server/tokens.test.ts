import assert from "node:assert/strict";
import { createHmac, createPublicKey } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import type { AuthenticationRequest, Verdict } from "../../src/broker/authentication.ts";
import { Accounts } from "../../src/server/accounts.ts";
import { loadTokenKeys } from "../../src/server/token-keys.ts";
import { isToken, type TokenAlgorithm, type TokenSettings, tokenAlgorithms } from "../../src/server/token-settings.ts";
import { TokenChecks, tokenBytesMax } from "../../src/server/tokens.ts";
import { audience, issuer, keySet, makeKey, type SigningKey, sign, soundClaims } from "./token-kit.ts";

const key = makeKey("one");
const directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-tokens-"));
const file = join(directory, "keys.json");
after(() => rmSync(directory, { recursive: true }));

const defaults = { clockToleranceSeconds: 30, nameClaim: "sub", rolesClaim: "roles", claims: ["orders", "pets"] };

async function checksOf(text: string, replaced: Partial<TokenSettings> = {}, accounts = new Accounts([], undefined)) {
  writeFileSync(file, text);
  const algorithms: readonly TokenAlgorithm[] = ["ES256"];
  const settings: TokenSettings = { keys: file, algorithms, issuer, audience, ...defaults, ...replaced };
  const keys = await loadTokenKeys(file, settings.algorithms);
  return new TokenChecks({ settings, keys, accounts, now: Date.now });
}

function request(userName?: string): AuthenticationRequest {
  return {
    step: "connect",
    protocolVersion: 5,
    clientId: "c1",
    userName,
    password: undefined,
    authenticationMethod: undefined,
    authenticationData: undefined,
  };
}

/** What one hears: the Reason Code and sentence of a refusal, or who it is. */
async function hear(checks: TokenChecks, token: string, userName?: string): Promise<unknown> {
  const verdict = await checks.check(Buffer.from(token), request(userName));
  if (verdict.kind === "refuse") return [verdict.reasonCode, verdict.reasonString];
  assert.ok(verdict.kind === "accept");
  return verdict.principal;
}

function codeOf(verdict: Verdict): number {
  return verdict.kind === "refuse" ? verdict.reasonCode : 0;
}

describe("a token", () => {
  let checks: TokenChecks;
  before(async () => {
    checks = await checksOf(keySet(key));
  });

  test("that is signed, for this server and not over says who it is, its roles and the claims that are wanted", async () => {
    const token = await sign(key, {
      roles: ["customer", "customer", "not a role", 7],
      orders: ["abc123", 42],
      pets: "milo",
      "certificate.CN": ["forged"],
      other: ["unasked"],
    });
    assert.deepEqual(await hear(checks, token), {
      tenant: 0,
      name: "alice",
      roles: ["customer", "7"],
      clientId: "c1",
      claims: new Map([
        ["orders", ["abc123", "42"]],
        ["pets", ["milo"]],
      ]),
    });
  });

  for (const [what, rolesClaim, claims] of [
    ["words with spaces", "scope", { scope: "staff customer" }],
    ["a list inside of another claim", "realm_access.roles", { realm_access: { roles: ["staff", "customer"] } }],
    ["a claim with dots in its name", "https://x.example/roles", { "https://x.example/roles": ["staff", "customer"] }],
  ] as const) {
    test(`has its roles in ${what}, if so configured`, async () => {
      const others = await checksOf(keySet(key), { rolesClaim });
      const principal = (await hear(others, await sign(key, claims))) as { roles: unknown };
      assert.deepEqual(principal.roles, ["staff", "customer"]);
    });
  }

  const seconds = Math.floor(Date.now() / 1_000);
  const unsigned = [0x86, "The token is not signed with a key of this server"];
  for (const [what, claims, expected] of [
    ["that is over", { exp: seconds - 60 }, [0x87, "The token has expired"]],
    ["without an end", { exp: undefined }, [0x87, "The token is not for this server: exp does not hold"]],
    ["that is not good yet", { nbf: seconds + 600 }, [0x87, "The token is not for this server: nbf does not hold"]],
    ["of another issuer", { iss: "https://e.example" }, [0x87, "The token is not for this server: iss does not hold"]],
    ["for somebody else", { aud: ["a", "b"] }, [0x87, "The token is not for this server: aud does not hold"]],
    ["without an audience", { aud: undefined }, [0x87, "The token is not for this server: aud does not hold"]],
    ["without a name", { sub: undefined }, [0x87, "The token is not for this server: sub does not hold"]],
    ["whose name is a pattern", { sub: "a/#" }, [0x87, /^sub of the token is no name here: /]],
    ["whose end is no number", { exp: "never" }, [0x87, /exp/]],
  ] as const) {
    test(`${what} is refused, and says why: its sender has it from the issuer`, async () => {
      const [code, sentence] = (await hear(checks, await sign(key, claims as Record<string, unknown>))) as [
        number,
        string,
      ];
      assert.equal(code, expected[0]);
      if (typeof expected[1] === "string") assert.equal(sentence, expected[1]);
      else assert.match(sentence, expected[1]);
    });
  }

  test("is good as long as clocks may be wrong beyond its end, and so is its connection", async () => {
    const verdict = await checks.check(Buffer.from(await sign(key, { exp: seconds - 10 })), request());
    assert.ok(verdict.kind === "accept");
    assert.ok(
      verdict.validMilliseconds! > 0 && verdict.validMilliseconds! <= 20_000,
      String(verdict.validMilliseconds),
    );
  });

  test("ends its connection at its own end", async () => {
    const verdict = await checks.check(Buffer.from(await sign(key, { exp: seconds + 600 })), request());
    assert.ok(verdict.kind === "accept");
    assert.ok(Math.abs(verdict.validMilliseconds! - 630_000) < 60_000);
  });

  for (const [what, token] of [
    ["of another key with the same name", () => sign(makeKey("one"))],
    ["of a key that nobody knows", () => sign(makeKey("two"))],
    [
      "that was changed behind its signature",
      async () => changed(await sign(key, { roles: ["customer"] }), { roles: ["admin"] }),
    ],
    ["that says it needs no signature", async () => `${part({ alg: "none", kid: "one" })}.${part(soundClaims())}.AAAA`],
    ["that is signed with the public key as a secret (HS256)", async () => withSecret("HS256")],
    ["of an algorithm that is not configured", () => sign(makeKey("one", "RS256"))],
    [
      "with an extension that must be known",
      async () => `${part({ alg: "ES256", kid: "one", crit: ["x"], x: 1 })}.${part(soundClaims())}.AAAA`,
    ],
  ] as const) {
    test(`${what} is refused with 0x86, in words that tell nothing`, async () => {
      assert.deepEqual(await hear(checks, await token()), unsigned);
    });
  }

  test("is for whoever gives no user name, or the one in it", async () => {
    const token = await sign(key);
    for (const name of [undefined, "", "alice"]) {
      assert.equal(((await hear(checks, token, name)) as { name: string }).name, "alice");
    }
    assert.deepEqual(await hear(checks, token, "bob"), [0x86, "The user name is not the one in the token"]);
  });

  test("does not open the name of an account", async () => {
    const alice = { name: "alice", roles: [], passwordHash: "", scramSha256: undefined };
    const others = await checksOf(keySet(key), {}, new Accounts([alice], undefined));
    assert.deepEqual(await hear(others, await sign(key)), [
      0x87,
      "There is an account of this name; its password is needed",
    ]);
  });

  test("that is longer than a token may be is not even looked at", async () => {
    const token = await sign(key, { orders: ["x".repeat(tokenBytesMax)] });
    assert.equal(codeOf(await checks.check(Buffer.from(token), request())), 0x86);
  });

  test("of many at once waits for nothing without end: what is too much is told to come later", async () => {
    const token = Buffer.from(await sign(key));
    const verdicts = await Promise.all(Array.from({ length: 250 }, () => checks.check(token, request())));
    const codes = verdicts.map(codeOf);
    assert.equal(codes.filter((code) => code === 0x89).length, 50);
    assert.equal(codes.filter((code) => code === 0).length, 200);
    assert.equal(codeOf(await checks.check(token, request())), 0);
  });

  test("of garbage is refused, whatever it is, and is never an error of the server", async () => {
    const base64 = fc.oneof(fc.json(), fc.string()).map((text) => Buffer.from(text).toString("base64url"));
    const header = fc.record({
      alg: fc.constantFrom("ES256", "none", "HS256", "RS256", "toString", 7, null),
      kid: fc.constantFrom("one", "two", undefined, {}, 7),
      b64: fc.constantFrom(undefined, false, true),
      crit: fc.constantFrom(undefined, [], ["b64"], "b64"),
    });
    const token = fc.tuple(fc.oneof(header.map(part), base64), base64, base64).map((parts) => parts.join("."));
    await fc.assert(
      fc.asyncProperty(fc.oneof(token, fc.string()), async (text) => {
        assert.equal(codeOf(await checks.check(Buffer.from(text), request())), 0x86);
      }),
      { numRuns: 300 },
    );
  });
});

describe("the keys of tokens", () => {
  for (const algorithm of tokenAlgorithms) {
    test(`may be of ${algorithm}, in a set and as PEM`, async () => {
      const one = makeKey("one", algorithm);
      for (const text of [keySet(one, makeKey("two")), pem(one)]) {
        const checks = await checksOf(text, { algorithms: [algorithm] });
        assert.equal(((await hear(checks, await sign(one))) as { name: string }).name, "alice");
      }
    });
  }

  test("are chosen by kid, and one in PEM is that of all tokens", async () => {
    const two = makeKey("two");
    const checks = await checksOf(keySet(key, two));
    assert.equal(((await hear(checks, await sign(two))) as { name: string }).name, "alice");
    const [code] = (await hear(checks, await sign(two, {}, { kid: "one" }))) as [number];
    assert.equal(code, 0x86);
    const single = await checksOf(pem(key));
    assert.equal(((await hear(single, await sign(key, {}, { kid: "whatever" }))) as { name: string }).name, "alice");
  });

  test("of PEM are not used with an algorithm that is not theirs", async () => {
    const checks = await checksOf(pem(key), { algorithms: ["ES256", "RS256"] });
    assert.equal(((await hear(checks, await sign(makeKey("one", "RS256")))) as [number])[0], 0x86);
  });

  const secret = { kty: "oct", k: "c2VjcmV0", kid: "s" };
  for (const [what, text, sentence] of [
    ["that is secret", JSON.stringify({ keys: [secret] }), /key "s" is secret/],
    ["that is private", JSON.stringify({ keys: [key.privateKey.export({ format: "jwk" })] }), /key 1 is secret/],
    ["that is private, in PEM", key.privateKey.export({ type: "pkcs8", format: "pem" }).toString(), /it is secret/],
    ["of another algorithm", keySet(makeKey("one", "RS256")), /has no key for ES256/],
    ["that there is twice", keySet(key, key), /there are two of key "one"/],
    [
      "without kid beside others",
      JSON.stringify({ keys: [...JSON.parse(keySet(key)).keys, publicJwk()] }),
      /key 2 has no kid/,
    ],
    ["that is none", JSON.stringify({ keys: [{ kty: "EC", kid: "x" }] }), /key "x" is no public key/],
    ["at all missing", "{}", /is neither PEM nor a JSON Web Key Set/],
    ["in no JSON", "nonsense", /is neither PEM nor a JSON Web Key Set/],
    ["in broken PEM", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", /is not a public key in PEM/],
  ] as const) {
    test(`are refused with a sentence when there is one ${what}`, async () => {
      await assert.rejects(checksOf(text), sentence);
    });
  }

  test("that are not there are named", async () => {
    await assert.rejects(
      loadTokenKeys(join(directory, "none.json"), ["ES256"]),
      /none\.json does not exist: check identity/,
    );
  });
});

test("what has the form of a signed token is one, and no password of people", async () => {
  assert.ok(isToken(Buffer.from(await sign(key))));
  for (const text of ["", "eyJ", "eyJhbGciOiJub25lIn0.e30.", "alice-demo", "eyJ.a.b c", "eyJ.a.b.c"]) {
    assert.ok(!isToken(Buffer.from(text)), text);
  }
  assert.ok(!isToken(undefined));
});

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function changed(token: string, claims: object): string {
  const [header, , signature] = token.split(".");
  return `${header}.${part({ ...soundClaims(), ...claims })}.${signature}`;
}

function withSecret(alg: string): string {
  const content = `${part({ alg, kid: "one" })}.${part(soundClaims())}`;
  return `${content}.${createHmac("sha256", pem(key)).update(content).digest("base64url")}`;
}

function pem({ publicKey }: SigningKey): string {
  return publicKey.export({ type: "spki", format: "pem" }).toString();
}

function publicJwk(): object {
  return createPublicKey(makeKey("x").privateKey).export({ format: "jwk" });
}
