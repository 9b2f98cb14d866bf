import type { Report } from "./persistent-client.ts";

/** What one publisher has sent and what it was promised, by sequence number from 1. */
export class PublisherAccount {
  readonly name: string;
  /** The last one sent. */
  sent = 0;
  acknowledged = 0;
  /** Sent, and answered with a refusal. */
  readonly refused: Set<number> = new Set();

  constructor(name: string) {
    this.name = name;
  }
}

/**
 * What one subscriber is owed and has got of one publisher. A publisher sends again, in order, what was not acknowledged,
 * so the first coming of each message must follow the one before, without a gap.
 */
class Receipts {
  readonly account: PublisherAccount;
  readonly from: number;
  highest: number;
  /** The last one sent before UNSUBACK came. */
  until: number = Number.POSITIVE_INFINITY;
  /** So many times each one came. */
  readonly counts: Map<number, number> = new Map();

  constructor(account: PublisherAccount, from: number) {
    this.account = account;
    this.from = from;
    this.highest = from;
  }
}

/** What a subscriber was promised with its SUBACK: everything that publishers send from then on. */
export class SubscriberAccount {
  readonly name: string;
  readonly #exactlyOnce: boolean;
  readonly #report: Report;
  readonly #receipts: Map<string, Receipts> = new Map();
  /** Messages that came more often than once, where that is allowed. */
  repeated = 0;

  /** @param exactlyOnce everything came and was granted at QoS 2 */
  constructor(name: string, exactlyOnce: boolean, report: Report) {
    this.name = name;
    this.#exactlyOnce = exactlyOnce;
    this.#report = report;
  }

  /** From now on it is owed what this publisher sends. */
  owe(account: PublisherAccount): void {
    if (!this.#receipts.has(account.name)) this.#receipts.set(account.name, new Receipts(account, account.sent));
  }

  /** UNSUBACK has come: nothing is owed, and what is sent from now on must not come. */
  end(): void {
    for (const receipts of this.#receipts.values()) receipts.until = receipts.account.sent;
  }

  /** A message came; one from before the SUBACK is allowed, and owed to nobody. */
  received(publisher: string, sequence: number): void {
    const receipts = this.#receipts.get(publisher);
    if (receipts === undefined || sequence <= receipts.from) return;
    const what = `${this.name}: message ${sequence} of ${publisher}`;
    const count = (receipts.counts.get(sequence) ?? 0) + 1;
    receipts.counts.set(sequence, count);
    if (sequence > receipts.account.sent) this.#report(`${what} was never sent`);
    if (sequence > receipts.until) this.#report(`${what} came, and was sent after UNSUBACK`);
    if (count > 1) {
      this.repeated += 1;
      if (this.#exactlyOnce) this.#report(`${what} came ${count} times at QoS 2`);
      return;
    }
    for (let missing = receipts.highest + 1; missing < sequence; missing += 1) {
      if (!receipts.account.refused.has(missing)) this.#report(`${what} came before message ${missing}`);
    }
    if (sequence < receipts.highest) this.#report(`${what} came behind message ${receipts.highest}`);
    receipts.highest = Math.max(receipts.highest, sequence);
  }

  /** What it still has to get, of messages that were acknowledged; empty when nothing. */
  owed(): string[] {
    const owed: string[] = [];
    for (const { account, highest, until } of this.#receipts.values()) {
      if (until < account.sent) continue;
      let last = account.sent;
      while (last > highest && account.refused.has(last)) last -= 1;
      if (highest < last) owed.push(`${this.name} has ${highest} of ${last} messages of ${account.name}`);
    }
    return owed;
  }
}

/** The members of a shared group together: each message comes to one of them. */
export class GroupAccount {
  readonly name: string;
  readonly #report: Report;
  readonly #accounts: readonly PublisherAccount[];
  readonly #counts: Map<string, Map<number, number>> = new Map();

  constructor(name: string, accounts: readonly PublisherAccount[], report: Report) {
    this.name = name;
    this.#accounts = accounts;
    this.#report = report;
    for (const account of accounts) this.#counts.set(account.name, new Map());
  }

  received(publisher: string, sequence: number): void {
    const counts = this.#counts.get(publisher);
    if (counts === undefined) return;
    const count = (counts.get(sequence) ?? 0) + 1;
    counts.set(sequence, count);
    if (count > 1) this.#report(`${this.name}: message ${sequence} of ${publisher} came ${count} times at QoS 2`);
  }

  owed(): string[] {
    return this.#accounts.flatMap((account) => {
      const counts = this.#counts.get(account.name);
      const missing: number[] = [];
      for (let sequence = 1; sequence <= account.sent; sequence += 1) {
        if (!account.refused.has(sequence) && !counts?.has(sequence)) missing.push(sequence);
      }
      if (missing.length === 0) return [];
      return [`${this.name} lacks ${missing.length} messages of ${account.name}, from ${missing[0]} on`];
    });
  }
}
