import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connectAsync } from "mqtt";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { root, run, runWell, serve } from "./program.ts";

/** What `npm pack --json` says of a package. */
interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

const tarballBytesMax = 1_500_000;
const unpackedBytesMax = 7_000_000;

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const exported = Object.keys(manifest.exports).filter((name) => name !== "./package.json");

describe("the package that npm publish would ship", { timeout: 600_000 }, () => {
  let directory = "";
  let packed: Packed;
  let tarball = "";
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-package-"));
    // What is tested was built before the tests; a build now would take it away from those that run beside this one.
    const said = await runWell(root, "npm", "pack", "--json", "--ignore-scripts", "--pack-destination", directory);
    packed = JSON.parse(said)[0];
    tarball = join(directory, packed.filename);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const paths = (): readonly string[] => packed.files.map(({ path }) => path);

  test("has what was built, the documents and the unit, and nothing else", () => {
    const expected =
      /^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md|docs\/[\w-]+\.md|packaging\/petstore-mqtt\.service|dist\/(?:[\w-]+\/)*[\w-]+\.(?:js|d\.ts)|dist\/http\/.*|contracts\/[\w.-]+\.yaml|vendor\/asyncapi-react\/[\w.-]+)$/;
    assert.deepEqual(
      paths().filter((path) => !expected.test(path)),
      [],
    );
    for (const name of ["README.md", "LICENSE", "CHANGELOG.md", "SECURITY.md", "docs/deployment.md"]) {
      assert.ok(paths().includes(name), `${name} is missing`);
    }
  });

  test("is small", (t) => {
    t.diagnostic(`${packed.size} bytes, ${packed.unpackedSize} unpacked, ${packed.files.length} files`);
    assert.ok(packed.size < tarballBytesMax, `${packed.size} bytes`);
    assert.ok(packed.unpackedSize < unpackedBytesMax, `${packed.unpackedSize} bytes unpacked`);
  });

  test("has no map that leads nowhere, and no key", () => {
    for (const path of paths()) {
      const text = readFileSync(join(root, path), "utf8");
      assert.doesNotMatch(text, /^\/\/# sourceMappingURL=/m, path);
      assert.doesNotMatch(text, /-----BEGIN [A-Z ]*PRIVATE KEY-----\n\w/, path);
    }
  });

  test("has every file that package.json names, and the command can be executed", () => {
    const targets = exported.flatMap((name) => Object.values<string>(manifest.exports[name]));
    for (const target of [...targets, `./${manifest.bin["petstore-mqtt"]}`]) {
      assert.ok(paths().includes(target.slice(2)), `${target} is missing`);
    }
    const command = packed.files.find(({ path }) => path === manifest.bin["petstore-mqtt"]);
    assert.equal((command?.mode ?? 0) & 0o111, 0o111);
  });

  test("publint finds nothing", async () => {
    const bytes = readFileSync(tarball);
    const pack = { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer };
    const { messages, pkg } = await publint({ pack, strict: true });
    assert.ok(pkg);
    assert.deepEqual(
      messages.map((message) => formatMessage(message, pkg, { color: false })),
      [],
    );
  });

  test("are-the-types-wrong finds nothing, for every export", async () => {
    const command = join(root, "node_modules/@arethetypeswrong/cli/dist/index.js");
    const args = [tarball, "--profile", "esm-only", "--no-definitely-typed", "--format", "json", "--entrypoints"];
    const { stdout, stderr, code } = await run(directory, process.execPath, command, ...args, ...exported);
    assert.equal(code, 0, stdout + stderr);
    const { analysis, problems } = JSON.parse(stdout);
    assert.deepEqual(Object.keys(analysis.entrypoints), [".", "./mqtt", "./testing"]);
    for (const name of exported) {
      const { resolutions } = analysis.entrypoints[name];
      for (const kind of ["node16-esm", "bundler"]) assert.ok(resolutions[kind].resolution, `${name} under ${kind}`);
    }
    // Types for `require` alone: what this package has are ES modules, which Node.js 20.19 requires too.
    const kinds = Object.keys(problems ?? {}).filter((kind) => kind !== "CJSResolvesToESM" && kind !== "NoResolution");
    assert.deepEqual(kinds, []);
  });

  describe("installed into an empty project", () => {
    let project = "";
    let noRegistry = "";
    before(async () => {
      project = join(directory, "project");
      mkdirSync(project);
      writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }\n');
      const args = ["install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error", tarball];
      const { code, stdout, stderr } = await run(project, "npm", ...args);
      if (code === 0) return;
      // Anything else is a fault of the package.
      const { code: pings } = await run(project, "npm", "ping");
      assert.notEqual(pings, 0, stdout + stderr);
      noRegistry = "the packages that it needs cannot be had: npm reaches no registry";
    });

    const installed = (name: string, work: (t: { diagnostic(message: string): void }) => Promise<void>): void => {
      test(name, async (t) => {
        if (noRegistry !== "") t.skip(noRegistry);
        else await work(t);
      });
    };
    const command = (): string => join(project, "node_modules/.bin/petstore-mqtt");

    installed("npm finds nothing missing, and npx runs the command", async (t) => {
      await runWell(project, "npm", "ls", "--all");
      assert.equal(await runWell(project, "npx", "petstore-mqtt", "version"), `${manifest.version}\n`);
      const size = (await runWell(project, "du", "-sm", "node_modules")).split("\t")[0];
      const count = JSON.parse(await runWell(project, "npm", "query", "*")).length;
      t.diagnostic(`node_modules: ${size} MB, ${count} packages`);
    });

    installed("the demonstration starts, carries a message and ends", async () => {
      const flags = ["--demo", "--mqtts", "0", "--wss", "0", "--data", "data", "--log-level", "warn"];
      const serving = await serve(project, command(), "serve", ...flags);
      const ca = readFileSync(join(project, "data/tls/ca.crt"));
      const options = { protocolVersion: 5, ca, reconnectPeriod: 0, connectTimeout: 10_000 } as const;
      const [url = ""] = serving.urls;
      const alice = await connectAsync(url, { ...options, username: "alice", password: "alice-demo" });
      const service = await connectAsync(url, { ...options, username: "service", password: "service-demo" });
      await alice.subscribeAsync("orders/+/status", { qos: 1 });
      const message = new Promise((resolve) => alice.once("message", (_, payload) => resolve(payload.toString())));
      await service.publishAsync("orders/42/status", '{"status":"SHIPPED"}', { qos: 1 });
      assert.equal(await message, '{"status":"SHIPPED"}');
      await Promise.all([alice.endAsync(), service.endAsync()]);
      const page = await pageAt(serving.urls.find((each) => each.startsWith("wss:")) ?? "", ca);
      assert.match(page, /<html/);
      const { port } = new URL(url);
      const account = [
        "--url",
        `mqtts://localhost:${port}`,
        "--ca",
        "data/tls/ca.crt",
        "-u",
        "service",
        "-P",
        "service-demo",
      ];
      await runWell(project, command(), "pub", ...account, "-q", "1", "orders/43/status", '{"status":"PAID"}');
      await serving.stop();
    });

    installed("every export is imported", async () => {
      for (const name of exported) {
        const specifier = join("petstore-mqtt", name);
        const script = `console.log(Object.keys(await import(${JSON.stringify(specifier)})).length)`;
        const count = Number(await runWell(project, process.execPath, "--input-type=module", "--eval", script));
        assert.ok(count > 0, `${specifier} exports nothing`);
      }
      const script =
        'console.log((await import("petstore-mqtt/package.json", { with: { type: "json" } })).default.name)';
      const name = await runWell(project, process.execPath, "--input-type=module", "--eval", script);
      assert.equal(name, "petstore-mqtt\n");
    });

    for (const [module, moduleResolution] of [
      ["NodeNext", "NodeNext"],
      ["ESNext", "Bundler"],
    ] as const) {
      installed(`a program compiles against its types (${moduleResolution})`, async () => {
        const source = mkdtempSync(join(project, "source-"));
        writeFileSync(join(source, "program.ts"), program());
        writeFileSync(
          join(source, "tsconfig.json"),
          JSON.stringify({
            compilerOptions: {
              ...{
                module,
                moduleResolution,
                target: "ES2023",
                strict: true,
                noEmit: true,
                exactOptionalPropertyTypes: true,
              },
              ...{ skipLibCheck: false, types: ["node"], typeRoots: [join(root, "node_modules/@types")] },
            },
            files: ["program.ts"],
          }),
        );
        const compiler = join(root, "node_modules/typescript/bin/tsc");
        const { stdout } = await run(source, process.execPath, compiler, "-p", source, "--pretty", "false");
        // Other packages may have faults of their own in their types.
        const ours = stdout.split("\n").filter((line) => /^program\.ts|petstore-mqtt\/dist\//.test(line));
        assert.deepEqual(ours, []);
        assert.doesNotMatch(stdout, /^error/m);
      });
    }

    installed("the program does what it says", async () => {
      const compiler = join(root, "node_modules/typescript/bin/tsc");
      const source = mkdtempSync(join(project, "built-"));
      writeFileSync(join(source, "program.ts"), program());
      const flags = ["--module", "NodeNext", "--target", "ES2023", "--skipLibCheck", "--types", "node"];
      const roots = ["--typeRoots", join(root, "node_modules/@types")];
      await runWell(source, process.execPath, compiler, "program.ts", "--ignoreConfig", ...flags, ...roots);
      assert.deepEqual(readdirSync(source).sort(), ["program.js", "program.ts"]);
      assert.equal(await runWell(source, process.execPath, "program.js"), "PINGREQ\nmqtt\n");
    });
  });
});

/** What a browser finds at a WebSocket listener. */
function pageAt(url: string, ca: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ host: "localhost", port: new URL(url).port, path: "/", ca }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve(Buffer.concat(chunks).toString()));
    });
    request.once("error", reject);
  });
}

/** A small one, as a user would write it. */
function program(): string {
  const imports = exported.map((name, index) => `import * as all${index} from "${join("petstore-mqtt", name)}";`);
  return `${imports.join("\n")}
import { createServer, type Server } from "petstore-mqtt";
import { formatPacket, type Packet, pingreq } from "petstore-mqtt/mqtt";

const packet: Packet = pingreq;
console.log(formatPacket(packet));
const server: Server = await createServer();
console.log(server.addresses.map(({ protocol }) => protocol).join());
await server.close();
export const everything = [${exported.map((_, index) => `all${index}`).join(", ")}];
`;
}
