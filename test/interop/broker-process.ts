import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const root = join(import.meta.dirname, "../..");
const readyMillisecondsMax = 20_000;
const stopMillisecondsMax = 10_000;

/** The limit that the broker of `startOpenBroker` sets on packets. */
export const packetBytesMax = 65_536;

/** The real command as a child process, on free ports of the loopback interface. */
export interface BrokerProcess {
  readonly port: number;
  readonly url: string;
  /** Of all its listeners; `url` is the first. */
  readonly urls: readonly string[];
  /** The certificate that clients must trust; made by the broker itself. */
  readonly caFile: string;
  /** Ends it as a user would, and fails when it does not end well. */
  stop(): Promise<void>;
}

/** Anonymous and plain, with the small limit, the refused filter and the fast `$SYS` that the tests ask for. */
export function startOpenBroker(): Promise<BrokerProcess> {
  const configuration = [
    "access:",
    '  - { deny: subscribe, topic: "test/nosubscribe" }',
    "limits:",
    `  packetBytesMax: ${packetBytesMax}`,
    "sysIntervalSeconds: 1",
    "",
  ].join("\n");
  return start(["--open", "--mqtt", "0"], configuration);
}

/** TLS with a certificate of its own making, and the demonstration accounts; `flags` may ask for other listeners. */
export function startDemoBroker(...flags: readonly string[]): Promise<BrokerProcess> {
  return start(["--demo", "--contract", "none", ...(flags.length > 0 ? flags : ["--mqtts", "0"])], undefined);
}

async function start(flags: readonly string[], configuration: string | undefined): Promise<BrokerProcess> {
  const directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-interop-"));
  const args = ["serve", ...flags, "--data", join(directory, "data"), "--log-level", "warn"];
  if (configuration !== undefined) {
    writeFileSync(join(directory, "broker.yaml"), configuration);
    args.push("--config", join(directory, "broker.yaml"));
  }
  // Coverage is measured on the sources, not on what was built from them.
  const { NODE_V8_COVERAGE: _coverage, NODE_OPTIONS: _options, ...env } = process.env;
  const child = spawn(process.execPath, [join(root, "dist/cli/main.js"), ...args], {
    cwd: directory,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  // A test run that ends early leaves no broker behind.
  process.once("exit", () => child.kill("SIGKILL"));
  const urls = await readyUrls(child).catch((error: unknown) => {
    child.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
    throw error;
  });
  const [url = ""] = urls;
  return {
    url,
    urls,
    port: Number(new URL(url).port),
    caFile: join(directory, "data/tls/ca.crt"),
    stop: async () => {
      await stop(child);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The URLs of the line `ready URL…`. */
async function readyUrls(child: ChildProcess): Promise<string[]> {
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const timeout = setTimeout(() => child.kill("SIGKILL"), readyMillisecondsMax);
  try {
    return await new Promise((resolve, reject) => {
      child.once("close", (code) =>
        reject(new Error(`the broker ended with ${code} and was not ready; it said:\n${said}`)),
      );
      createInterface({ input: child.stdout! }).on("line", (line) => {
        said += `${line}\n`;
        if (line.startsWith("ready ")) resolve(line.split(" ").slice(1));
      });
    });
  } finally {
    clearTimeout(timeout);
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) throw new Error(`the broker had ended before with ${child.exitCode}`);
  const exited = once(child, "exit", { signal: AbortSignal.timeout(stopMillisecondsMax) });
  child.kill("SIGTERM");
  const [code] = await exited.catch(() => {
    child.kill("SIGKILL");
    throw new Error(`the broker did not end within ${stopMillisecondsMax} ms of SIGTERM`);
  });
  if (code !== 0) throw new Error(`the broker ended with ${code}`);
}
