import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { isCommand, outputOf, startOnCore } from "../child.ts";

/** What one run of the generator measured; counts are of the measured time, `lost` and `duplicated` of the whole run. */
export interface LoadResult {
  readonly clients: number;
  readonly seconds: number;
  readonly sent: number;
  readonly delivered: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly unacknowledged: number;
  readonly brokerCpuSeconds: number;
  readonly generatorCpuSeconds: number;
  readonly brokerKilobytes: number;
  readonly brokerKilobytesMax: number;
  readonly brokerKilobytesBefore: number;
  readonly latencyMicroseconds: {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly p999: number;
  };
}

const root = join(import.meta.dirname, "../..");
const source = join(import.meta.dirname, "load.c");

/** Why the generator cannot be compiled here, or undefined when it can. */
export function generatorMissing(): string | undefined {
  if (process.platform !== "linux") return "the load generator needs Linux (epoll, /proc)";
  return compiler() === undefined ? "the load generator needs a C compiler: cc, gcc or clang" : undefined;
}

/** Path of the compiled generator; compiles it when its source is new. Throws an Error that says what is missing. */
export function compileGenerator(): string {
  const missing = generatorMissing();
  if (missing !== undefined) throw new Error(missing);
  const key = createHash("sha256").update(readFileSync(source)).digest("hex").slice(0, 12);
  const program = join(root, ".cache", `load-${key}`);
  if (existsSync(program)) return program;
  mkdirSync(join(root, ".cache"), { recursive: true });
  const unfinished = `${program}.${process.pid}`;
  const args = ["-std=c11", "-O2", "-Wall", "-Wextra", "-o", unfinished, source];
  const { status, stderr } = spawnSync(compiler()!, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`the load generator does not compile:\n${stderr}`);
  renameSync(unfinished, program);
  return program;
}

/** Runs one load to its end. Rejects with the generator's own sentence when the broker broke the protocol. */
export async function runGenerator(mode: string, options: Readonly<Record<string, number>>): Promise<LoadResult> {
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = startOnCore("generator", compileGenerator(), [mode, ...words]);
  const { code, stdout, stderr } = await outputOf(child);
  if (code !== 0) throw new Error(stderr.trim() || `load: ended with code ${code}`);
  return JSON.parse(stdout) as LoadResult;
}

function compiler(): string | undefined {
  return ["cc", "gcc", "clang"].find(isCommand);
}
