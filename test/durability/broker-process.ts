import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const command = join(import.meta.dirname, "../../dist/cli/main.js");
const readyMillisecondsMax = 30_000;
const stopMillisecondsMax = 30_000;

/** How a broker process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** The built command as a child process: what is killed is what people start. */
export class BrokerProcess {
  readonly child: ChildProcess;
  /** Its port, once it says that it is ready; undefined when it ends first. */
  readonly ready: Promise<number | undefined>;
  readonly ended: Promise<Ended>;
  #stderr = "";

  constructor(directory: string, args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
    // Coverage is measured on the sources, not on what was built from them.
    const { NODE_V8_COVERAGE: _coverage, NODE_OPTIONS: _options, ...env } = process.env;
    this.child = spawn(process.execPath, [command, "serve", ...args], {
      cwd: directory,
      env: { ...env, ...variables },
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(this.child);
    this.child.stderr!.on("data", (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
    this.ended = once(this.child, "close").then(([code, signal]) => {
      running.delete(this.child);
      return { code, signal, stderr: this.#stderr };
    });
    this.ready = this.#readyPort();
  }

  /** What it has said on stderr so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Ends it without a word, as a power switch would. */
  async kill(): Promise<Ended> {
    this.child.kill("SIGKILL");
    return await this.ended;
  }

  /** Ends it as a user would, and throws when it does not end well. */
  async stop(): Promise<void> {
    const timeout = setTimeout(() => this.child.kill("SIGKILL"), stopMillisecondsMax);
    this.child.kill("SIGTERM");
    const { code, signal, stderr } = await this.ended;
    clearTimeout(timeout);
    if (code !== 0) throw new Error(`SIGTERM ended the broker with ${code ?? signal}; it said:\n${stderr}`);
  }

  async #readyPort(): Promise<number | undefined> {
    const timeout = setTimeout(() => this.child.kill("SIGKILL"), readyMillisecondsMax);
    const port = new Promise<number>((resolve) => {
      createInterface({ input: this.child.stdout! }).on("line", (line) => {
        const found = /^ready mqtts?:\/\/\S*:(\d+)/.exec(line)?.[1];
        if (found !== undefined) resolve(Number(found));
      });
    });
    const first = await Promise.race([port, this.ended.then(() => undefined)]);
    clearTimeout(timeout);
    return first;
  }
}

const running: Set<ChildProcess> = new Set();

// A test run that ends early leaves no broker behind.
process.on("exit", killBrokers);

/** Ends what a failed test has left running. */
export function killBrokers(): void {
  for (const child of running) child.kill("SIGKILL");
}
