import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const program = "/usr/sbin/mosquitto";
const readyMillisecondsMax = 10_000;
const attemptsMax = 3;

/** A Mosquitto on a port of loopback, without accounts and with an empty memory. */
export interface MosquittoProcess {
  readonly port: number;
  /** Ends it and removes its directory. */
  stop(): Promise<void>;
}

/** The version that is installed, as `2.0.11`; undefined when there is none. */
export function mosquittoVersion(): string | undefined {
  const { stdout } = spawnSync(program, ["-h"], { encoding: "utf8", timeout: readyMillisecondsMax });
  return /mosquitto version (\S+)/.exec(stdout ?? "")?.[1];
}

/** Starts a Mosquitto; a port that somebody else took meanwhile is tried again. */
export async function startMosquitto(): Promise<MosquittoProcess> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (attempt === attemptsMax) throw error;
    }
  }
}

async function start(port: number): Promise<MosquittoProcess> {
  const directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-mosquitto-"));
  const configuration = join(directory, "mosquitto.conf");
  writeFileSync(
    configuration,
    [
      `listener ${port} 127.0.0.1`,
      "allow_anonymous true",
      "persistence false",
      "sys_interval 0",
      "log_dest stderr",
      "connection_messages false",
      "",
    ].join("\n"),
  );
  const child = spawn(program, ["-c", configuration], { stdio: ["ignore", "ignore", "pipe"] });
  const kill = (): boolean => child.kill("SIGKILL");
  process.once("exit", kill);
  const stop = async (): Promise<void> => {
    process.removeListener("exit", kill);
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await running(child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, stop };
}

/** Resolves when it says that it runs; rejects when it ends first or takes too long. */
async function running(child: ChildProcess): Promise<void> {
  let said = "";
  const timeout = setTimeout(() => child.kill("SIGKILL"), readyMillisecondsMax);
  try {
    await new Promise<void>((resolve, reject) => {
      child.stderr?.on("data", (chunk: Buffer) => {
        said += chunk.toString();
        if (/mosquitto version \S+ running/.test(said)) resolve();
      });
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`mosquitto ended with ${code} and was not ready: ${said}`)));
    });
  } finally {
    clearTimeout(timeout);
  }
}

/** Mosquitto cannot ask the system for a port itself. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("the system gave no port");
  return address.port;
}
