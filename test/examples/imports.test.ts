import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, test } from "node:test";

const root = join(import.meta.dirname, "../..");

const dataUrl = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`;

/** Tells of each module that is loaded. */
const hooks = dataUrl(
  "export async function load(url, context, next) { process._rawDebug(url); return next(url, context); }",
);
const register = dataUrl(`import { register } from "node:module"; register(${JSON.stringify(hooks)});`);

/** The packages that a program has loaded at its end; it imports the built package by its name. */
function packagesOf(program: string): string[] {
  const args = ["--import", register, "--input-type=module", "--eval", program];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8", timeout: 50_000 });
  assert.equal(status, 0, stderr);
  const names = [...stderr.matchAll(/\/node_modules\/((?:@[^/\n]+\/)?[^/\n]+)\//g)].map(([, name]) => name as string);
  return [...new Set(names)].sort();
}

describe("what a program loads", { timeout: 120_000 }, () => {
  test("with the import alone: no package", () => {
    assert.deepEqual(packagesOf('await import("petstore-mqtt");'), []);
  });

  test("with a server in memory: nothing for disks, passwords, certificates and HTTP", () => {
    const program = 'const { createServer } = await import("petstore-mqtt"); await (await createServer()).close();';
    assert.deepEqual(packagesOf(program), ["pino", "ws"]);
  });

  test("petstore-mqtt/mqtt: the codec, and petstore-mqtt/testing: no package", () => {
    const program = `
      const { decode, Framer } = await import("petstore-mqtt/mqtt");
      const { CoreStage, parseScenario, playScenario, settingsOf } = await import("petstore-mqtt/testing");
      if (typeof decode !== "function" || typeof Framer !== "function") throw new Error("no codec");
      const scenario = parseScenario('# Ping\\nversion: 5\\na > CONNECT a clean\\na < CONNACK 0x00 …\\na > PINGREQ\\na < PINGRESP\\n', "ping.scenario");
      await playScenario(scenario, 5, new CoreStage(settingsOf(scenario)));
    `;
    assert.deepEqual(packagesOf(program), []);
  });
});
