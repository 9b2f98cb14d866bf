import { readFileSync } from "node:fs";
import type { Message } from "../session/message.ts";
import { type SysReadings, SysTopics } from "./sys-topics.ts";

/** Publishes `$SYS` again and again. It does not keep the process alive. */
export class SysInterval {
  readonly #topics: SysTopics;
  readonly #read: () => Omit<SysReadings, "heapBytes" | "uptimeSeconds">;
  readonly #published: () => void;
  readonly #startedAt: number = performance.now();
  #interval: NodeJS.Timeout | undefined = undefined;

  /** @param published called when a round is over */
  constructor(
    publish: (message: Message) => void,
    read: () => Omit<SysReadings, "heapBytes" | "uptimeSeconds">,
    published: () => void,
  ) {
    this.#topics = new SysTopics(ownVersion(), publish);
    this.#read = read;
    this.#published = published;
  }

  /** Now, and from now on every so many seconds. */
  start(intervalSeconds: number): void {
    this.#update();
    this.#interval = setInterval(() => this.#update(), intervalSeconds * 1_000).unref();
  }

  stop(): void {
    clearInterval(this.#interval);
  }

  #update(): void {
    this.#topics.update({
      ...this.#read(),
      heapBytes: process.memoryUsage().heapUsed,
      uptimeSeconds: (performance.now() - this.#startedAt) / 1_000,
    });
    this.#published();
  }
}

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return version;
}
