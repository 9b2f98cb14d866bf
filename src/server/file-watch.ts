import { type FSWatcher, watch } from "node:fs";
import type { Logger } from "pino";

/** A change often comes as several files, one after the other. */
const settleMilliseconds = 300;

/**
 * Says when something changed in a directory: a file written, replaced by another, or reached over a link that was. Who
 * hears it reads the files and sees whether it concerns them. It does not keep the process alive.
 */
export class FileWatch {
  readonly #watchers: FSWatcher[] = [];
  readonly #changed: () => void;
  #timeout: NodeJS.Timeout | undefined = undefined;

  /** @param changed called a moment after the last change */
  constructor(directories: Iterable<string>, log: Logger, changed: () => void) {
    this.#changed = changed;
    for (const directory of new Set(directories)) this.#watch(directory, log);
  }

  stop(): void {
    clearTimeout(this.#timeout);
    for (const watcher of this.#watchers) watcher.close();
  }

  #watch(directory: string, log: Logger): void {
    const failed = ({ message }: Error): void =>
      log.warn(`changes in ${directory} are not noticed by themselves: ${message}; SIGHUP makes the server look`);
    try {
      const watcher = watch(directory, { persistent: false }, () => this.#settle());
      watcher.on("error", failed);
      this.#watchers.push(watcher);
    } catch (error) {
      failed(error as Error);
    }
  }

  #settle(): void {
    clearTimeout(this.#timeout);
    this.#timeout = setTimeout(this.#changed, settleMilliseconds).unref();
  }
}
