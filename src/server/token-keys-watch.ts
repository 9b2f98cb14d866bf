import { dirname } from "node:path";
import type { Logger } from "pino";
import { FileWatch } from "./file-watch.ts";
import type { TokenKeys } from "./token-keys.ts";

/** What a watch is made of. */
export interface TokenKeysWatchOptions {
  readonly file: string;
  /** What the file said when it was read. */
  readonly text: string;
  /** Reads it; rejects with a sentence when it cannot be used. */
  readonly load: () => Promise<TokenKeys>;
  readonly log: Logger;
  /** Called with keys that are in force from here on. */
  readonly changed: (keys: TokenKeys) => void;
}

/**
 * Reads the keys of tokens again when their file changes. One that is broken or gone leaves the keys in force. Connections
 * stay: each ends with its token.
 */
export class TokenKeysWatch {
  readonly #options: TokenKeysWatchOptions;
  #text: string;
  /** The last problem that was logged. */
  #problem = "";
  #files: FileWatch | undefined = undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(options: TokenKeysWatchOptions) {
    this.#options = options;
    this.#text = options.text;
  }

  start(): void {
    const { file, log } = this.#options;
    this.#files = new FileWatch([dirname(file)], log, () => void this.look());
    // It may have changed since it was read.
    void this.look();
  }

  stop(): void {
    this.#files?.stop();
  }

  /** Looks now. Resolves when the keys of the file are in force; never rejects. */
  look(): Promise<void> {
    this.#work = this.#work.then(() => this.#read());
    return this.#work;
  }

  async #read(): Promise<void> {
    const { file, load, log, changed } = this.#options;
    try {
      const keys = await load();
      this.#problem = "";
      if (keys.text === this.#text) return;
      this.#text = keys.text;
      changed(keys);
      log.info(`the token keys of ${file} are in force`);
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#problem) log.error(`the token keys in force stay: ${message}`);
      this.#problem = message;
    }
  }
}
