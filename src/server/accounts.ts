import { isUtf8 } from "node:buffer";
import { randomBytes } from "node:crypto";
import { hash, type Options, verify } from "@node-rs/argon2";

/** Someone with a password. */
export interface Account {
  readonly name: string;
  readonly roles: readonly string[];
  /** argon2id in the PHC string format. */
  readonly passwordHash: string;
}

/** The accounts, asked at CONNECT. */
export interface Accounts {
  readonly size: number;
  /** The account of this name, if that is its password. An unknown name takes as long as a wrong password. */
  verify(name: string, password: Uint8Array): Promise<Account | undefined>;
}

/** argon2id (the library's default) with 19 MiB, two passes, one lane: 20-40 ms. */
const cost: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** A salted hash to be kept for a password. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, cost);
}

/**
 * Accounts in memory.
 * @throws Error when two have the same name
 */
export async function createAccounts(accounts: readonly Account[]): Promise<Accounts> {
  const byName = new Map(accounts.map((account) => [account.name, account]));
  if (byName.size < accounts.length) throw new Error("two accounts have the same name: each name may be given once");
  const decoyHash = await hash(randomBytes(32).toString("hex"), cost);
  return {
    size: byName.size,
    async verify(name, password) {
      const account = byName.get(name);
      // The library takes only text, and only text was hashed: what is none is wrong, after the same time.
      const isText = isUtf8(password);
      const isPassword = await verify(account?.passwordHash ?? decoyHash, isText ? password : "");
      return isText && isPassword ? account : undefined;
    },
  };
}
