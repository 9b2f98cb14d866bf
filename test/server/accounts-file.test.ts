import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Account } from "../../src/server/accounts.ts";
import { changeAccounts, readAccounts } from "../../src/server/accounts-disk.ts";
import { AccountsEdit } from "../../src/server/accounts-edit.ts";
import { accountsMax, parseAccounts } from "../../src/server/accounts-file.ts";
import { hashPassword } from "../../src/server/password-hash.ts";
import { makeScramKeys } from "../../src/server/scram-keys.ts";
import { findingText } from "../../src/server/yaml-reader.ts";

const passwordHash = await hashPassword("a password");
const scramSha256 = await makeScramKeys("a password");
const alice: Account = {
  name: "alice",
  roles: ["customer", "staff"],
  claims: undefined,
  passwordHash,
  scramSha256: undefined,
};
const key = Buffer.alloc(32, 1).toString("base64");

function findings(text: string): string[] {
  return parseAccounts("accounts.yaml", text).findings.map(findingText);
}

function fail(found: ReturnType<typeof parseAccounts>["findings"]): Error {
  return new Error(found.map(findingText).join("\n"));
}

function diskTest(sentence: string, body: (file: string, directory: string) => Promise<void>): void {
  test(sentence, async () => {
    const directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-"));
    try {
      await body(join(directory, "accounts.yaml"), directory);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
}

test("what is written is read again, with and without SCRAM keys", () => {
  const edit = new AccountsEdit(undefined);
  const carol: Account = { ...alice, name: "carol", roles: [], scramSha256 };
  edit.add(alice);
  edit.add(carol);
  edit.ensureDecoyKey(Buffer.alloc(32, 1));
  edit.ensureDecoyKey(Buffer.alloc(32, 2));
  assert.deepEqual(parseAccounts("accounts.yaml", edit.toString()), {
    accounts: [alice, carol],
    decoyKey: Buffer.alloc(32, 1),
    findings: [],
  });
});

test("names that YAML would read as something else stay names", () => {
  const names = ["42", "true", "null", "~", "a: b".replace(" ", ""), "#x".slice(1), "'quoted'", "-", "é", "<<"];
  const edit = new AccountsEdit(undefined);
  for (const name of names) edit.add({ ...alice, name });
  const { accounts, findings: found } = parseAccounts("accounts.yaml", edit.toString());
  assert.deepEqual(found, []);
  assert.deepEqual(
    accounts.map(({ name }) => name),
    names,
  );
});

test("comments, order and style of a file stay when accounts in it are changed", () => {
  const text = `# Who may come in.
accounts:
  # The shop's own.
  - { name: service, roles: [service], passwordHash: "${passwordHash}" } # bot
  - name: alice # since May
    passwordHash: ${passwordHash}
    roles:
      - customer
  - name: gone
    passwordHash: ${passwordHash}

# The end.
`;
  const edit = new AccountsEdit(text);
  edit.change("alice", { roles: ["staff"] });
  edit.remove("gone");
  edit.add({ ...alice, name: "new", roles: [] });
  assert.equal(
    edit.toString(),
    `# Who may come in.
accounts:
  # The shop's own.
  - { name: service, roles: [ service ], passwordHash: "${passwordHash}" } # bot
  - name: alice # since May
    passwordHash: ${passwordHash}
    roles: [ staff ]
  - name: new
    roles: []
    passwordHash: ${passwordHash}

# The end.
`,
  );
});

test("another password without SCRAM takes its keys away", () => {
  const edit = new AccountsEdit(undefined);
  edit.add({ ...alice, scramSha256 });
  edit.change("alice", { passwordHash, scramSha256: undefined });
  assert.deepEqual(parseAccounts("accounts.yaml", edit.toString()).accounts, [alice]);
});

test("claims are lists of words by names of one's choice", () => {
  const at = (claims: string): ReturnType<typeof parseAccounts> =>
    parseAccounts("accounts.yaml", `accounts: [{ name: alice, claims: ${claims}, passwordHash: "${passwordHash}" }]`);
  const { accounts, findings: found } = at('{ orders: ["42", abc], __proto__: [] }');
  assert.deepEqual(found, []);
  assert.deepEqual(
    [...(accounts[0]?.claims ?? [])],
    [
      ["orders", ["42", "abc"]],
      ["__proto__", []],
    ],
  );
  assert.deepEqual(at("{ orders: [42], pets: milo }").findings.map(findingText), [
    "accounts.yaml:1:46: A value of claims.orders must be a text, not 42. Put it in double quotes.",
    "accounts.yaml:1:57: claims.pets must be a list. Write each item on a line of its own that begins with -.",
  ]);
  assert.match(findingText(at("[]").findings[0]!), /: claims must be a mapping\. /);
  assert.match(findingText(at(`{ a: [${"x, ".repeat(1_001)}] }`).findings[0]!), /: There are more than 1000 values\. /);
});

test("the last account can be removed and another one added", () => {
  const edit = new AccountsEdit(undefined);
  edit.add(alice);
  edit.remove("alice");
  assert.match(edit.toString(), /^accounts: \[\]$/m);
  edit.add(alice);
  assert.deepEqual(parseAccounts("accounts.yaml", edit.toString()).accounts, [alice]);
});

test("an account written with an alias is left to people", () => {
  const edit = new AccountsEdit(`accounts: [{ name: &n alice, passwordHash: x }, { name: *n, passwordHash: y }]\n`);
  assert.throws(
    () => edit.change("bob", { roles: [] }),
    /^Error: bob is written with an alias of YAML; change it by hand/,
  );
});

test("an empty file, and one of comments, has no accounts", () => {
  for (const text of ["", "# nobody yet\n"]) {
    assert.deepEqual(parseAccounts("accounts.yaml", text), { accounts: [], decoyKey: undefined, findings: [] });
    const edit = new AccountsEdit(text);
    edit.add(alice);
    assert.deepEqual(parseAccounts("accounts.yaml", edit.toString()).accounts, [alice]);
  }
});

test("all that is wrong is said at once, in the order of the file", () => {
  const dear = passwordHash.replace("m=19456", "m=262152");
  const text = `accounts:
  - name: 42
    passwordHash: secret
  - roles: [customer]
    passwordHash: ${passwordHash}
  - name: bob
  - { name: "a/b", passwordHash: "${passwordHash}" }
  - { name: "a b", passwordHash: "${passwordHash}" }
  - { name: alice, passwordHash: "${passwordHash}" }
  - { name: alice, passwordHash: "${passwordHash}" }
  - { name: c, passwordHash: "${passwordHash}", roles: [x, x, "a b"] }
  - { name: d, passwordHash: "$argon2id$v=19$m=1", password: p }
  - { name: e, passwordHash: "${dear}" }
  - { name: f, passwordHash: "${passwordHash}", scramSha256: { salt: AAAA, iterations: 1, storedKey: "${key}" } }
  - { name: g, passwordHash: "${passwordHash}", scramSha256: { storedKey: "${key}" } }
decoyKey: short
users: []
`;
  assert.deepEqual(findings(text), [
    "accounts.yaml:2:11: name must be a text, not 42. Put it in double quotes.",
    "accounts.yaml:3:19: This passwordHash cannot be used: it is not argon2id. Make one with petstore-mqtt account passwd.",
    "accounts.yaml:4:5: This account has no name. Add one; clients give it as user name.",
    "accounts.yaml:6:5: This account has no passwordHash. Remove it, and add it with petstore-mqtt account add.",
    "accounts.yaml:7:13: An account cannot have this name: it has one of the characters + # /, which mean something in topics. Give it another.",
    "accounts.yaml:8:13: An account cannot have this name: it has a space or a character that cannot be seen. Give it another.",
    "accounts.yaml:10:13: alice stands at accounts.yaml:9:13 already. Keep one of the two.",
    `accounts.yaml:11:${32 + passwordHash.length + 13}: The role x stands here twice. Keep one of the two.`,
    `accounts.yaml:11:${32 + passwordHash.length + 16}: There is no such role: it is not made of letters, digits and . _ - alone. Write another.`,
    "accounts.yaml:12:30: This passwordHash cannot be used: it is cut off or changed. Make one with petstore-mqtt account passwd.",
    'accounts.yaml:12:52: An account has no key "password". Did you mean passwordHash? If not, remove it.',
    "accounts.yaml:13:30: This passwordHash cannot be used: it takes 262152 KiB, at most 262144. Make one with petstore-mqtt account passwd.",
    `accounts.yaml:14:${32 + passwordHash.length + 23}: salt must be 8 to 64 bytes in base64. Make it with petstore-mqtt account passwd --scram.`,
    `accounts.yaml:14:${32 + passwordHash.length + 41}: iterations must be from 4096 to 1000000, not 1. Write a whole number from 4096 to 1000000.`,
    `accounts.yaml:15:${32 + passwordHash.length + 15}: scramSha256 needs salt, iterations, storedKey and serverKey. Make them with petstore-mqtt account passwd --scram, or remove it.`,
    "accounts.yaml:16:11: decoyKey must be 32 bytes in base64. Make it with petstore-mqtt account passwd --scram.",
    'accounts.yaml:17:1: The accounts file has no key "users". Use one of: accounts, decoyKey.',
  ]);
});

test("more accounts than there may be are said once", () => {
  const lines = Array.from(
    { length: accountsMax + 2 },
    (_, index) => `- { name: a${index}, passwordHash: "${passwordHash}" }`,
  );
  const text = `accounts:\n${lines.join("\n")}\n`;
  assert.equal(findings(text).length, 1);
  assert.match(findings(text)[0] ?? "", /^accounts\.yaml:10002:3: There are more than 10000 accounts\. /);
});

diskTest("a new file can be read by its owner alone, and nothing else is left behind", async (file, directory) => {
  await changeAccounts(file, (edit) => edit.add(alice), fail);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(directory), ["accounts.yaml"]);
  const stored = await readAccounts(file);
  assert.deepEqual(stored?.accounts, [alice]);
  assert.equal(stored.isReadableByOthers, false);
});

diskTest("of changes that come at once none is lost", async (file) => {
  const names = Array.from({ length: 20 }, (_, index) => `user-${index}`);
  await Promise.all(names.map((name) => changeAccounts(file, (edit) => edit.add({ ...alice, name }), fail)));
  const stored = await readAccounts(file);
  assert.deepEqual(stored?.accounts.map(({ name }) => name).sort(), names.sort());
});

diskTest("a change that is given up, or that would break the file, changes nothing", async (file, directory) => {
  await changeAccounts(file, (edit) => edit.add(alice), fail);
  const before = readFileSync(file, "utf8");
  const givenUp = changeAccounts(
    file,
    () => {
      throw new Error("given up");
    },
    fail,
  );
  await assert.rejects(givenUp, /given up/);
  await assert.rejects(
    changeAccounts(file, (edit) => edit.add(alice), fail),
    /alice stands at .* already/,
  );
  assert.equal(readFileSync(file, "utf8"), before);
  assert.deepEqual(readdirSync(directory), ["accounts.yaml"]);
});

diskTest("a pipe in the place of a file is refused and not waited for", async (file, directory) => {
  execFileSync("mkfifo", ["-m", "600", file]);
  await assert.rejects(readAccounts(file), /accounts\.yaml cannot be read: /);
  await assert.rejects(
    changeAccounts(file, (edit) => edit.add(alice), fail),
    /accounts\.yaml cannot be read: /,
  );
  assert.deepEqual(readdirSync(directory), ["accounts.yaml"]);
});

diskTest("a broken file is not written over", async (file) => {
  writeFileSync(file, "accounts: [\n", { mode: 0o600 });
  await assert.rejects(
    changeAccounts(file, (edit) => edit.add(alice), fail),
    /accounts\.yaml:\d+:\d+: /,
  );
  assert.equal(readFileSync(file, "utf8"), "accounts: [\n");
});

diskTest("behind a link the file is replaced, not the link, and its permissions stay", async (file, directory) => {
  const target = join(directory, "elsewhere.yaml");
  writeFileSync(target, "accounts: []\n", { mode: 0o640 });
  symlinkSync(target, file);
  await changeAccounts(file, (edit) => edit.add(alice), fail);
  assert.deepEqual((await readAccounts(target))?.accounts, [alice]);
  assert.equal(statSync(target).mode & 0o777, 0o640);
  assert.equal((await readAccounts(file))?.isReadableByOthers, true);
});

diskTest("a file that others may write to is refused, with the remedy", async (file) => {
  writeFileSync(file, "accounts: []\n");
  chmodSync(file, 0o660);
  await assert.rejects(readAccounts(file), {
    message: `others on this machine may write to ${file}, and so make themselves accounts; chmod 600 ${file}`,
  });
});

diskTest("a lock that a killed process left behind is in nobody's way", async (file) => {
  writeFileSync(`${file}.lock`, JSON.stringify({ pid: 2_147_483_647, started: "long ago" }));
  await changeAccounts(file, (edit) => edit.add(alice), fail);
  assert.deepEqual((await readAccounts(file))?.accounts, [alice]);
});

diskTest("a directory in the file's place is said in a sentence", async (_file, directory) => {
  await assert.rejects(readAccounts(directory), /cannot be read: it is no ordinary file/);
  assert.equal(await readAccounts(join(directory, "none.yaml")), undefined);
});
