import { dirname } from "node:path";
import type { Logger } from "pino";
import type { Policy } from "../broker/policy.ts";
import type { AccessRule } from "../server/access.ts";
import type { Config } from "../server/config.ts";
import { FileWatch } from "../server/file-watch.ts";
import type { PolicyWatch } from "../server/options.ts";
import { loadConfig } from "./load-config.ts";

/** What a watch is made of. */
export interface RightsWatchOptions {
  /** Path of the configuration file; undefined when there is none, and the rules stay as they are. */
  readonly file: string | undefined;
  /** What it said at the start. */
  readonly config: Config;
  readonly log: Logger;
  /** The contract in force, which may change; undefined when there is none. */
  readonly contract: PolicyWatch | undefined;
  /** What rules come to, beside the contract in force. */
  readonly policyOf: (rules: readonly AccessRule[]) => Policy;
}

/**
 * The rights in force: of the contract, and of `access` in the configuration file. That is read again when it changes; one
 * with mistakes leaves the rules in force. What else changed in it is named, and waits for the next start.
 */
export class RightsWatch implements PolicyWatch {
  readonly #options: RightsWatchOptions;
  #config: Config;
  #policy: Policy;
  /** The last problem or hint that was logged. */
  #said = "";
  #change: (policy: Policy) => void = () => {};
  #files: FileWatch | undefined = undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(options: RightsWatchOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#policy = options.policyOf(options.config.access);
  }

  get policy(): Policy {
    return this.#policy;
  }

  start(change: (policy: Policy) => void): void {
    const { file, log, contract } = this.#options;
    this.#change = change;
    contract?.start(() => this.#changed());
    if (file !== undefined) this.#files = new FileWatch([dirname(file)], log, () => void this.#look(file));
  }

  stop(): void {
    this.#change = () => {};
    this.#options.contract?.stop();
    this.#files?.stop();
  }

  async look(): Promise<void> {
    const { file, contract } = this.#options;
    await contract?.look();
    if (file !== undefined) await this.#look(file);
  }

  #look(file: string): Promise<void> {
    this.#work = this.#work.then(() => this.#read(file));
    return this.#work;
  }

  async #read(file: string): Promise<void> {
    const { log, config: atStart } = this.#options;
    let config: Config;
    try {
      config = await loadConfig(file);
    } catch (error) {
      this.#say(`the access rules in force stay: ${(error as Error).message}`, (sentence) => log.error(sentence));
      return;
    }
    const waiting = keysThatDiffer(atStart, config).filter((key) => key !== "access");
    if (waiting.length > 0) {
      this.#say(`changed in ${file}, and in force from the next start on: ${waiting.join(", ")}`, (sentence) =>
        log.warn(sentence),
      );
    } else this.#said = "";
    const isSame = keysThatDiffer(this.#config, config).every((key) => key !== "access");
    this.#config = config;
    if (isSame) return;
    this.#changed();
    log.info(`the access rules of ${file} are in force`);
  }

  #changed(): void {
    this.#policy = this.#options.policyOf(this.#config.access);
    this.#change(this.#policy);
  }

  #say(sentence: string, say: (sentence: string) => void): void {
    if (sentence !== this.#said) say(sentence);
    this.#said = sentence;
  }
}

/** Keys of a configuration with another meaning: where something stands is none, except that a refusal names a rule's place. */
function keysThatDiffer(one: Config, other: Config): readonly string[] {
  const text = (config: Config, key: keyof Config): string =>
    JSON.stringify(config[key], (name, value) => (name === "place" && key !== "access" ? undefined : value)) ?? "";
  return (Object.keys(one) as (keyof Config)[]).filter((key) => text(one, key) !== text(other, key));
}
