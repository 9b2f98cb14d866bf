import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FileInUse, lockFile } from "../store/embedded/lock.ts";
import { AccountsEdit } from "./accounts-edit.ts";
import { type ParsedAccounts, parseAccounts } from "./accounts-file.ts";

/** Bytes of an accounts file. */
const accountsFileBytesMax = 8_388_608;

/** Another command holds the file for as long as it takes to read and write it. */
const lockMillisecondsMax = 10_000;
const lockRetryMilliseconds = 20;

/** Permission bits: who else may write, who else may read. */
const othersWrite = 0o022;
const othersRead = 0o044;

/** An accounts file as it is on disk. */
export interface StoredAccounts extends ParsedAccounts {
  readonly text: string;
  /** Others on this machine can read the hashes. */
  readonly isReadableByOthers: boolean;
}

/**
 * Reads an accounts file; undefined when there is none.
 * @throws Error with a sentence when it cannot be read, is too large, or others may write to it
 */
export async function readAccounts(file: string): Promise<StoredAccounts | undefined> {
  try {
    const stats = await stat(file);
    // A pipe would never be read to its end.
    if (!stats.isFile()) throw new Error(`${file} cannot be read: it is no ordinary file`);
    const { mode, size } = stats;
    if (size > accountsFileBytesMax) throw new Error(`${file} is larger than ${accountsFileBytesMax} bytes`);
    if ((mode & othersWrite) !== 0) {
      throw new Error(
        `others on this machine may write to ${file}, and so make themselves accounts; chmod 600 ${file}`,
      );
    }
    const text = await readFile(file, "utf8");
    return { text, isReadableByOthers: (mode & othersRead) !== 0, ...parseAccounts(file, text) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (code === undefined) throw error;
    throw new Error(`${file} cannot be read: ${message}`);
  }
}

/**
 * Changes an accounts file, or makes it: alone, on what is in it now, and so that a crash leaves either the old or the new
 * one. Its permissions and its owner stay; a new one can be read by the owner of its directory alone.
 * @param change may throw to change nothing
 * @throws Error with a sentence; what `broken` makes of the findings when there are some
 */
export async function changeAccounts(
  file: string,
  change: (edit: AccountsEdit, before: ParsedAccounts) => void,
  broken: (findings: ParsedAccounts["findings"]) => Error,
): Promise<void> {
  try {
    await changeLocked(file, change, broken);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new Error(`${file} cannot be changed: ${message}`);
  }
}

async function changeLocked(...[file, change, broken]: Parameters<typeof changeAccounts>): Promise<void> {
  // What a link points to is replaced, not the link.
  const target = await realpath(file).catch(() => file);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const unlock = await lock(`${target}.lock`);
  try {
    const before = await readAccounts(file);
    if (before !== undefined && before.findings.length > 0) throw broken(before.findings);
    const edit = new AccountsEdit(before?.text);
    change(edit, before ?? { accounts: [], decoyKey: undefined, findings: [] });
    const text = edit.toString();
    // Whatever YAML people wrote: a file that the broker would refuse is never written.
    const { findings } = parseAccounts(file, text);
    if (findings.length > 0) throw broken(findings);
    await replace(target, text);
  } finally {
    unlock();
  }
}

async function lock(path: string): Promise<() => void> {
  const until = performance.now() + lockMillisecondsMax;
  for (;;) {
    try {
      return lockFile(path);
    } catch (error) {
      if (!(error instanceof FileInUse)) throw error;
      if (performance.now() > until) {
        throw new Error(`process ${error.pid ?? "unknown"} is changing the accounts for too long (${path}); try again`);
      }
    }
    await sleep(lockRetryMilliseconds);
  }
}

async function replace(target: string, text: string): Promise<void> {
  const directory = dirname(target);
  const temporary = join(directory, `.${basename(target)}.${randomBytes(6).toString("hex")}`);
  const { uid, gid, mode } = await stat(target).catch(async () => ({ ...(await stat(directory)), mode: 0o600 }));
  try {
    const handle = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      // As root: the server's user must be able to read it.
      if (process.getuid?.() === 0) await handle.chown(uid, gid);
      await handle.chmod(mode & 0o777);
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
  } finally {
    await rm(temporary, { force: true });
  }
  const opened: FileHandle = await open(directory, constants.O_RDONLY);
  await opened.sync().finally(() => opened.close());
}
