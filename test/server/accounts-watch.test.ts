import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock, test } from "node:test";
import { hash } from "@node-rs/argon2";
import { type Logger, pino } from "pino";
import { type Account, Accounts } from "../../src/server/accounts.ts";
import { changeAccounts, readAccounts } from "../../src/server/accounts-disk.ts";
import { AccountsWatch } from "../../src/server/accounts-watch.ts";
import { isOutdated } from "../../src/server/password-hash.ts";

const cheap = { memoryCost: 8, timeCost: 1, parallelism: 1 };
const named = async (name: string, roles: readonly string[] = []): Promise<Account> => {
  return { name, roles, claims: undefined, passwordHash: await hash("a password", cheap), scramSha256: undefined };
};
const [alice, bob, carol] = await Promise.all([named("alice", ["customer"]), named("bob"), named("carol")]);

interface Stage {
  readonly file: string;
  readonly accounts: Accounts;
  readonly watch: AccountsWatch;
  /** Names and Reason Code of connections to be ended, none left out. */
  readonly ended: [names: string[], reasonCode: number][];
  readonly logged: { level: number; msg: string }[];
  readonly events: EventEmitter;
}

function watchTest(sentence: string, body: (stage: Stage) => Promise<void>): void {
  test(sentence, { timeout: 20_000 }, async () => {
    // A watch keeps no process alive.
    const alive = setInterval(() => {}, 60_000);
    const directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-"));
    const file = join(directory, "accounts.yaml");
    await change(file, (edit) => {
      for (const account of [alice, bob]) edit.add(account);
    });
    const logged: Stage["logged"] = [];
    const log: Logger = pino({}, { write: (line: string) => logged.push(JSON.parse(line)) });
    const events = new EventEmitter();
    const accounts = new Accounts([alice, bob, carol], undefined);
    const changed = (): void => void events.emit("changed");
    const text = readFileSync(file, "utf8");
    const watch = new AccountsWatch({ file, text, accounts, others: [carol], log, changed });
    const ended: Stage["ended"] = [];
    watch.start((names, reasonCode) => {
      if (names.size > 0) ended.push([[...names], reasonCode]);
      return names.size;
    });
    try {
      await body({ file, accounts, watch, ended, logged, events });
    } finally {
      clearInterval(alive);
      watch.stop();
      rmSync(directory, { recursive: true });
    }
  });
}

async function change(file: string, work: Parameters<typeof changeAccounts>[1]): Promise<void> {
  await changeAccounts(file, work, (findings) => new Error(JSON.stringify(findings)));
}

watchTest(
  "a change of the file is noticed by itself, and only those it is about lose their connections",
  async (stage) => {
    const { file, accounts, ended, events } = stage;
    const changed = once(events, "changed");
    await change(file, (edit) => {
      edit.remove("bob");
      edit.change("alice", { roles: ["staff"] });
    });
    await changed;
    assert.equal(accounts.find("bob"), undefined);
    assert.deepEqual(accounts.find("alice")?.roles, ["staff"]);
    assert.equal(accounts.find("carol"), carol, "who is in no file stays");
    assert.deepEqual(ended, [
      [["bob"], 0x87],
      [["alice"], 0x98],
    ]);
  },
);

watchTest("another password ends the connections of its account with 0x87", async ({ file, watch, ended }) => {
  const { passwordHash } = await named("alice");
  await change(file, (edit) => edit.change("alice", { passwordHash }));
  await watch.look();
  assert.deepEqual(ended, [[["alice"], 0x87]]);
});

watchTest("an account of the file takes the place of one with its name", async ({ file, watch, accounts, ended }) => {
  const own = await named("carol", ["admin"]);
  await change(file, (edit) => edit.add(own));
  await watch.look();
  assert.deepEqual(accounts.find("carol"), own);
  assert.deepEqual(ended, [[["carol"], 0x87]]);
});

for (const [what, breakIt, sentence] of [
  ["broken", (file: string) => writeFileSync(file, "accounts: [\n"), /accounts\.yaml:\d+:\d+: /],
  ["gone", (file: string) => rmSync(file), /accounts\.yaml is gone$/],
  ["empty, as while it is written in place", (file: string) => writeFileSync(file, ""), /accounts\.yaml is empty; /],
  ["no file", replaceByDirectory, /accounts\.yaml cannot be read: /],
] as const) {
  watchTest(`a file that is ${what} leaves the accounts in force, which is logged once`, async (stage) => {
    const { file, watch, accounts, ended, logged } = stage;
    const before = readFileSync(file);
    breakIt(file);
    await watch.look();
    await watch.look();
    assert.equal(accounts.find("alice"), alice);
    assert.deepEqual(ended, []);
    const errors = logged.filter(({ level }) => level === 50);
    assert.equal(errors.length, 1);
    assert.match(errors[0]?.msg ?? "", /^the accounts in force stay: /);
    assert.match(errors[0]?.msg ?? "", sentence);
    rmSync(file, { recursive: true, force: true });
    writeFileSync(file, before, { mode: 0o600 });
    await watch.look();
    assert.deepEqual(ended, []);
  });
}

function replaceByDirectory(file: string): void {
  rmSync(file);
  mkdirSync(file);
}

watchTest("a hash of old parameters is replaced in the file, and no connection ends for it", async (stage) => {
  const { file, watch, accounts, ended } = stage;
  const timers = mock.method(globalThis, "setTimeout", (work: () => void) => {
    setImmediate(work);
    return { unref: () => ({}) };
  });
  try {
    watch.outdated(alice, Buffer.from("a password"));
    while (timers.mock.callCount() === 0) await new Promise(setImmediate);
  } finally {
    timers.mock.restore();
  }
  await new Promise(setImmediate);
  await watch.look();
  const stored = await readAccounts(file);
  const hashed = stored?.accounts.find(({ name }) => name === "alice")?.passwordHash ?? "";
  assert.equal(isOutdated(hashed), false);
  assert.equal(accounts.find("alice")?.passwordHash, hashed);
  assert.deepEqual(
    stored?.accounts.find(({ name }) => name === "bob"),
    bob,
  );
  assert.deepEqual(ended, []);
});
