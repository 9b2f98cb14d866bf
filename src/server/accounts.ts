import { randomBytes } from "node:crypto";
import type { Principal } from "../broker/authentication.ts";
import { hasSameRights } from "../broker/rights.ts";
import type { ScramKeys } from "./scram-keys.ts";

/** Lists of ids or words by name, such as the orders that belong to a customer. */
export type Claims = ReadonlyMap<string, readonly string[]>;

/** Someone with a password. */
export interface Account {
  readonly name: string;
  readonly roles: readonly string[];
  /** What else is known of it; goes into its Principal. */
  readonly claims?: Claims | undefined;
  /** argon2id in the PHC string format. */
  readonly passwordHash: string;
  /** What SCRAM-SHA-256 needs; undefined when it may not be used. */
  readonly scramSha256: ScramKeys | undefined;
}

/** Whose connections must end, when accounts were replaced. */
export interface AccountChanges {
  /** Gone, or with another password. */
  readonly revoked: ReadonlySet<string>;
  /** With other roles or claims. */
  readonly regrouped: ReadonlySet<string>;
}

/** The accounts in force. */
export class Accounts {
  /** What made-up SCRAM keys are made of. */
  #decoyKey: Uint8Array;
  #byName: ReadonlyMap<string, Account>;

  /**
   * @param decoyKey the one of the last start, or else names without SCRAM keys get other salts after each start
   * @throws Error when two have the same name
   */
  constructor(accounts: readonly Account[], decoyKey: Uint8Array | undefined) {
    this.#byName = byName(accounts);
    this.#decoyKey = decoyKey ?? randomBytes(32);
  }

  get size(): number {
    return this.#byName.size;
  }

  get decoyKey(): Uint8Array {
    return this.#decoyKey;
  }

  find(name: string): Account | undefined {
    return this.#byName.get(name);
  }

  /**
   * Puts others in their place. One that did not change stays the same object.
   * @throws Error when two have the same name
   */
  replace(accounts: readonly Account[], decoyKey: Uint8Array | undefined): AccountChanges {
    const before = this.#byName;
    this.#byName = byName(accounts.map((account) => merged(before.get(account.name), account)));
    this.#decoyKey = decoyKey ?? this.#decoyKey;
    const revoked = new Set<string>();
    const regrouped = new Set<string>();
    for (const [name, old] of before) {
      const account = this.#byName.get(name);
      if (account === old) continue;
      if (account === undefined || hasOtherPassword(old, account)) revoked.add(name);
      else if (!hasSameRights(principalOf(old, ""), principalOf(account, ""))) regrouped.add(name);
    }
    return { revoked, regrouped };
  }

  /** Another hash of the same password; nothing when the account has another one meanwhile. */
  rehashed(name: string, before: string, passwordHash: string): void {
    const account = this.find(name);
    if (account?.passwordHash !== before) return;
    this.#byName = new Map(this.#byName).set(name, { ...account, passwordHash });
  }
}

/** Who it is for the rest of the broker, with the Client Identifier it came with. */
export function principalOf({ name, roles, claims }: Account, clientId: string): Principal {
  return { tenant: 0, name, roles, clientId, claims };
}

function byName(accounts: readonly Account[]): ReadonlyMap<string, Account> {
  const map = new Map(accounts.map((account) => [account.name, account]));
  if (map.size < accounts.length) throw new Error("two accounts have the same name: each name may be given once");
  return map;
}

function merged(old: Account | undefined, account: Account): Account {
  if (old === undefined) return account;
  const scramSha256 = isSameKeys(old.scramSha256, account.scramSha256) ? old.scramSha256 : account.scramSha256;
  const isSame = old.passwordHash === account.passwordHash && old.scramSha256 === scramSha256;
  return isSame && hasSameRights(principalOf(old, ""), principalOf(account, "")) ? old : { ...account, scramSha256 };
}

/** Keys that were added to the same hash end nothing. */
function hasOtherPassword(old: Account, account: Account): boolean {
  if (old.passwordHash !== account.passwordHash) return true;
  return old.scramSha256 !== undefined && old.scramSha256 !== account.scramSha256;
}

function isSameKeys(one: ScramKeys | undefined, other: ScramKeys | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  const isSameSalt = one.salt.equals(other.salt) && one.iterations === other.iterations;
  return isSameSalt && one.storedKey.equals(other.storedKey) && one.serverKey.equals(other.serverKey);
}
