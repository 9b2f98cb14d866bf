import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const main = join(import.meta.dirname, "../../src/cli/main.ts");
const tsx = import.meta.resolve("tsx");
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
}

const children = new Set<ChildProcess>();

/** Starts `petstore-mqtt` from the sources, in `directory`. It is killed after half a minute. */
export function start(directory: string, ...args: readonly string[]): Running {
  const child = spawn(process.execPath, ["--import", tsx, main, ...args], {
    cwd: directory,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: commandMillisecondsMax,
    killSignal: "SIGKILL",
  });
  children.add(child);
  let stdout = "";
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = once(child, "close").then(([code, signal]) => {
    children.delete(child);
    return { code, signal, stdout, stderr };
  });
  const ready = new Promise<readonly string[]>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      stdout += `${line}\n`;
      if (line.startsWith("ready ")) resolve(line.split(" ").slice(1));
    });
    ended.then((end) => reject(new Error(`ended with ${end.code}: ${end.stderr}`)));
  });
  // Who runs a command to its end does not wait for it to be ready.
  ready.catch(() => {});
  return { child, ready, ended };
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
