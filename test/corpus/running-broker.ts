import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { SysWatch } from "./sys-watch.ts";

/** A broker in a process of its own, and what it says of itself. */
export class RunningBroker {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #watch: SysWatch;
  /** What is there when nobody is but who watches. */
  readonly #idle: Readonly<Record<string, string>>;
  #log = "";

  private constructor(process: ChildProcess, port: number, watch: SysWatch, idle: Readonly<Record<string, string>>) {
    this.#process = process;
    this.port = port;
    this.#watch = watch;
    this.#idle = idle;
    process.stdout?.on("data", (text: Buffer) => {
      this.#log += text.toString();
    });
  }

  static async start(): Promise<RunningBroker> {
    const process = fork(join(import.meta.dirname, "broker-process.ts"), {
      execArgv: ["--import", "tsx"],
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    const [port] = (await Promise.race([once(process, "message"), once(process, "exit").then(() => [])])) as [number?];
    assert.ok(port !== undefined, "the broker did not start");
    const watch = await SysWatch.open(port);
    return new RunningBroker(process, port, watch, await watch.fresh());
  }

  /** It runs, and has made no mistake that it knows of. */
  check(): void {
    assert.equal(this.#process.exitCode ?? this.#process.signalCode, null, "the process ended");
    assert.equal(this.#log, "", "something was logged as an error");
  }

  /** Waits until nothing is there but who watches. */
  async isIdle(): Promise<void> {
    await this.#watch.becomes(this.#idle);
  }

  async close(): Promise<void> {
    await this.#watch.close();
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exit = once(this.#process, "exit");
    this.#process.disconnect();
    await exit;
  }
}
