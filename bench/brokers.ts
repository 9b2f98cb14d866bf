import { type ChildProcess, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isCommand, startOnCore, stopChild } from "./child.ts";

/** 4 is MQTT 3.1.1, 5 is MQTT 5.0: the protocol's own numbers (§3.1.2.2). */
export type ProtocolVersion = 4 | 5;

/** A broker that was started for one run. */
export interface RunningBroker {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

/** A broker that can be measured. */
export interface Broker {
  readonly name: string;
  readonly release: string;
  readonly versions: readonly ProtocolVersion[];
  start(): Promise<RunningBroker>;
}

const root = join(import.meta.dirname, "..");
const commandPath = join(root, "dist/cli/main.js");
const mosquittoCommand = "mosquitto";
const readyMillisecondsMax = 15_000;

/** Where our broker keeps its state. */
export type StoreKind = "memory" | "disk";

/**
 * Every broker that is here, ours first; the sentences say which are not, and why. With the store on disk, Mosquitto comes
 * twice: as it is, and with its state saved at every change.
 */
export function availableBrokers(store: StoreKind): {
  readonly brokers: readonly Broker[];
  readonly missing: readonly string[];
} {
  const brokers: Broker[] = [];
  const missing: string[] = [];
  if (existsSync(commandPath)) brokers.push(petstore(store));
  else missing.push("petstore-mqtt is not built: npm run build");
  if (isCommand(mosquittoCommand)) {
    brokers.push(mosquitto("mosquitto", ["persistence false"]));
    if (store === "disk") brokers.push(mosquitto("mosquitto-saving", savingAtEveryChange));
  } else missing.push("mosquitto is not installed");
  brokers.push(aedes());
  return { brokers, missing };
}

/** Our own broker, from `dist`; `nodeFlags` go before the program (a profiler's, say). */
export function petstore(store: StoreKind, nodeFlags: readonly string[] = []): Broker {
  return {
    name: "petstore-mqtt",
    release: `${releaseIn(join(root, "package.json"))} on Node ${process.version}`,
    versions: [4, 5],
    async start() {
      const data = mkdtempSync(join(tmpdir(), "petstore-bench-"));
      const flags = ["--open", "--mqtt", "0", "--store", store, "--log-level", "error", "--data", data];
      const child = startOnCore("broker", process.execPath, [...nodeFlags, commandPath, "serve", ...flags]);
      return await readyByLine(child, () => rmSync(data, { recursive: true, force: true }));
    },
  };
}

/** The nearest that Mosquitto comes to keeping what it acknowledges; it does not wait for the disk. */
const savingAtEveryChange = ["persistence true", "autosave_on_changes true", "autosave_interval 1"];

function mosquitto(name: string, persistence: readonly string[]): Broker {
  const help = spawnSync(mosquittoCommand, ["-h"], { encoding: "utf8" });
  return {
    name,
    release: /version (\S+)/.exec(help.stdout)?.[1] ?? "of unknown version",
    versions: [4, 5],
    async start() {
      const directory = mkdtempSync(join(tmpdir(), "mosquitto-bench-"));
      const port = await freePort();
      const lines = [
        `listener ${port} 127.0.0.1`,
        "allow_anonymous true",
        ...persistence,
        `persistence_location ${directory}/`,
        // As root it would become another user, who cannot write there.
        ...(process.getuid?.() === 0 ? ["user root"] : []),
        "log_dest none",
        "set_tcp_nodelay true",
        // Its queues shall not drop, and its window shall not be the limit.
        "max_queued_messages 0",
        "max_inflight_messages 1000",
      ];
      writeFileSync(join(directory, "mosquitto.conf"), `${lines.join("\n")}\n`);
      const child = startOnCore("broker", mosquittoCommand, ["-c", join(directory, "mosquitto.conf")]);
      return await readyByConnecting(child, port, () => rmSync(directory, { recursive: true, force: true }));
    },
  };
}

function aedes(): Broker {
  return {
    name: "aedes",
    release: `${releaseIn(join(root, "node_modules/aedes/package.json"))} on Node ${process.version}`,
    versions: [4],
    start() {
      const script = join(import.meta.dirname, "peers/aedes.ts");
      return readyByLine(startOnCore("broker", process.execPath, ["--import", "tsx", script]), () => {});
    },
  };
}

/** Waits for the line `ready … mqtt://host:port …`. */
async function readyByLine(child: ChildProcess, cleanUp: () => void): Promise<RunningBroker> {
  const said = { stdout: "", stderr: "" };
  const giveUp = setTimeout(() => child.kill("SIGKILL"), readyMillisecondsMax);
  const port = await new Promise<number | undefined>((resolve) => {
    child.stderr!.on("data", (chunk) => {
      said.stderr += chunk;
    });
    child.stdout!.on("data", (chunk) => {
      said.stdout += chunk;
      const found = /^ready\b.*\bmqtt:\/\/\S*:(\d+)\b.*\n/m.exec(said.stdout)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
    child.once("close", () => resolve(undefined));
  });
  clearTimeout(giveUp);
  if (port !== undefined) return runningBroker(child, port, cleanUp);
  cleanUp();
  throw new Error(`the broker ended before it was ready: ${said.stderr.trim() || said.stdout.trim()}`);
}

async function readyByConnecting(child: ChildProcess, port: number, cleanUp: () => void): Promise<RunningBroker> {
  const deadline = performance.now() + readyMillisecondsMax;
  while (performance.now() < deadline && child.exitCode === null) {
    if (await accepts(port)) return runningBroker(child, port, cleanUp);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await stopChild(child);
  cleanUp();
  throw new Error(`nothing listens on port ${port}`);
}

function runningBroker(child: ChildProcess, port: number, cleanUp: () => void): RunningBroker {
  return {
    pid: child.pid!,
    port,
    async stop() {
      await stopChild(child);
      cleanUp();
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function releaseIn(packagePath: string): string {
  return String(JSON.parse(readFileSync(packagePath, "utf8")).version);
}
