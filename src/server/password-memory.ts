import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Account } from "./accounts.ts";

/** A right password is remembered for so long after it was last used. */
const rightMilliseconds = 3_600_000;

/** A wrong one is answered as wrong for so long without being checked again. */
const wrongMilliseconds = 600_000;

/** Entries of each kind; above it the one that was longest ago is forgotten. */
const entriesMax = 100_000;

interface Right {
  readonly digest: Buffer;
  /** The account that it opened, as it was. */
  readonly passwordHash: string;
  readonly usedAt: number;
}

/**
 * Passwords that were checked, so that a client that comes back need not stand in line for a slow hash. Kept is an HMAC of
 * name and password under a random key of this process, never the password, and nothing on disk.
 */
export class PasswordMemory {
  readonly #key = randomBytes(32);
  /** By account; the last one used is the last one in it. */
  readonly #right: Map<string, Right> = new Map();
  /** By digest, with the time it was found to be wrong. */
  readonly #wrong: Map<string, number> = new Map();

  /** What is kept in place of name and password. */
  digest(name: string, password: Uint8Array): Buffer {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(name));
    return createHmac("sha256", this.#key).update(length).update(name).update(password).digest();
  }

  /** Whether it opens this account now. */
  isRight(account: Account, digest: Buffer, now: number): boolean {
    const right = this.#right.get(account.name);
    if (right?.passwordHash !== account.passwordHash || now - right.usedAt >= rightMilliseconds) return false;
    if (!timingSafeEqual(right.digest, digest)) return false;
    this.keepRight(account, digest, now);
    return true;
  }

  /** Whether it was wrong a while ago, and the accounts are the same. */
  isWrong(digest: Buffer, now: number): boolean {
    const at = this.#wrong.get(digest.toString("base64"));
    return at !== undefined && now - at < wrongMilliseconds;
  }

  keepRight({ name, passwordHash }: Account, digest: Buffer, now: number): void {
    this.#right.delete(name);
    this.#right.set(name, { digest, passwordHash, usedAt: now });
    forgetFirst(this.#right);
  }

  keepWrong(digest: Buffer, now: number): void {
    this.#wrong.set(digest.toString("base64"), now);
    forgetFirst(this.#wrong);
  }

  /** The accounts are others now: what was wrong may be right. */
  accountsChanged(): void {
    this.#wrong.clear();
  }
}

function forgetFirst(entries: Map<string, unknown>): void {
  if (entries.size > entriesMax) entries.delete(entries.keys().next().value!);
}
