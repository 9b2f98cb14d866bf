import { accountNameBytesMax } from "./account-name.ts";
import { type StrikeRule, Strikes } from "./strikes.ts";

/** One account from one network: a person who mistypes is not slowed, a guesser gets one guess a minute. */
const pairRule: StrikeRule = { free: 5, forgottenMilliseconds: 60_000, delayMillisecondsMax: 60_000 };

/** One account from anywhere: many addresses together get six guesses a minute. */
const accountRule: StrikeRule = { free: 100, forgottenMilliseconds: 10_000, delayMillisecondsMax: 30_000 };

/** One network with any accounts: one guess a second in the long run. */
const addressRule: StrikeRule = { free: 100, forgottenMilliseconds: 1_000, delayMillisecondsMax: 30_000 };

/** Pairs of account and network that were right once; above it the one that was longest ago is forgotten. */
const knownPairsMax = 50_000;

/** For so long a pair stays known after it was right. */
const knownMilliseconds = 86_400_000;

/**
 * Who failed to log in how often, and who has to wait for it. Three tables: by account and network together, by account,
 * by network. The last two do not hold for a pair that was right within a day, so that a guesser cannot lock out the
 * fleet behind its own address, nor the owner of a name at another one.
 *
 * A network is an IPv4 address, or the first 64 bits of an IPv6 address. Times are milliseconds that never go back.
 */
export class Attempts {
  readonly #pairs = new Strikes(pairRule);
  readonly #accounts = new Strikes(accountRule);
  readonly #networks = new Strikes(addressRule);
  /** When each pair was last right, in that order. */
  readonly #known: Map<string, number> = new Map();

  /** How long this attempt has to wait; 0 when it may be made. The same whether there is such an account or not. */
  waitMilliseconds(name: string, address: string, now: number): number {
    const { account, network, pair } = keysOf(name, address);
    const wait = this.#pairs.waitMilliseconds(pair, now);
    const rightAt = this.#known.get(pair);
    if (rightAt !== undefined && now - rightAt < knownMilliseconds) return wait;
    const others = [this.#accounts.waitMilliseconds(account, now), this.#networks.waitMilliseconds(network, now)];
    return Math.max(wait, ...others);
  }

  failed(name: string, address: string, now: number): void {
    const { account, network, pair } = keysOf(name, address);
    this.#pairs.add(pair, now);
    this.#accounts.add(account, now);
    this.#networks.add(network, now);
  }

  succeeded(name: string, address: string, now: number): void {
    const { pair } = keysOf(name, address);
    this.#pairs.forget(pair);
    this.#known.delete(pair);
    this.#known.set(pair, now);
    if (this.#known.size > knownPairsMax) this.#known.delete(this.#known.keys().next().value!);
  }
}

/** A name too long for an account stands for all such names: what is kept of a stranger's words is short. */
function keysOf(name: string, address: string): { account: string; network: string; pair: string } {
  const account = name.length > accountNameBytesMax ? "" : name;
  const network = networkOf(address);
  return { account, network, pair: `${network} ${account}` };
}

function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  if (address.startsWith("::ffff:") && address.includes(".")) return address.slice("::ffff:".length);
  const [head = "", tail] = address.split("%")[0]!.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  return [...before, ...Array<string>(zeros).fill("0"), ...after].slice(0, 4).join(":");
}
