import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { type EventEmitter, once } from "node:events";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { connectAsync, connect as connectMqtt, type IClientOptions, type MqttClient } from "mqtt";
import { commands } from "../../src/cli/commands.ts";
import { parseCommand } from "../../src/cli/parse-command.ts";
import { readNewPassword } from "../../src/cli/password-input.ts";
import { changeAccounts, readAccounts } from "../../src/server/accounts-disk.ts";
import { hashPassword } from "../../src/server/password-hash.ts";
import { makeScramKeys } from "../../src/server/scram-keys.ts";
import { ConfigError, UsageError } from "../../src/service/errors.ts";
import { type Ended, killCommands, type Running, start, startWithInput, temporaryDirectory } from "./command.ts";

describe("petstore-mqtt account", { timeout: 240_000 }, () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(() => {
    killCommands();
    directory.remove();
  });

  const account = (input: string | Buffer, ...args: readonly string[]): Promise<Ended> =>
    startWithInput(directory.path, input, "account", ...args).ended;
  const serve = (...args: readonly string[]): Running => start(directory.path, "serve", ...args);
  const file = (): string => join(directory.path, "petstore-data/accounts.yaml");

  test("adds, lists, changes and removes accounts, in a file that only its owner can read", async () => {
    const added = await account("a long password\nmore\n", "add", "alice", "--role", "customer", "-r", "staff");
    assert.deepEqual([added.code, added.stderr], [0, ""]);
    assert.equal(added.stdout, `added alice with customer, staff to ${file()}\n`);
    assert.equal(statSync(file()).mode & 0o777, 0o600);
    assert.ok(!readFileSync(file(), "utf8").includes("a long password"));
    assert.equal((await account("another password", "add", "bob", "--scram")).code, 0);
    assert.equal(
      (await account("", "list")).stdout,
      "NAME   ROLES            SCRAM\nalice  customer, staff  no\nbob    -                yes\n",
    );
    assert.equal(
      (await account("", "list", "--json")).stdout,
      '{"name":"alice","roles":["customer","staff"],"scram":false}\n{"name":"bob","roles":[],"scram":true}\n',
    );
    const before = await readAccounts(file());
    assert.ok(before?.decoyKey !== undefined);
    assert.equal((await account("a third password", "passwd", "bob")).code, 0);
    assert.equal((await account("", "roles", "alice", "admin")).stdout, `alice has admin in ${file()}\n`);
    assert.equal((await account("", "roles", "alice")).stdout, "admin\n");
    assert.equal((await account("", "remove", "alice")).stdout, `removed alice from ${file()}\n`);
    const after = await readAccounts(file());
    assert.deepEqual(after?.decoyKey, before.decoyKey);
    assert.deepEqual(
      after.accounts.map(({ name, scramSha256 }) => [name, scramSha256]),
      [["bob", undefined]],
    );
    assert.notEqual(after.accounts[0]?.passwordHash, before.accounts[1]?.passwordHash);
  });

  test("commands at once lose nothing", async () => {
    const names = Array.from({ length: 3 }, (_, index) => `user-${index}`);
    const ended = await Promise.all(names.map((name) => account("a long password", "add", name)));
    assert.deepEqual(
      ended.map(({ code }) => code),
      [0, 0, 0],
    );
    assert.deepEqual((await readAccounts(file()))?.accounts.map(({ name }) => name).sort(), names);
  });

  test("takes the file that the configuration names", async () => {
    writeFileSync(join(directory.path, "broker.yaml"), "accounts: keys/people.yaml\n");
    const { stdout } = await account("a long password", "add", "alice", "--config", "broker.yaml");
    assert.equal(stdout, `added alice without a role to ${join(directory.path, "keys/people.yaml")}\n`);
    assert.equal((await account("", "list", "--config", "broker.yaml", "--json")).stdout.split("\n").length, 2);
  });

  /** In this process, with something on stdin; for what is refused. */
  async function refusedWith(input: string | Buffer, ...args: readonly string[]): Promise<unknown> {
    const asked = parseCommand(["account", ...args, "--data", join(directory.path, "petstore-data")], commands);
    assert.ok("command" in asked);
    const stdin = mock.getter(process, "stdin", () => Readable.from([Buffer.from(input)]));
    try {
      return await (await asked.command.load())(asked.given, commands).catch((error: unknown) => error);
    } finally {
      stdin.mock.restore();
    }
  }

  async function addAlice(): Promise<void> {
    const alice = {
      name: "alice",
      roles: [],
      passwordHash: await hashPassword("a long password"),
      scramSha256: undefined,
    };
    await change((edit) => edit.add(alice));
  }

  async function change(work: Parameters<typeof changeAccounts>[1]): Promise<void> {
    await changeAccounts(file(), work, (findings) => new Error(JSON.stringify(findings)));
  }

  test("says in a sentence what is wrong, and changes nothing", async () => {
    await addAlice();
    const before = readFileSync(file(), "utf8");
    for (const [input, args, kind, sentence] of [
      [
        "a long password",
        "add alice",
        Error,
        `${file()} has an account alice already; petstore-mqtt account passwd alice changes its password`,
      ],
      [
        "a long password",
        "add a/b",
        UsageError,
        'an account cannot be called "a/b": it has one of the characters + # /, which mean something in topics',
      ],
      [
        "a long password",
        "add bob --role a/b",
        UsageError,
        'there is no role "a/b": it is not made of letters, digits and . _ - alone',
      ],
      ["short", "add bob", Error, "a password has 8 characters at least; take a longer one"],
      ["", "add bob", Error, "no password was given; type one, or write it to stdin"],
      ["x".repeat(1_025), "add bob", Error, "a password has at most 1024 bytes"],
      [Buffer.from([0xff, 0xfe]), "add bob", Error, "the password on stdin is no UTF-8"],
      [
        "pässwörter",
        "passwd alice --scram",
        Error,
        "--scram takes passwords of printable ASCII only: clients do not agree on the bytes of others",
      ],
      [
        "a long password",
        "add jürgen --scram",
        UsageError,
        "--scram takes names of printable ASCII only: clients do not agree on the bytes of jürgen",
      ],
      ["", "remove alcie", Error, `${file()} has no account alcie; did you mean alice?`],
      [
        "a long password",
        "passwd zzz",
        Error,
        `${file()} has no account zzz; petstore-mqtt account list shows those there are`,
      ],
      ["", "roles alice --none admin", UsageError, "--none takes all roles away; leave it or them out"],
    ] as const) {
      assert.deepEqual(await refusedWith(input, ...args.split(" ")), new kind(sentence));
    }
    assert.equal(readFileSync(file(), "utf8"), before);
  });

  test("a file with a mistake is not written over: its findings are printed", async () => {
    await addAlice();
    writeFileSync(file(), "accounts:\n  - nmae: alice\n");
    const error = await refusedWith("a long password", "add", "bob");
    const finding = `${file()}:2:5: An account has no key "nmae". Did you mean name? If not, remove it.`;
    assert.deepEqual(error, new ConfigError(finding));
    assert.equal(readFileSync(file(), "utf8"), "accounts:\n  - nmae: alice\n");
  });

  test("on a terminal it asks twice and shows nothing", { skip: pythonSkip() }, async () => {
    const script = `
import os, pty, sys
pid, fd = pty.fork()
if pid == 0: os.execv(sys.argv[1], sys.argv[1:])
shown = b""
for prompt, typed in ((b"Password: ", b"a long pasX\\x7fsword\\r"), (b"again: ", b"a long password\\r")):
    while prompt not in shown: shown += os.read(fd, 1000)
    os.write(fd, typed)
try:
    while True:
        more = os.read(fd, 1000)
        if not more: break
        shown += more
except OSError: pass
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown)
`;
    const main = join(import.meta.dirname, "../../src/cli/main.ts");
    const command = [process.execPath, "--import", import.meta.resolve("tsx"), main, "account", "add", "alice"];
    const { stdout } = spawnSync("python3", ["-c", script, ...command], {
      cwd: directory.path,
      encoding: "utf8",
      timeout: 30_000,
    });
    assert.equal(stdout, `0 b'Password: \\r\\nThe same again: \\r\\nadded alice without a role to ${file()}\\r\\n'\n`);
    assert.equal((await readAccounts(file()))?.accounts.length, 1);
  });

  async function connect(url: string, options: IClientOptions): Promise<MqttClient> {
    return await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0, connectTimeout: 5_000, ...options });
  }

  test("a running broker takes a new account at once, and ends the connections of one that is removed with 0x87", async () => {
    await addAlice();
    const running = serve("--mqtt", "0", "--mqtts", "0", "--store", "memory");
    const url = (await running.ready).find((each) => each.startsWith("mqtt:")) ?? "";
    const inForce = async (count: number): Promise<void> => {
      while (running.stderrText().split("are in force").length <= count) await once(running.child.stderr!, "data");
    };
    const alice = await connect(url, { username: "alice", password: "a long password" });
    const passwordHash = await hashPassword("another password");
    await change((edit) => edit.add({ name: "bob", roles: [], passwordHash, scramSha256: undefined }));
    await inForce(1);
    const bob = await connect(url, { username: "bob", password: "another password" });
    assert.ok(alice.connected, "an account that did not change keeps its connections");
    const bobEnded = event(bob, "disconnect");
    await change((edit) => edit.remove("bob"));
    assert.equal((await bobEnded).reasonCode, 0x87);
    await assert.rejects(connect(url, { username: "bob", password: "another password" }), { code: 0x86 });
    const aliceEnded = event(alice, "disconnect");
    await change((edit) => edit.change("alice", { roles: ["staff"] }));
    assert.equal((await aliceEnded).reasonCode, 0x98);
    running.child.kill("SIGTERM");
    assert.equal((await running.ended).code, 0);
  });

  test("MQTT.js logs in with SCRAM-SHA-256, and not with a wrong password", async () => {
    const scramSha256 = await makeScramKeys("a long password");
    const passwordHash = await hashPassword("a long password");
    await change((edit) => edit.add({ name: "alice", roles: ["customer"], passwordHash, scramSha256 }));
    const running = serve("--mqtt", "0", "--mqtts", "0", "--store", "memory");
    const url = (await running.ready).find((each) => each.startsWith("mqtt:")) ?? "";
    const { client, serverFinal } = await connectWithScram(url, "alice", "a long password");
    assert.equal(serverFinal(), true, "the broker proved that it knows the password too");
    await client.endAsync();
    await assert.rejects(connectWithScram(url, "alice", "a wrong password"), { code: 0x86 });
    running.child.kill("SIGTERM");
    assert.equal((await running.ended).code, 0);
  });

  test("SIGHUP makes a running broker look at the accounts", async () => {
    await addAlice();
    const running = serve("--mqtts", "0", "--store", "memory");
    await running.ready;
    writeFileSync(file(), "accounts: [\n");
    running.child.kill("SIGHUP");
    while (!running.stderrText().includes("the accounts in force stay: ")) await once(running.child.stderr!, "data");
    running.child.kill("SIGTERM");
    assert.equal((await running.ended).code, 0);
  });

  test("a broker does not start with a broken accounts file: its findings are printed", async () => {
    writeFileSync(join(directory.path, "broker.yaml"), "accounts: accounts.yaml\n");
    writeFileSync(join(directory.path, "accounts.yaml"), "accounts: {}\n", { mode: 0o600 });
    const { code, stderr } = await serve("--config", "broker.yaml", "--mqtts", "0").ended;
    assert.equal(code, 1);
    assert.match(stderr, /accounts\.yaml:1:11: accounts must be a list\. /);
  });
});

describe("a password typed on a terminal", () => {
  function terminal(...typed: readonly string[]): { read: Promise<string>; shown: () => string; modes: boolean[] } {
    const modes: boolean[] = [];
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (isRaw: boolean) => modes.push(isRaw) });
    const stderr = new PassThrough();
    for (const keys of typed) stdin.write(keys);
    stdin.end();
    return { read: readNewPassword({ stdin, stderr }), shown: () => String(stderr.read()), modes };
  }

  test("may be mended with backspace and Ctrl-U, key by key or all at once", async () => {
    const { read, shown, modes } = terminal("wrong\u0015se", "cx\u007fret\rsecret\r");
    assert.equal(await read, "secret");
    assert.equal(shown(), "Password: \nThe same again: \n");
    assert.deepEqual(modes, [true, false]);
  });

  for (const [what, typed, sentence] of [
    ["that is not the same twice", "one\rtwo\r", /differ; nothing was changed/],
    ["given up with Ctrl-C", "one\u0003", /given up; nothing was changed/],
    ["given up with Ctrl-D", "\u0004", /given up; nothing was changed/],
    ["that ends with the terminal", "one", /given up; nothing was changed/],
    ["that is empty", "\r", /no password was given/],
  ] as const) {
    test(`${what} is no password, and the terminal is as it was`, async () => {
      const { read, modes } = terminal(typed);
      await assert.rejects(read, sentence);
      assert.deepEqual(modes, [true, false]);
    });
  }
});

async function event(client: MqttClient, name: "disconnect"): Promise<{ reasonCode: number }> {
  const [packet] = await once(client as unknown as EventEmitter, name);
  return packet;
}

/** As RFC 5802 asks it of a client; MQTT.js brings the packets. */
async function connectWithScram(
  url: string,
  name: string,
  password: string,
): Promise<{ client: MqttClient; serverFinal: () => boolean }> {
  const bare = `n=${name},r=${randomBytes(18).toString("base64")}`;
  const properties = { authenticationMethod: "SCRAM-SHA-256", authenticationData: Buffer.from(`n,,${bare}`) };
  const options: IClientOptions = { protocolVersion: 5, reconnectPeriod: 0, connectTimeout: 10_000 };
  const client = connectMqtt(url, { ...options, properties });
  let expected = "";
  client.handleAuth = (packet, answer) => {
    const serverFirst = String(packet.properties?.authenticationData);
    const [nonce = "", salt = "", iterations = ""] = serverFirst.split(",");
    const salted = pbkdf2Sync(
      password,
      Buffer.from(salt.slice(2), "base64"),
      Number(iterations.slice(2)),
      32,
      "sha256",
    );
    const authMessage = `${bare},${serverFirst},c=biws,${nonce}`;
    const clientKey = hmac(salted, "Client Key");
    const signature = hmac(createHash("sha256").update(clientKey).digest(), authMessage);
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!)).toString("base64");
    expected = `v=${hmac(hmac(salted, "Server Key"), authMessage).toString("base64")}`;
    const authenticationData = Buffer.from(`c=biws,${nonce},p=${proof}`);
    const { authenticationMethod } = properties;
    answer(undefined, { cmd: "auth", reasonCode: 0x18, properties: { authenticationMethod, authenticationData } });
  };
  const [connack] = await once(client as unknown as EventEmitter, "connect");
  return { client, serverFinal: () => String(connack.properties?.authenticationData) === expected };
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function pythonSkip(): string | false {
  return spawnSync("python3", ["--version"]).status === 0 ? false : "python3 is not installed";
}
