import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import type { Account, Accounts } from "./accounts.ts";
import type { Attempts } from "./attempts.ts";
import { hashPassword, isOutdated, isPassword } from "./password-hash.ts";
import { PasswordMemory } from "./password-memory.ts";

/** The account that name and password open, or why none. */
export type PasswordAnswer =
  | { readonly kind: "right"; readonly account: Account }
  | { readonly kind: "wrong" | "tooOften" | "busy" };

/** What checking passwords stands on. */
export interface PasswordChecksOptions {
  readonly accounts: Accounts;
  readonly attempts: Attempts;
  /** Milliseconds that never go back. */
  readonly now: () => number;
  /** Told when a password was right and its hash was made with parameters of another day. */
  readonly outdated: (account: Account, password: Uint8Array) => void;
}

/**
 * Hashes at one time: one of the four threads of the pool stays for files, and one core for the broker. Each takes 19 MiB.
 */
const hashesMax = Math.max(1, Math.min(3, availableParallelism() - 1));

/** How many may wait for a hash; more is refused. At 10 to 40 ms each all are answered before `connectTimeoutSeconds`. */
export const waitingMax = 200;

/**
 * Checks names and passwords: out of memory at once, else with argon2id, a few at a time, unless there were too many wrong
 * ones. A name without an account takes as long as a wrong password, and counts like it.
 */
export class PasswordChecks {
  readonly #options: PasswordChecksOptions;
  readonly #memory = new PasswordMemory();
  /** A fleet with one account comes with one password: it is hashed once. */
  readonly #underWay: Map<string, Promise<PasswordAnswer>> = new Map();
  readonly #waiting: (() => void)[] = [];
  readonly #decoyHash: Promise<string> = hashPassword(randomBytes(32));
  #hashes = 0;

  constructor(options: PasswordChecksOptions) {
    this.#options = options;
  }

  async check(name: string, password: Uint8Array, address: string): Promise<PasswordAnswer> {
    const { accounts, attempts, now } = this.#options;
    const account = accounts.find(name);
    const digest = this.#memory.digest(name, password);
    if (account !== undefined && this.#memory.isRight(account, digest, now())) {
      attempts.succeeded(name, address, now());
      return { kind: "right", account };
    }
    if (this.#memory.isWrong(digest, now())) return { kind: "wrong" };
    const key = digest.toString("base64");
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    if (attempts.waitMilliseconds(name, address, now()) > 0) return { kind: "tooOften" };
    if (this.#waiting.length >= waitingMax) return { kind: "busy" };
    const answer = this.#checkInTurn(name, password, digest, address).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, answer);
    return answer;
  }

  /** The accounts are others now. */
  accountsChanged(): void {
    this.#memory.accountsChanged();
  }

  async #checkInTurn(name: string, password: Uint8Array, digest: Buffer, address: string): Promise<PasswordAnswer> {
    if (this.#hashes >= hashesMax) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#hashes += 1;
    try {
      return await this.#hash(name, password, digest, address);
    } finally {
      // The next one takes its place.
      const next = this.#waiting.shift();
      if (next === undefined) this.#hashes -= 1;
      else next();
    }
  }

  async #hash(name: string, password: Uint8Array, digest: Buffer, address: string): Promise<PasswordAnswer> {
    const { accounts, attempts, now, outdated } = this.#options;
    // Those before it in the line may have failed.
    if (attempts.waitMilliseconds(name, address, now()) > 0) return { kind: "tooOften" };
    const account = accounts.find(name);
    const isRight = await isPassword(account?.passwordHash ?? (await this.#decoyHash), password);
    const current = accounts.find(name);
    // It changed meanwhile: neither answer can be trusted, and the Client may try again.
    if (current?.passwordHash !== account?.passwordHash) return { kind: "busy" };
    if (!isRight || current === undefined) {
      attempts.failed(name, address, now());
      this.#memory.keepWrong(digest, now());
      return { kind: "wrong" };
    }
    attempts.succeeded(name, address, now());
    this.#memory.keepRight(current, digest, now());
    if (isOutdated(current.passwordHash)) outdated(current, password);
    return { kind: "right", account: current };
  }
}
