import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const main: string = join(import.meta.dirname, "../../src/cli/main.ts");
export const tsx: string = import.meta.resolve("tsx");
const commandMillisecondsMax = 30_000;

/** How the command ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command as it runs. */
export interface Running {
  readonly child: ChildProcess;
  /** The URLs of the ready line; rejects when it ends first. */
  readonly ready: Promise<readonly string[]>;
  readonly ended: Promise<Ended>;
  /** What is on stderr so far. */
  stderrText(): string;
}

type Input = string | Buffer;

const children = new Set<ChildProcess>();

/** Starts `petstore-mqtt` from the sources, in `directory`. It is killed after half a minute. */
export function start(directory: string, ...args: readonly string[]): Running {
  return startFor(commandMillisecondsMax, directory, args);
}

/** The same, with something on stdin. */
export function startWithInput(directory: string, input: Input, ...args: readonly string[]): Running {
  return startFor(commandMillisecondsMax, directory, args, input);
}

/** The same, killed after another time. */
export function startFor(millisecondsMax: number, directory: string, args: readonly string[], input?: Input): Running {
  const child = spawn(process.execPath, ["--import", tsx, main, ...args], {
    cwd: directory,
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    timeout: millisecondsMax,
    killSignal: "SIGKILL",
  });
  children.add(child);
  // It may end without having read all of it.
  child.stdin?.on("error", () => {}).end(input);
  let stdout = "";
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = once(child, "close").then(([code, signal]) => {
    children.delete(child);
    return { code, signal, stdout, stderr };
  });
  const ready = new Promise<readonly string[]>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on("line", (line) => {
      stdout += `${line}\n`;
      if (line.startsWith("ready ")) resolve(line.split(" ").slice(1));
    });
    ended.then((end) => reject(new Error(`ended with ${end.code}: ${end.stderr}`)));
  });
  // Who runs a command to its end does not wait for it to be ready.
  ready.catch(() => {});
  return { child, ready, ended, stderrText: () => stderr };
}

/** Ends what a failed test has left running. */
export function killCommands(): void {
  for (const child of children) child.kill("SIGKILL");
}

/** A directory of its own, and how to remove it. */
export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "petstore-mqtt-cli-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
