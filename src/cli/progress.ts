import type { WriteStream } from "node:tty";

const milliseconds = 250;

/** One line on a terminal that says how far long work is; nothing where nobody looks. */
export class Progress {
  readonly #terminal: Pick<WriteStream, "isTTY" | "write">;
  readonly #now: () => number;
  #nextAt: number;
  #isShown = false;

  /** @param now ms */
  constructor(terminal: Pick<WriteStream, "isTTY" | "write">, now: () => number) {
    this.#terminal = terminal;
    this.#now = now;
    // Short work needs none.
    this.#nextAt = now() + milliseconds;
  }

  show(line: string): void {
    if (!this.#terminal.isTTY || this.#now() < this.#nextAt) return;
    this.#nextAt = this.#now() + milliseconds;
    this.#isShown = true;
    this.#terminal.write(`\r\u001b[K${line}`);
  }

  /** Takes the line away. */
  end(): void {
    if (this.#isShown) this.#terminal.write("\r\u001b[K");
    this.#isShown = false;
  }
}
