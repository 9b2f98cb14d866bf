import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const programMillisecondsMax = 180_000;
const readyMillisecondsMax = 30_000;
const stopMillisecondsMax = 15_000;

export const root: string = new URL("../..", import.meta.url).pathname;

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const children = new Set<ChildProcess>();
// A test run that ends early leaves nothing behind.
process.once("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

/** Runs a program to its end, which comes after three minutes at the latest. */
export async function run(directory: string, command: string, ...args: readonly string[]): Promise<Ended> {
  const child = start(directory, command, args);
  const timeout = setTimeout(() => child.kill("SIGKILL"), programMillisecondsMax);
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.on("data", (chunk: Buffer) => {
      said[name] += chunk.toString();
    });
  }
  const [code] = await once(child, "close").finally(() => clearTimeout(timeout));
  return { code, ...said };
}

/** Runs a program that must end with 0. Returns what it wrote to stdout. */
export async function runWell(directory: string, command: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(directory, command, ...args);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

/** A broker that listens. */
export interface Serving {
  readonly child: ChildProcess;
  readonly urls: readonly string[];
  /** Ends it with SIGTERM, and fails when it does not end well. */
  stop(): Promise<void>;
}

/** Starts a program that says `ready URL…`. */
export async function serve(directory: string, command: string, ...args: readonly string[]): Promise<Serving> {
  const child = start(directory, command, args);
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const timeout = setTimeout(() => child.kill("SIGKILL"), readyMillisecondsMax);
  const urls = await new Promise<string[]>((resolve, reject) => {
    child.once("close", (code) => reject(new Error(`it ended with ${code} and was not ready: ${said}`)));
    createInterface({ input: child.stdout! }).on("line", (line) => {
      if (line.startsWith("ready ")) resolve(line.split(" ").slice(1));
    });
  }).finally(() => clearTimeout(timeout));
  return { child, urls, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, "close", { signal: AbortSignal.timeout(stopMillisecondsMax) });
  child.kill("SIGTERM");
  const [code] = await ended.catch(() => {
    child.kill("SIGKILL");
    throw new Error("it did not end with SIGTERM");
  });
  if (code !== 0) throw new Error(`it ended with ${code}`);
}

function start(directory: string, command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, args, { cwd: directory, env: ownEnvironment(), stdio: ["ignore", "pipe", "pipe"] });
  children.add(child);
  child.once("close", () => children.delete(child));
  return child;
}

/** Without what npm and the test runner tell their own children: coverage, a package's name, the outer test. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(
    ([name]) =>
      !/^(?:npm_(?:package|lifecycle|execpath)|NODE_(?:OPTIONS|V8_COVERAGE|TEST_CONTEXT|ENV)|INIT_CWD)/.test(name),
  );
  return Object.fromEntries(entries);
}
