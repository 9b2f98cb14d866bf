import { existsSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import type { Logger } from "pino";
import { type DisconnectReasonCode, ReasonCode } from "../mqtt/reason-code.ts";
import type { Account, Accounts } from "./accounts.ts";
import { changeAccounts, readAccounts } from "./accounts-disk.ts";
import { FileWatch } from "./file-watch.ts";
import { hashPassword } from "./password-hash.ts";
import { findingText } from "./yaml-reader.ts";

/** Hashes of old parameters are replaced together, so that a fleet's login does not write the file again and again. */
const rehashMilliseconds = 10_000;

/** What a watch is made of. */
export interface AccountsWatchOptions {
  readonly file: string;
  /** The text that the accounts in force came from; undefined when there was no file. */
  readonly text: string | undefined;
  readonly accounts: Accounts;
  /** Accounts that are in no file; one of the file with the same name takes its place. */
  readonly others: readonly Account[];
  readonly log: Logger;
  /** Called when other accounts are in force. */
  readonly changed: () => void;
}

/** Two hashes of one password. */
interface Rehashed {
  readonly before: string;
  readonly passwordHash: string;
}

/** Ends the connections of accounts; says how many they were. */
export type DisconnectAccounts = (
  names: ReadonlySet<string>,
  reasonCode: DisconnectReasonCode,
  reasonString: string,
) => number;

/**
 * Reads the accounts file again when it changes. Who is gone or has another password loses its connections with 0x87 Not
 * authorized, who has other roles with 0x98 Administrative action, so that it comes back with them; nobody else notices.
 * A file that is broken or gone leaves the accounts in force.
 */
export class AccountsWatch {
  readonly #options: AccountsWatchOptions;
  #text: string | undefined;
  /** The last problem that was logged. */
  #problem = "";
  #disconnect: DisconnectAccounts = () => 0;
  #files: FileWatch | undefined = undefined;
  #timeout: NodeJS.Timeout | undefined = undefined;
  /** Reading and writing, one after the other. */
  #work: Promise<void> = Promise.resolve();
  /** By name. */
  readonly #rehashed: Map<string, Rehashed> = new Map();

  constructor(options: AccountsWatchOptions) {
    this.#options = options;
    this.#text = options.text;
  }

  start(disconnect: DisconnectAccounts): void {
    const { file, log } = this.#options;
    this.#disconnect = disconnect;
    const directories = [file, ...(existsSync(file) ? [realpathSync(file)] : [])].map(dirname);
    if (directories.every(existsSync)) this.#files = new FileWatch(directories, log, () => void this.look());
    // It may have changed since it was read.
    void this.look();
  }

  stop(): void {
    clearTimeout(this.#timeout);
    this.#files?.stop();
    this.#disconnect = () => 0;
  }

  /** Looks now. Resolves when the accounts of the file are in force; never rejects. */
  look(): Promise<void> {
    this.#work = this.#work.then(() => this.#read()).catch((error: Error) => this.#keepOld(error.message));
    return this.#work;
  }

  /** This password was right, and its hash is out of date: it gets a new one in a while. */
  outdated({ name, passwordHash: before }: Account, password: Uint8Array): void {
    void hashPassword(password).then((passwordHash) => {
      this.#rehashed.set(name, { before, passwordHash });
      this.#timeout ??= setTimeout(() => {
        this.#timeout = undefined;
        this.#work = this.#work.then(() => this.#keepRehashed());
      }, rehashMilliseconds).unref();
    });
  }

  async #read(): Promise<void> {
    const { file, accounts, others, log, changed } = this.#options;
    const stored = await readAccounts(file);
    if (stored === undefined) {
      if (this.#text !== undefined) this.#keepOld(`${file} is gone`);
      return;
    }
    if (stored.text === this.#text) return;
    if (stored.findings.length > 0) {
      this.#keepOld(stored.findings.map(findingText).join("\n"));
      return;
    }
    // Whoever writes it in place empties it first, and on a full disk it stays so.
    if (stored.text.trim() === "") {
      this.#keepOld(`${file} is empty; write accounts: [] when there shall be none`);
      return;
    }
    this.#text = stored.text;
    this.#problem = "";
    const names = new Set(stored.accounts.map(({ name }) => name));
    const all = [...stored.accounts, ...others.filter(({ name }) => !names.has(name))];
    const { revoked, regrouped } = accounts.replace(all, stored.decoyKey);
    changed();
    const gone = "This account was removed, or its password changed";
    const ended =
      this.#disconnect(revoked, ReasonCode.NotAuthorized, gone) +
      this.#disconnect(regrouped, ReasonCode.AdministrativeAction, "The roles of this account changed");
    log.info({ accounts: accounts.size, connectionsEnded: ended }, `the accounts of ${file} are in force`);
  }

  #keepOld(problem: string): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.log.error(`the accounts in force stay: ${problem}`);
  }

  async #keepRehashed(): Promise<void> {
    const { file, accounts, log } = this.#options;
    const rehashed = [...this.#rehashed];
    this.#rehashed.clear();
    try {
      let kept: typeof rehashed = [];
      await changeAccounts(
        file,
        (edit, before) => {
          const inFile = new Map(before.accounts.map(({ name, passwordHash }) => [name, passwordHash]));
          kept = rehashed.filter(([name, { before: old }]) => inFile.get(name) === old);
          for (const [name, { passwordHash }] of kept) edit.change(name, { passwordHash });
        },
        (findings) => new Error(findings.map(findingText).join("\n")),
      );
      for (const [name, { before, passwordHash }] of kept) accounts.rehashed(name, before, passwordHash);
    } catch (error) {
      log.warn(`passwords keep their old hashes: ${(error as Error).message}`);
    }
  }
}
