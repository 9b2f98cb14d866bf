import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connectAsync } from "mqtt";
import { argumentsOf, type Built, buildInDirectories, readDockerfile } from "./dockerfile.ts";
import { root, run, runWell, serve } from "./program.ts";

/** Nobody in particular, so that what the image does not give cannot be taken. */
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;

test("the image is of two stages on one base, for any platform, with a user, a volume and a health check", () => {
  const instructions = readDockerfile();
  const texts = (name: string): string[] => instructions.filter((each) => each.name === name).map(({ text }) => text);
  assert.deepEqual(texts("FROM"), ["node:24-bookworm-slim AS build", "node:24-bookworm-slim"]);
  assert.doesNotMatch(readFileSync(join(root, "Dockerfile"), "utf8"), /--platform|amd64|arm64|x86/);
  assert.deepEqual([texts("USER"), texts("VOLUME"), texts("EXPOSE")], [["node"], ["/data"], ["8883 8443"]]);
  assert.equal(texts("HEALTHCHECK").length, 1);
  const names = instructions.map(({ name }) => name);
  assert.ok(names.lastIndexOf("USER") > names.lastIndexOf("RUN"), "nothing is done as another user afterwards");
  // A shell in between would keep SIGTERM to itself.
  assert.deepEqual(texts("ENTRYPOINT"), ['["petstore-mqtt"]']);
});

test("what is native comes prebuilt for Debian on x64 and arm64", () => {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  for (const architecture of ["x64", "arm64"]) {
    for (const name of ["@lmdb/lmdb-linux", "@node-rs/argon2-linux"]) {
      const prebuilt = Object.keys(packages).filter((path) => path.startsWith(`node_modules/${name}-${architecture}`));
      assert.ok(prebuilt.length > 0, `${name}-${architecture} is not in package-lock.json`);
    }
  }
});

describe("what the Dockerfile says, done in directories", { timeout: 400_000 }, () => {
  let directory = "";
  let built: Built;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-image-"));
    chmodSync(directory, 0o755);
    built = await buildInDirectories(directory, isRoot ? nobody : (process.getuid?.() ?? 0));
  });
  after(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  test("the image has what runs and not what builds", async (t) => {
    const app = join(built.directory, "app");
    assert.deepEqual(readdirSync(app).sort(), [
      "LICENSE",
      "contracts",
      "dist",
      "node_modules",
      "package.json",
      "vendor",
    ]);
    const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
    const forDevelopment = Object.keys(packages).filter((path) => packages[path].dev === true);
    assert.ok(forDevelopment.length > 100);
    assert.deepEqual(
      forDevelopment.filter((path) => existsSync(join(app, path, "package.json"))),
      [],
    );
    const files = readdirSync(join(app, "dist"), { recursive: true }).map(String);
    assert.deepEqual(
      files.filter((file) => file.endsWith(".map") || (file.endsWith(".ts") && !file.endsWith(".d.ts"))),
      [],
    );
    assert.equal(statSync(join(built.directory, "data")).mode & 0o777, 0o700);
    t.diagnostic(`/app: ${(await runWell(app, "du", "-sm", ".")).split("\t")[0]} MB above the base image`);
  });

  test("it serves as a user who may write nowhere but in /data, is healthy, and ends with SIGTERM", async () => {
    const here = (text: string): string => text.replaceAll("/data", join(built.directory, "data"));
    const command = join(built.directory, "usr/local/bin", argumentsOf(built, "ENTRYPOINT")[0] ?? "");
    // The ports of the image are its own; this machine's may be taken.
    const args = [...argumentsOf(built, "CMD").map(here), "--mqtts", "0", "--wss", "0"];
    const [node, ...check] = argumentsOf(built, "HEALTHCHECK").map(here);
    assert.equal(node, "node");
    const user = isRoot ? ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"] : ["env"];
    const [program = "", ...as] = user;
    const app = join(built.directory, "app");
    const isHealthy = async (): Promise<boolean> =>
      (await run(app, program, ...as, process.execPath, ...check)).code === 0;
    const before = readdirSync(built.directory, { recursive: true }).filter((path) => !String(path).startsWith("data"));

    assert.equal(await isHealthy(), false, "nothing runs yet");
    const serving = await serve(app, program, ...as, command, ...args);
    assert.equal(await isHealthy(), true);
    const url = serving.urls.find((each) => each.startsWith("mqtts:")) ?? "";
    const ca = readFileSync(join(built.directory, "data/tls/ca.crt"));
    // There is no account yet, so the broker's own word is that it knows nobody.
    const refused = connectAsync(url, { ca, protocolVersion: 5, reconnectPeriod: 0, username: "alice", password: "x" });
    await assert.rejects(refused, { code: 0x86 });
    await serving.stop();
    assert.equal(await isHealthy(), false);
    const left = readdirSync(built.directory, { recursive: true }).filter((path) => !String(path).startsWith("data"));
    assert.deepEqual(left, before);
  });
});
