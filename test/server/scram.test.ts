import assert from "node:assert/strict";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { test } from "node:test";
import type { AuthenticationRequest, Verdict } from "../../src/broker/authentication.ts";
import { ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { type Account, Accounts } from "../../src/server/accounts.ts";
import { Attempts } from "../../src/server/attempts.ts";
import type { AuthenticationStep } from "../../src/server/authentication.ts";
import type { Peer } from "../../src/server/options.ts";
import { createScramStep } from "../../src/server/scram.ts";
import { isScramText, makeScramKeys, type ScramKeys } from "../../src/server/scram-keys.ts";
import { parseClientFinal, parseClientFirst } from "../../src/server/scram-messages.ts";

const pencil = await makeScramKeys("pencil", Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64"), 4_096);
const decoyKey = Buffer.alloc(32, 7);

function account(name: string, scramSha256: ScramKeys | undefined = pencil): Account {
  return { name, roles: ["customer"], passwordHash: "", scramSha256 };
}

interface Said {
  readonly step?: AuthenticationRequest["step"];
  readonly data: string | Uint8Array | undefined;
}

/** One Network Connection that authenticates. */
class Exchange {
  readonly #step: AuthenticationStep;
  readonly #peer: Peer;

  constructor(step: AuthenticationStep, remoteAddress = "192.0.2.1") {
    this.#step = step;
    this.#peer = { remoteAddress, protocol: "mqtts" };
  }

  say({ step = "connect", data }: Said): Promise<Verdict> {
    const request: AuthenticationRequest = {
      step,
      protocolVersion: ProtocolVersion.V5,
      clientId: "c1",
      userName: undefined,
      password: undefined,
      authenticationMethod: "SCRAM-SHA-256",
      authenticationData: typeof data === "string" ? Buffer.from(data) : data,
    };
    return this.#step(request, this.#peer);
  }

  /** The first message with an answer, which is given back. */
  async begin(name: string, step: AuthenticationRequest["step"] = "connect", header = "n,,"): Promise<string> {
    const verdict = await this.say({ step, data: `${header}n=${name},r=client` });
    assert.equal(verdict.kind, "continue");
    return dataOf(verdict);
  }

  /** All of it. */
  async logIn(name: string, password: string, step: AuthenticationRequest["step"] = "connect"): Promise<Verdict> {
    const serverFirst = await this.begin(name, step);
    return await this.say({ step: "continue", data: clientFinal(name, password, serverFirst) });
  }
}

/** A client of its own making, by RFC 5802, section 3. */
function clientFinal(name: string, password: string, serverFirst: string, header = "n,,"): string {
  const [nonce = "", salt = "", iterations = ""] = serverFirst.split(",");
  const saltBytes = Buffer.from(salt.slice(2), "base64");
  const salted = pbkdf2Sync(password, saltBytes, Number(iterations.slice(2)), 32, "sha256");
  const clientKey = hmac(salted, "Client Key");
  const withoutProof = `c=${Buffer.from(header).toString("base64")},${nonce}`;
  const signature = hmac(
    createHash("sha256").update(clientKey).digest(),
    `n=${name},r=client,${serverFirst},${withoutProof}`,
  );
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!));
  return `${withoutProof},p=${proof.toString("base64")}`;
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function dataOf(verdict: Verdict): string {
  return verdict.kind === "refuse" ? "" : Buffer.from(verdict.authenticationData ?? []).toString();
}

function codeOf(verdict: Verdict): number {
  return verdict.kind === "refuse" ? verdict.reasonCode : 0;
}

function scram(accounts: Accounts, clock: { now: number } = { now: 0 }): AuthenticationStep {
  return createScramStep({ accounts, attempts: new Attempts(), now: () => clock.now });
}

test("the exchange of RFC 7677, section 3, comes out byte by byte", async () => {
  const step = createScramStep({
    accounts: new Accounts([account("user")], decoyKey),
    attempts: new Attempts(),
    now: () => 0,
    serverNonce: () => "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
  });
  const exchange = new Exchange(step);
  const first = await exchange.say({ data: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO" });
  const nonce = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  assert.equal(dataOf(first), `${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`);
  const last = await exchange.say({
    step: "continue",
    data: `c=biws,${nonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
  });
  assert.deepEqual(last, {
    kind: "accept",
    principal: { tenant: 0, name: "user", roles: ["customer"], clientId: "c1", claims: undefined },
    authenticationData: Buffer.from("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="),
  });
});

test("keys have a salt of their own, and 16,384 iterations", async () => {
  const [one, two] = await Promise.all([makeScramKeys("same"), makeScramKeys("same")]);
  assert.equal(one.iterations, 16_384);
  assert.notDeepEqual(one.salt, two.salt);
  assert.notDeepEqual(one.storedKey, two.storedKey);
});

test("names with a comma or an equals sign come escaped", async () => {
  const exchange = new Exchange(scram(new Accounts([account("a,b=c")], decoyKey)));
  const verdict = await exchange.logIn("a=2Cb=3Dc", "pencil");
  assert.equal(verdict.kind === "accept" && verdict.principal.name, "a,b=c");
});

test("a client that knows channel bindings, and believes that we do not, is right", async () => {
  const exchange = new Exchange(scram(new Accounts([account("user")], decoyKey)));
  const serverFirst = await exchange.begin("user", "connect", "y,,");
  const verdict = await exchange.say({
    step: "continue",
    data: clientFinal("user", "pencil", serverFirst, "y,,"),
  });
  assert.equal(verdict.kind, "accept");
});

test("a live connection authenticates again with the same steps (§4.12.1)", async () => {
  const exchange = new Exchange(scram(new Accounts([account("user")], decoyKey)));
  assert.equal((await exchange.logIn("user", "pencil")).kind, "accept");
  assert.equal((await exchange.logIn("user", "pencil", "reauthenticate")).kind, "accept");
  assert.equal(codeOf(await exchange.logIn("user", "pen", "reauthenticate")), 0x86);
});

test("a wrong password, an unknown name and an account without keys are refused with 0x86 in the same words, at the same step", async () => {
  const accounts = new Accounts([account("user"), { ...account("other"), scramSha256: undefined }], decoyKey);
  const verdicts = await Promise.all(
    [
      ["user", "wrong"],
      ["nobody", "pencil"],
      ["other", "pencil"],
    ].map(([name = "", password = ""]) => new Exchange(scram(accounts)).logIn(name, password)),
  );
  for (const verdict of verdicts) {
    assert.deepEqual(verdict, {
      kind: "refuse",
      reasonCode: 0x86,
      reasonString: "Unknown user name or wrong password",
      serverReference: undefined,
    });
  }
});

test("an unknown name has a salt that stays, also after a start anew, and differs from those of others", async () => {
  const saltOf = async (name: string, key: Buffer): Promise<string | undefined> => {
    const serverFirst = await new Exchange(scram(new Accounts([], key))).begin(name);
    return /,(s=[A-Za-z0-9+/]{22}==,i=16384)$/.exec(serverFirst)?.[1];
  };
  const once = await saltOf("nobody", decoyKey);
  assert.ok(once !== undefined);
  assert.equal(await saltOf("nobody", decoyKey), once);
  assert.notEqual(await saltOf("noone", decoyKey), once);
  assert.notEqual(await saltOf("nobody", Buffer.alloc(32, 8)), once);
});

test("an account that is removed, or gets another password, while its exchange is under way is refused", async () => {
  for (const after of [[], [account("user", await makeScramKeys("other"))]]) {
    const accounts = new Accounts([account("user")], decoyKey);
    const exchange = new Exchange(scram(accounts));
    const serverFirst = await exchange.begin("user");
    accounts.replace(after, undefined);
    const verdict = await exchange.say({ step: "continue", data: clientFinal("user", "pencil", serverFirst) });
    assert.equal(codeOf(verdict), 0x86);
  }
});

test("roles that changed while its exchange was under way are the new ones", async () => {
  const accounts = new Accounts([account("user")], decoyKey);
  const exchange = new Exchange(scram(accounts));
  const serverFirst = await exchange.begin("user");
  // As read from a file: other objects, the same keys.
  accounts.replace(
    [{ ...account("user", { ...pencil, salt: Buffer.from(pencil.salt) }), roles: ["staff"] }],
    undefined,
  );
  const verdict = await exchange.say({ step: "continue", data: clientFinal("user", "pencil", serverFirst) });
  assert.deepEqual(verdict.kind === "accept" && verdict.principal.roles, ["staff"]);
});

test("wrong proofs are counted: the seventh is refused with 0x9F, whatever it is, and a second later it is looked at", async () => {
  const clock = { now: 0 };
  const step = scram(new Accounts([account("user")], decoyKey), clock);
  for (let guess = 0; guess < 6; guess += 1) {
    assert.equal(codeOf(await new Exchange(step).logIn("user", `guess ${guess}`)), 0x86);
  }
  assert.equal(codeOf(await new Exchange(step).logIn("user", "pencil")), 0x9f);
  assert.equal(codeOf(await new Exchange(step, "198.51.100.1").logIn("user", "pencil")), 0);
  clock.now += 1_000;
  assert.equal(codeOf(await new Exchange(step).logIn("user", "pencil")), 0);
});

test("a channel binding that is asked for is refused with 0x8C: it would be another method [MQTT-4.12.0-1]", async () => {
  const exchange = new Exchange(scram(new Accounts([account("user")], decoyKey)));
  assert.equal(codeOf(await exchange.say({ data: "p=tls-exporter,,n=user,r=client" })), 0x8c);
});

for (const [what, data] of [
  ["none", undefined],
  ["an empty one", ""],
  ["one that is no UTF-8", new Uint8Array([0x6e, 0x2c, 0x2c, 0xff])],
  ["one of a megabyte", `n,,n=user,r=${"x".repeat(1_048_576)}`],
  ["one without a header", "n=user,r=client"],
  ["one with an authorization identity", "n,a=admin,n=user,r=client"],
  ["one with a mandatory extension", "n,,m=x,n=user,r=client"],
  ["one without a name", "n,,r=client"],
  ["one with an empty name", "n,,n=,r=client"],
  ["one with a name that is escaped wrongly", "n,,n=us=2cer,r=client"],
  ["one without a nonce", "n,,n=user"],
  ["one with an empty nonce", "n,,n=user,r="],
  ["one with a space in its nonce", "n,,n=user,r=cli ent"],
] as const) {
  test(`${what} in the place of a client-first-message is refused with 0x87`, async () => {
    const verdict = await new Exchange(scram(new Accounts([account("user")], decoyKey))).say({ data });
    assert.equal(codeOf(verdict), 0x87);
  });
}

const anyProof = Buffer.alloc(32).toString("base64");
for (const [what, final] of [
  ["none", () => undefined],
  ["one with the nonce of the client alone", () => `c=biws,r=client,p=${anyProof}`],
  ["one with another header", (nonce: string) => `c=eSws,${nonce},p=${anyProof}`],
  ["one without a header", (nonce: string) => `${nonce},p=${anyProof}`],
  ["one without a proof", (nonce: string) => `c=biws,${nonce}`],
  ["one with a short proof", (nonce: string) => `c=biws,${nonce},p=AAAA`],
  ["one whose proof is no base64", (nonce: string) => `c=biws,${nonce},p=${anyProof.replace("A", "*")}`],
  ["one whose proof is not the last", (nonce: string) => `c=biws,${nonce},p=${anyProof},x=1`],
] as const) {
  test(`${what} in the place of a client-final-message is refused with 0x87, and ends the exchange`, async () => {
    const exchange = new Exchange(scram(new Accounts([account("user")], decoyKey)));
    const serverFirst = await exchange.begin("user");
    const [nonce = ""] = serverFirst.split(",");
    assert.equal(codeOf(await exchange.say({ step: "continue", data: final(nonce) })), 0x87);
    const late = await exchange.say({ step: "continue", data: clientFinal("user", "pencil", serverFirst) });
    assert.equal(codeOf(late), 0x87);
  });
}

test("an exchange belongs to its connection", async () => {
  const step = scram(new Accounts([account("user")], decoyKey));
  const serverFirst = await new Exchange(step).begin("user");
  const other = await new Exchange(step).say({ step: "continue", data: clientFinal("user", "pencil", serverFirst) });
  assert.equal(codeOf(other), 0x87);
});

test("extensions that need not be known are passed over, and are part of what is proved", () => {
  const first = parseClientFirst(Buffer.from("n,,n=user,r=client,x=1"));
  assert.equal("bare" in first && first.bare, "n=user,r=client,x=1");
  const final = parseClientFinal(Buffer.from(`c=biws,r=both,x=1,p=${anyProof}`));
  assert.equal("withoutProof" in final && final.withoutProof, "c=biws,r=both,x=1");
});

test("names and passwords for SCRAM are of printable ASCII, which SASLprep leaves alone", () => {
  assert.ok(isScramText("user 0~"));
  for (const text of ["jürgen", "a\tb", "a\u00adb", "Ⅸ"]) assert.ok(!isScramText(text));
});
