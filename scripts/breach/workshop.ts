import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Mutation } from "./mutations.ts";
import type { PlayRequest } from "./scenario-process.ts";

const copied = ["src", "test", "scripts", "docs", "package.json", "tsconfig.json"];
const pureRooms = ["base", "mqtt", "topics", "session", "broker"];
const shellRooms = ["net", "server", "service"];
const roomMillisecondsMax = 180_000;
const fileMillisecondsMax = 60_000;
/** To begin with, and for each scenario: a promise that never comes is waited for so long. */
const playMillisecondsMax = 10_000;
const scenarioMillisecondsMax = 100;

/** A copy of the project in which code may be broken. */
export class Workshop {
  readonly directory: string;
  #copies = 0;
  #player: ChildProcess | undefined;

  constructor(root: string) {
    this.directory = mkdtempSync(join(tmpdir(), "petstore-mqtt-breach-"));
    for (const name of copied) cpSync(join(root, name), join(this.directory, name), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(this.directory, "node_modules"));
  }

  /** Ends what runs and removes the copy. */
  close(): void {
    this.#player?.kill("SIGKILL");
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Breaks the file, asks, and mends it again. */
  async broken<Answer>(file: string, { start, end, text }: Mutation, ask: () => Promise<Answer>): Promise<Answer> {
    const path = join(this.directory, file);
    const whole = readFileSync(path, "utf8");
    writeFileSync(path, whole.slice(0, start) + text + whole.slice(end));
    this.#copies += 1;
    // Modules are loaded once for each place, so what is broken stands at a new one.
    cpSync(join(this.directory, "src"), join(this.#copy, "src"), { recursive: true });
    try {
      return await ask();
    } finally {
      writeFileSync(path, whole);
      rmSync(this.#copy, { recursive: true, force: true });
    }
  }

  /** Whether the file can be loaded at all. */
  async loads(file: string): Promise<boolean> {
    try {
      await import(pathToFileURL(join(this.#copy, file)).href);
      return true;
    } catch {
      return false;
    }
  }

  /** Whether these scenarios come true on the core; what takes too long does not. */
  async playsScenarios(files: readonly string[]): Promise<boolean> {
    if (files.length === 0) return true;
    this.#player ??= fork(join(import.meta.dirname, "scenario-process.ts"), { execArgv: ["--import", "tsx"] });
    const player = this.#player;
    const directory = this.#copies === 0 ? this.directory : this.#copy;
    const request: PlayRequest = { directory, files: files.map((file) => join(this.directory, file)) };
    player.send(request);
    const timeout = setTimeout(
      () => player.kill("SIGKILL"),
      playMillisecondsMax + files.length * scenarioMillisecondsMax,
    );
    const answer = await new Promise<unknown>((resolve) => {
      player.once("message", resolve);
      player.once("exit", () => resolve("ended"));
    });
    clearTimeout(timeout);
    player.removeAllListeners();
    if (answer === "ended") this.#player = undefined;
    return answer === true;
  }

  /** Every scenario. */
  get scenarios(): readonly string[] {
    return readdirSync(join(this.directory, "test/scenarios"), { recursive: true })
      .map((name) => `test/scenarios/${String(name)}`)
      .filter((name) => name.endsWith(".scenario"));
  }

  /** Whether these tests pass; what takes too long does not. */
  passes(files: readonly string[]): Promise<boolean> {
    return this.#run(["--import", "tsx", "--test", ...files], roomMillisecondsMax);
  }

  /** Whether the tests of these files pass that name the statement. */
  async passesOwn(files: readonly string[], id: string): Promise<boolean> {
    const pattern = `/\\b${id.replaceAll(".", "\\.")}\\b/`;
    for (const file of files) {
      // Without the runner's process around it: this is what most of the time goes to.
      const args = ["--import", "tsx", "--test-name-pattern", pattern, file];
      if (!(await this.#run(args, fileMillisecondsMax))) return false;
    }
    return true;
  }

  /** The tests of the file's room, then of its neighbours: of the pure rooms, or of the shell around them. */
  testsAround(file: string): readonly (readonly string[])[] {
    const own = file.split("/")[1] ?? "";
    const rooms = new Set([own, ...(pureRooms.includes(own) ? pureRooms : shellRooms)]);
    return [...rooms].map((room) => testsOf(join(this.directory, "test", room)).map((name) => `test/${room}/${name}`));
  }

  get #copy(): string {
    return join(this.directory, "copies", String(this.#copies));
  }

  /** In a process group of its own, so that nothing that hangs is left behind. */
  async #run(args: readonly string[], millisecondsMax: number): Promise<boolean> {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn("nice", ["-n", "5", process.execPath, "--max-old-space-size=512", ...args], {
      cwd: this.directory,
      env,
      stdio: "ignore",
      detached: true,
    });
    const kill = (): void => {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      process.kill(-child.pid, "SIGKILL");
    };
    const timeout = setTimeout(kill, millisecondsMax);
    process.once("exit", kill);
    const [code] = await once(child, "exit");
    process.removeListener("exit", kill);
    clearTimeout(timeout);
    return code === 0;
  }
}

function testsOf(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.endsWith(".test.ts"));
}
