import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Logger } from "pino";
import type { Principal } from "../broker/authentication.ts";
import type { Policy, PublishRequest, Refusal } from "../broker/policy.ts";
import { type BundledDocument, bundleDocument } from "../contract/bundle.ts";
import { type CompiledContract, compileContract } from "../contract/compile.ts";
import { ContractPolicy } from "../contract/contract-policy.ts";
import { type Finding, findingText } from "../contract/finding.ts";
import { claimsOwnership } from "../contract/rights.ts";
import type { ContractView } from "../server/config.ts";
import { FileWatch } from "../server/file-watch.ts";
import type { PolicyWatch } from "../server/options.ts";
import type { Refusals } from "../server/refusals.ts";
import { readContractFile } from "./contract-file.ts";
import { ConfigError } from "./errors.ts";

/** What a watch is made of. */
export interface ContractWatchOptions {
  /** Path as people gave it. */
  readonly file: string;
  readonly view: ContractView;
  readonly log: Logger;
  /** Hears what was let through and only observed. */
  readonly refusals: Pick<Refusals, "observed">;
  /** Puts the contract together with what else must allow. */
  readonly within: (policy: Policy) => Policy;
}

/** A contract that was read, with every file that it is made of. */
interface Loaded {
  readonly compiled: CompiledContract | undefined;
  readonly findings: readonly Finding[];
  readonly texts: ReadonlyMap<string, string>;
}

/**
 * The contract in force. It is read again when one of its files changes; one with errors leaves the old one in force.
 */
export class ContractWatch implements PolicyWatch {
  readonly #options: ContractWatchOptions;
  #loaded: Loaded;
  #compiled: CompiledContract;
  /** The files of the contract in force, by path. */
  #texts: Loaded["texts"];
  /** Made when it is asked for. */
  #document: BundledDocument | undefined = undefined;
  #policy: Policy;
  #change: (policy: Policy) => void = () => {};
  #watch: FileWatch | undefined = undefined;
  #isStopped = false;

  /** @throws ConfigError with every finding when it cannot be served */
  constructor(options: ContractWatchOptions) {
    this.#options = options;
    this.#loaded = this.#load();
    const { compiled, findings, texts } = this.#loaded;
    if (compiled === undefined) throw new ConfigError(findings.map(findingText).join("\n"));
    this.#compiled = compiled;
    this.#texts = texts;
    this.#policy = this.#policyOf(compiled);
    this.#tell(compiled, findings);
  }

  /** What is in force now, with what else must allow. */
  get policy(): Policy {
    return this.#policy;
  }

  /** The contract in force. */
  get contract(): CompiledContract {
    return this.#compiled;
  }

  /** The contract in force, as a document that needs no other files. */
  get document(): BundledDocument {
    this.#document ??= bundleDocument(this.#options.file, (path) => this.#texts.get(path) ?? "");
    return this.#document;
  }

  start(change: (policy: Policy) => void): void {
    this.#change = change;
    this.#watchFiles();
  }

  stop(): void {
    this.#isStopped = true;
    this.#watch?.stop();
  }

  look(): Promise<void> {
    if (!this.#isStopped && this.#hasChanged()) this.#readAgain();
    return Promise.resolve();
  }

  #readAgain(): void {
    const { log, file } = this.#options;
    this.#loaded = this.#load();
    const { compiled, findings, texts } = this.#loaded;
    this.#watchFiles();
    if (compiled === undefined) {
      log.error(`the contract in force stays: ${findings.map(findingText).join("\n")}`);
      return;
    }
    this.#compiled = compiled;
    this.#texts = texts;
    this.#document = undefined;
    this.#policy = this.#policyOf(compiled);
    this.#tell(compiled, findings);
    log.info(`another contract of ${file} is in force`);
    this.#change(this.#policy);
  }

  #load(): Loaded {
    const texts = new Map<string, string>();
    const { file, view } = this.#options;
    const read = (path: string): string => {
      // A file that cannot be read may come to be: it is watched too.
      texts.set(path, "");
      const text = readContractFile(path);
      texts.set(path, text);
      return text;
    };
    return { ...compileContract(file, { read, view }), texts };
  }

  #hasChanged(): boolean {
    return [...this.#loaded.texts].some(([path, text]) => textOf(path) !== text);
  }

  #watchFiles(): void {
    this.#watch?.stop();
    const directories = [...this.#loaded.texts.keys()].map(dirname);
    this.#watch = new FileWatch(directories, this.#options.log, () => void this.look());
  }

  #policyOf(compiled: CompiledContract): Policy {
    return this.#options.within(
      new ContractPolicy(compiled, claimsOwnership, (who, refusal, publish) => this.#observed(who, refusal, publish)),
    );
  }

  #observed(principal: Principal, refusal: Refusal, publish: PublishRequest): void {
    const { name, clientId } = principal;
    const { reasonString } = refusal;
    this.#options.refusals.observed(principal, refusal, publish);
    this.#options.log.debug({ user: name, clientId }, `let through, and only observed: ${reasonString}`);
  }

  #tell({ contract }: CompiledContract, findings: readonly Finding[]): void {
    const { log, file } = this.#options;
    for (const finding of findings) log.warn(findingText(finding));
    log.info(`contract: ${contract.title} ${contract.version} (${file}), ${contract.channels.length} channels`);
  }
}

/** Empty when it cannot be read. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
