import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parseConfig } from "../../src/server/config-file.ts";
import { answers } from "../interop/command.ts";

// The README, block by block, as a newcomer types it; only ports and paths are others.

const root = join(import.meta.dirname, "../..");
const main = join(root, "dist/cli/main.js");
const readme = readFileSync(join(root, "README.md"), "utf8");
const runMillisecondsMax = 60_000;

interface Block {
  readonly section: string;
  readonly language: string;
  readonly text: string;
}

const noMosquitto =
  ["mosquitto_sub", "stdbuf"].every((each) => answers(each, ["--help"], /mqttv5|Usage/)) === false &&
  "not installed: mosquitto_sub, stdbuf (Debian: mosquitto-clients, coreutils)";
/** Debian's package is for its own Python, which need not be the first on the PATH. */
const python = ["python3", "/usr/bin/python3"].find((each) => answers(each, ["-c", "import paho.mqtt.client"], /^$/));
const noPaho = python === undefined && "no Python 3 with paho-mqtt is installed (Debian: python3-paho-mqtt)";

const blocks = blocksOf(readme);
const children = new Set<ChildProcess>();
let directory = "";
let mqtts = "";

function blocksOf(text: string): readonly Block[] {
  const found: Block[] = [];
  let section = "";
  for (const [, heading, language, body] of text.matchAll(/^## (.+)$|^```(\w+)\n([\s\S]*?)^```$/gm)) {
    if (heading !== undefined) section = heading;
    else found.push({ section, language: language!, text: body! });
  }
  return found;
}

function linesOf(section: string): readonly string[] {
  const block = blocks.find((each) => each.section === section && each.language === "sh");
  assert.ok(block !== undefined, `the README has no commands under ${section}`);
  return blocks
    .filter((each) => each.section === section && each.language === "sh")
    .flatMap(({ text }) => text.trim().split("\n"));
}

/** The line as it is, with this test's ports and paths. */
function here(line: string): string {
  return line
    .replace("node dist/cli/main.js", `${process.execPath} ${main}`)
    .replace(/ (sub|pub) --user/, ` $1 --port ${mqtts} --user`)
    .replace("-p 8883", `-p ${mqtts}`)
    .replaceAll("examples/contracts/", `${root}/examples/contracts/`)
    .replace("--mqtts 8884", "--mqtts 0");
}

interface Running {
  readonly child: ChildProcess;
  output(): string;
}

function run(command: string, args: readonly string[], cwd: string, input?: string): Running {
  const child = spawn(command, args, {
    cwd,
    stdio: ["pipe", "pipe", "pipe"],
    timeout: runMillisecondsMax,
    killSignal: "SIGKILL",
  });
  children.add(child);
  child.once("close", () => children.delete(child));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stdin.end(input);
  return { child, output: () => output };
}

function shell(line: string, input?: string): Running {
  // `exec`, so that the child is the command itself and can be ended.
  return run("sh", ["-c", `exec ${here(line)}`], directory, input);
}

async function ended({ child, output }: Running): Promise<{ code: number | null; output: string }> {
  const [code] = child.exitCode === null ? await once(child, "close") : [child.exitCode];
  return { code, output: output() };
}

async function stop({ child }: Running): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "close");
}

async function said(running: Running, pattern: RegExp): Promise<RegExpExecArray> {
  for (;;) {
    const match = pattern.exec(running.output());
    if (match !== null) return match;
    if (running.child.exitCode !== null) assert.fail(`it ended without a word of ${pattern}: ${running.output()}`);
    await Promise.race([once(running.child.stdout!, "data"), once(running.child, "close")]);
  }
}

/** Publishes as the README does, until the subscriber has it: when it has subscribed, nothing tells. */
async function hears(subscriber: Running, publish: string): Promise<void> {
  const heard = said(subscriber, /orders\/42\/status/);
  let isHeard = false;
  const done = heard.then(() => {
    isHeard = true;
  });
  while (!isHeard)
    await Promise.race([done, ended(shell(publish)).then(({ code, output }) => assert.equal(code, 0, output))]);
  await stop(subscriber);
}

describe("a newcomer's hour, as the README has it", { timeout: 300_000 }, () => {
  let broker: Running;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-readme-"));
    broker = run(process.execPath, [main, "serve", "--demo", "--mqtts", "0", "--wss", "0"], directory);
    [, mqtts = ""] = await said(broker, /^ready mqtts:\/\/localhost:(\d+) wss:\/\/localhost:\d+\/mqtt$/m);
  });
  after(async () => {
    if (broker !== undefined) await stop(broker);
    for (const child of children) child.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  });

  const own = (): readonly string[] => linesOf("Subscribe and publish").filter((line) => line.startsWith("node "));
  const publish = (): string => own().find((line) => line.includes(" pub ") && line.includes("SHIPPED"))!;

  test("our own command subscribes and publishes", () => hears(shell(own()[0]!), publish()));

  test("what the contract does not allow is refused, and why is said", async () => {
    const { code, output } = await ended(shell(own().find((line) => line.includes("LOST"))!));
    assert.equal(code, 4);
    assert.match(output, /payload\/status must be one of PLACED, .*\(petstore\.asyncapi\.yaml:\d+ OrderState\)/);
  });

  test("the Mosquitto clients do", { skip: noMosquitto }, async () => {
    const [subscribe = "", send = ""] = linesOf("Subscribe and publish").filter((line) =>
      line.startsWith("mosquitto_"),
    );
    await hears(shell(subscribe), send);
  });

  test("MQTT.js does", async () => {
    const { text } = blocks.find(({ section, language }) => section === "Subscribe and publish" && language === "js")!;
    const program = text.replace(":8883", `:${mqtts}`).replace("petstore-data", `${directory}/petstore-data`);
    await hears(run(process.execPath, ["--input-type=module", "-e", program], root), publish());
  });

  test("Python and Paho do", { skip: noPaho }, async () => {
    const { text } = blocks.find(({ language }) => language === "python")!;
    await hears(run(python!, ["-c", text.replace("8883", mqtts)], directory), publish());
  });

  test("an account is added while the broker runs, and can publish", async () => {
    const [add = ""] = linesOf("Accounts");
    const { code, output } = await ended(shell(add, "a password of till's\n"));
    assert.equal(code, 0, output);
    const asTill = publish()
      .replace("service-demo", "'a password of till'\\''s'")
      .replace("--user service", "--user till");
    // The broker notices a moment later.
    for (;;) {
      const sent = await ended(shell(asTill));
      if (sent.code === 0) break;
      assert.match(sent.output, /user name|password/i);
    }
  });

  test("contracts are checked, explained and served", async () => {
    const [check = "", explain = "", serve = ""] = linesOf("The contract");
    assert.match((await ended(shell(check))).output, /trams\.asyncapi\.yaml can be served: \d+ channels/);
    const explained = await ended(shell(explain));
    assert.equal(explained.code, 4);
    assert.match(explained.output, /^refused\n/);
    const trams = shell(serve);
    await said(trams, /^ready mqtts:\/\/localhost:\d+$/m);
    await stop(trams);
  });

  test("a broker runs in a program", async () => {
    const { text } = blocks.find(({ section, language }) => section === "In a program" && language === "js")!;
    const program = run(process.execPath, ["--input-type=module", "-e", text], root);
    assert.deepEqual(await ended(program), { code: 0, output: "pets/1 Rex\n" });
  });

  test("the configuration file is one", () => {
    const { text } = blocks.find(({ language }) => language === "yaml")!;
    assert.deepEqual(parseConfig("broker.yaml", text).findings, []);
  });
});
