import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { commands } from "../../src/cli/commands.ts";
import { parseCommand } from "../../src/cli/parse-command.ts";
import { type Ended, killCommands, main, type Running, start, startFor, temporaryDirectory, tsx } from "./command.ts";
import { tourFiles, tourServers, tourSteps } from "./tour.ts";

const stepMilliseconds = 60_000;
const tourMilliseconds = 280_000;

test("every command, and every flag of it, has a part in the tour", () => {
  const missing = new Set(
    commands.flatMap(({ name, flags }) => [name, ...flags.map((flag) => `${name} --${flag.name}`)]),
  );
  for (const line of [
    ...tourServers,
    ...tourSteps.map((step) => step.line),
    "sessions disconnect x --config c --data d",
    "refusals --follow",
  ]) {
    const asked = parseCommand(line.replace(/\{\w+\}/g, "1").split(" "), commands);
    assert.ok("command" in asked, line);
    const { command, given } = asked;
    missing.delete(command.name);
    for (const { name } of command.flags) if (given.has(name)) missing.delete(`${command.name} --${name}`);
  }
  assert.deepEqual([...missing], []);
});

describe("a tour through all commands", { timeout: tourMilliseconds }, () => {
  const directory = temporaryDirectory();
  const servers: Running[] = [];
  const places = new Map([["contract", join(import.meta.dirname, "../../contracts/petstore.asyncapi.yaml")]]);
  before(async () => {
    for (const [name, text] of tourFiles) writeFileSync(join(directory.path, name), text);
    for (const line of tourServers) {
      const server = startFor(tourMilliseconds, directory.path, line.split(" "));
      servers.push(server);
      for (const url of await server.ready) {
        const { protocol, port } = new URL(url);
        if (servers.length === 1) places.set(protocol.slice(0, -1), port);
      }
    }
  });
  after(() => {
    killCommands();
    directory.remove();
  });

  async function run(line: string, stdin = ""): Promise<Ended> {
    const words = line
      .split(" ")
      .map((word) => word.replace(/\{(\w+)\}/g, (_, name: string) => places.get(name) ?? assert.fail(name)));
    const child = spawn(process.execPath, ["--import", tsx, main, ...words], {
      cwd: directory.path,
      timeout: stepMilliseconds,
      killSignal: "SIGKILL",
    });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].on("data", (chunk: Buffer) => {
        output[name] += chunk.toString();
      });
    }
    child.stdin.on("error", () => {}).end(stdin);
    const [code, signal] = await once(child, "close");
    return { code, signal, ...output };
  }

  for (const { line, stdin, says } of tourSteps) {
    test(`petstore-mqtt ${line.length > 60 ? `${line.slice(0, 60)}…` : line}`, async () => {
      const { code, stdout, stderr } = await run(line, stdin);
      assert.equal(code, 0, stderr);
      assert.match(stdout, says);
    });
  }

  test("petstore-mqtt sessions disconnect", async () => {
    const line = `sub --url mqtt://localhost:${places.get("mqtt")} --user staff --password staff-demo --client-id stays pets/#`;
    const stays = start(directory.path, ...line.split(" "));
    await Promise.race([once(stays.child.stdout!, "data"), stays.ended]);
    const { code, stderr } = await run("sessions disconnect stays --config broker.yaml --data data");
    assert.equal(code, 0, stderr);
    stays.child.kill("SIGKILL");
    await stays.ended;
  });

  test("the servers end with SIGTERM and exit code 0", async () => {
    for (const { child, ended } of servers) {
      child.kill("SIGTERM");
      assert.equal((await ended).code, 0);
    }
  });
});
