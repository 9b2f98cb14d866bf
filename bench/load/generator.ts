import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
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
  /** TLS handshakes that resumed a session. */
  readonly resumed: number;
  readonly latencyMicroseconds: {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly p999: number;
  };
}

const root = join(import.meta.dirname, "../..");

/** By name, as `load --help` lists them. */
export type GeneratorOptions = Readonly<Record<string, number | string>>;

/** Why the generator cannot be compiled here, or undefined when it can. */
export function generatorMissing(): string | undefined {
  if (process.platform !== "linux") return "the load generator needs Linux (epoll, /proc)";
  return compiler() === undefined ? "the load generator needs a C compiler: cc, gcc or clang" : undefined;
}

/**
 * Path of the compiled generator; compiles it when its source is new. Without the headers of OpenSSL it knows no TLS, and
 * says so when it is asked for. Throws an Error that says what is missing.
 */
export function compileGenerator(): string {
  const missing = generatorMissing();
  if (missing !== undefined) throw new Error(missing);
  const directory = import.meta.dirname;
  const files = readdirSync(directory).filter((name) => /\.[ch]$/.test(name));
  const key = createHash("sha256");
  for (const file of files.sort()) key.update(readFileSync(join(directory, file)));
  const program = join(root, ".cache", `load-${key.digest("hex").slice(0, 12)}`);
  if (existsSync(program)) return program;
  mkdirSync(join(root, ".cache"), { recursive: true });
  const unfinished = `${program}.${process.pid}`;
  const sources = files.filter((name) => name.endsWith(".c")).map((name) => join(directory, name));
  const args = ["-std=c11", "-O2", "-Wall", "-Wextra", "-o", unfinished, ...sources];
  const build = (...more: readonly string[]) => spawnSync(compiler()!, [...args, ...more], { encoding: "utf8" });
  const first = build("-DWITH_TLS", "-lssl", "-lcrypto");
  const { status, stderr } = first.status === 0 ? first : build();
  if (status !== 0) throw new Error(`the load generator does not compile:\n${stderr}`);
  renameSync(unfinished, program);
  return program;
}

/** Runs one load to its end. Rejects with the generator's own sentence when the broker broke the protocol. */
export async function runGenerator(mode: string, options: GeneratorOptions): Promise<LoadResult> {
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = startOnCore("generator", compileGenerator(), [mode, ...words]);
  const { code, stdout, stderr } = await outputOf(child);
  if (code !== 0) throw new Error(stderr.trim() || `load: ended with code ${code}`);
  return JSON.parse(stdout) as LoadResult;
}

function compiler(): string | undefined {
  return ["cc", "gcc", "clang"].find(isCommand);
}
