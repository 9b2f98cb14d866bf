import { type ChildProcess, spawn, spawnSync } from "node:child_process";

const commandMillisecondsMax = 15_000;

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs, with what it has said. */
export interface Running {
  /** Resolves when what it said on stdout or stderr matches; rejects when it ends first. */
  said(pattern: RegExp): Promise<void>;
  readonly ended: Promise<Ended>;
  /** As if the machine lost power: no good-bye. */
  kill(): void;
}

const children = new Set<ChildProcess>();

/** Starts a command, which is ended after 15 s at the latest. */
export function start(command: string, ...args: readonly string[]): Running {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], timeout: commandMillisecondsMax });
  children.add(child);
  let stdout = "";
  let stderr = "";
  let hear = (): void => {};
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
    hear();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
    hear();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      children.delete(child);
      resolve({ code, stdout, stderr });
    });
  });
  return {
    ended,
    kill: () => child.kill("SIGKILL"),
    said: (pattern) =>
      new Promise((resolve, reject) => {
        hear = () => {
          if (pattern.test(stdout + stderr)) resolve();
        };
        hear();
        ended.then((end) => reject(new Error(`${command} ended with ${end.code}: ${end.stdout}${end.stderr}`)), reject);
      }),
  };
}

/** Runs a command to its end, and fails unless it ends with 0. Returns what it wrote to stdout. */
export async function run(command: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await start(command, ...args).ended;
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}: ${stdout}${stderr}`);
  return stdout;
}

/** Ends what a test has left running. */
export function killCommands(): void {
  for (const child of children) child.kill("SIGKILL");
}

/** Whether the command can be run and answers as asked. */
export function answers(command: string, args: readonly string[], pattern: RegExp): boolean {
  const { stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", timeout: commandMillisecondsMax });
  return error === undefined && pattern.test(stdout + stderr);
}
