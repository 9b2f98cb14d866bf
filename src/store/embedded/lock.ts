import { execFileSync } from "node:child_process";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Who holds a directory. */
interface Holder {
  readonly pid: number;
  /** When it was started, in the words of its system: another process may get its number. */
  readonly started: string;
}

/** A lock is held by another; `pid` is undefined when it does not say by whom. */
export class FileInUse extends Error {
  override readonly name = "FileInUse";
  readonly pid: number | undefined;

  constructor(lock: string, pid: number | undefined) {
    super(`${lock} is held by process ${pid ?? "unknown"}`);
    this.pid = pid;
  }
}

/**
 * Takes a directory for this process alone, and gives back what lets it go.
 * @throws Error with a sentence that names the process
 */
export function lockDirectory(directory: string): () => void {
  try {
    return lockFile(join(directory, "lock"));
  } catch (error) {
    if (!(error instanceof FileInUse)) throw error;
    throw new Error(
      `The store in ${directory} is in use by process ${error.pid ?? "unknown"}: stop that one, or start with another data directory.`,
    );
  }
}

/**
 * Makes a lock file and gives back what removes it. A lock whose process is no more, also before a reboot or when its
 * number went to another, is taken over.
 *
 * The file is complete from its first moment, and who takes over holds a second one meanwhile, so that of two that come
 * at once one is refused.
 * @throws FileInUse
 */
export function lockFile(lock: string): () => void {
  const own: Holder = { pid: process.pid, started: startOf(process.pid) ?? "" };
  if (!create(lock, own)) takeOver(lock, own);
  return () => {
    if (isSame(read(lock), own)) rmSync(lock, { force: true });
  };
}

function takeOver(lock: string, own: Holder): void {
  const turn = `${lock}.turn`;
  if (isAlive(read(turn))) throw new FileInUse(lock, read(turn)?.pid);
  rmSync(turn, { force: true });
  if (!create(turn, own)) throw new FileInUse(lock, read(turn)?.pid);
  try {
    const holder = read(lock);
    if (isAlive(holder)) throw new FileInUse(lock, holder?.pid);
    write(lock, own);
  } finally {
    rmSync(turn, { force: true });
  }
}

/** False when the file is there. */
function create(path: string, holder: Holder): boolean {
  const written = temporary(path, holder);
  try {
    linkSync(written, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(written, { force: true });
  }
}

function write(path: string, holder: Holder): void {
  renameSync(temporary(path, holder), path);
}

function temporary(path: string, holder: Holder): string {
  const written = `${path}.${holder.pid}`;
  writeFileSync(written, JSON.stringify(holder));
  return written;
}

/** Undefined when there is none, or something that we did not write. */
function read(path: string): Holder | undefined {
  try {
    const { pid, started } = JSON.parse(readFileSync(path, "utf8")) as Partial<Holder>;
    return typeof pid === "number" && typeof started === "string" ? { pid, started } : undefined;
  } catch {
    return undefined;
  }
}

function isSame(one: Holder | undefined, other: Holder): boolean {
  return one?.pid === other.pid && one.started === other.started;
}

function isAlive(holder: Holder | undefined): boolean {
  if (holder === undefined) return false;
  const started = startOf(holder.pid);
  return started === undefined ? answers(holder.pid) : started === holder.started;
}

/** Somebody has this number, and will not say since when. */
function answers(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** When a process was started; undefined when there is none that may be asked. */
function startOf(pid: number): string | undefined {
  try {
    if (process.platform === "linux") {
      // Ticks since the start of the system: the 22nd field, counted behind the name, which may hold anything.
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
      return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${ticks}`;
    }
    const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
    const started = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8", env, stdio: "pipe" });
    return started.trim();
  } catch {
    return undefined;
  }
}
