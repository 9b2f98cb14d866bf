import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";

/** Which core a child runs on: brokers on one, the generator on the other, so that they don't take each other's time. */
export type Core = "broker" | "generator";

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.on(signal, () => process.exit(code));
}

const canPin = cpus().length >= 2 && isCommand("taskset");
const canHurry = process.getuid?.() === 0 && isCommand("nice");

/** What the figures depend on: one line for people. */
export const pinning: string = canPin
  ? "broker on core 0, generator on core 1"
  : "not pinned (taskset and two cores are needed): compare with care";

/** Starts a program on its core and ahead of other work where that is allowed. Its stdout is a pipe. */
export function startOnCore(core: Core, command: string, args: readonly string[]): ChildProcess {
  const words = [
    ...(canPin ? ["taskset", "-c", core === "broker" ? "0" : "1"] : []),
    ...(canHurry ? ["nice", "-n", "-15"] : []),
    command,
    ...args,
  ];
  // A process group of its own (detached) is what Linux shares time among when it groups processes automatically.
  const child = spawn(words[0]!, words.slice(1), { stdio: ["ignore", "pipe", "pipe"], detached: true });
  running.add(child);
  child.once("exit", () => running.delete(child));
  if (canHurry) hurry(child);
  return child;
}

/** Asks the child to end and waits until it has; after five seconds it is killed. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  const killer = setTimeout(() => child.kill("SIGKILL"), 5_000);
  child.kill("SIGTERM");
  await exited;
  clearTimeout(killer);
}

/** All that the child prints, and its exit code, once it has ended. */
export async function outputOf(child: ChildProcess): Promise<{ code: number; stdout: string; stderr: string }> {
  const texts = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk) => (texts.stdout += chunk));
  child.stderr?.on("data", (chunk) => (texts.stderr += chunk));
  const [code, signal] = await once(child, "close");
  return { code: code ?? 1, stdout: texts.stdout, stderr: signal === null ? texts.stderr : `ended by ${signal}` };
}

/** Whether the program is there. */
export function isCommand(name: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${name}`]).status === 0;
}

function hurry(child: ChildProcess): void {
  try {
    writeFileSync(`/proc/${child.pid}/autogroup`, "-15");
  } catch {
    // A kernel without automatic groups: nice was enough.
  }
}
