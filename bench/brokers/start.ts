import type { ChildProcess } from "node:child_process";
import { type AddressInfo, connect, createServer } from "node:net";
import type { RunningBroker } from "../broker.ts";
import { stopChild } from "../child.ts";
import type { GeneratorOptions } from "../load/generator.ts";

const readyMillisecondsMax = 120_000;

/** Waits for the line `ready … mqtt://host:port …`, or mqtts. */
export async function readyByLine(
  child: ChildProcess,
  options: GeneratorOptions,
  cleanUp: () => void,
): Promise<RunningBroker> {
  const said = { stdout: "", stderr: "" };
  const giveUp = setTimeout(() => child.kill("SIGKILL"), readyMillisecondsMax);
  const port = await new Promise<number | undefined>((resolve) => {
    child.stderr!.on("data", (chunk) => {
      said.stderr += chunk;
    });
    child.stdout!.on("data", (chunk) => {
      said.stdout += chunk;
      const found = /^ready\b.*\bmqtts?:\/\/\S*:(\d+)\b.*\n/m.exec(said.stdout)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
    child.once("close", () => resolve(undefined));
  });
  clearTimeout(giveUp);
  if (port !== undefined) return runningBroker(child, port, options, cleanUp);
  cleanUp();
  throw new Error(`the broker ended before it was ready: ${said.stderr.trim() || said.stdout.trim()}`);
}

/** Waits until something listens on the port. */
export async function readyByConnecting(
  child: ChildProcess,
  port: number,
  options: GeneratorOptions,
  cleanUp: () => void,
): Promise<RunningBroker> {
  const deadline = performance.now() + readyMillisecondsMax;
  while (performance.now() < deadline && child.exitCode === null) {
    if (await accepts(port)) return runningBroker(child, port, options, cleanUp);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await stopChild(child);
  cleanUp();
  throw new Error(`nothing listens on port ${port}`);
}

/** One that the system gives. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function runningBroker(
  child: ChildProcess,
  port: number,
  options: GeneratorOptions,
  cleanUp: () => void,
): RunningBroker {
  return {
    pid: child.pid!,
    port,
    options,
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
