import { isUtf8 } from "node:buffer";
import type { Readable, Writable } from "node:stream";

/** Where a password comes from, and where people are asked for it. */
export interface PasswordTerminal {
  readonly stdin: Readable & { readonly isTTY?: boolean; setRawMode?(isRaw: boolean): unknown };
  readonly stderr: Writable;
}

/** Bytes of a password. */
const passwordBytesMax = 1_024;

const controlC = "\u0003";
const controlD = "\u0004";
const controlU = "\u0015";
const backspaces = ["\b", "\u007f"];

/**
 * A new password: asked for twice on a terminal, without showing it; else the first line of stdin.
 * @throws Error with a sentence when there is none, the two differ, or it was given up
 */
export async function readNewPassword(terminal: PasswordTerminal): Promise<string> {
  const password = terminal.stdin.isTTY === true ? await askTwice(terminal) : await readLine(terminal.stdin);
  if (password === "") throw new Error("no password was given; type one, or write it to stdin");
  if (Buffer.byteLength(password) > passwordBytesMax)
    throw new Error(`a password has at most ${passwordBytesMax} bytes`);
  return password;
}

async function readLine(stdin: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk as Buffer);
    chunks.push(bytes);
    length += bytes.length;
    // The line end may be two bytes more.
    if (bytes.includes("\n") || length > passwordBytesMax + 2) break;
  }
  const bytes = Buffer.concat(chunks);
  if (!isUtf8(bytes)) throw new Error("the password on stdin is no UTF-8");
  return bytes.toString().split(/\r?\n/, 1)[0] ?? "";
}

async function askTwice(terminal: PasswordTerminal): Promise<string> {
  const { stdin } = terminal;
  stdin.setRawMode?.(true);
  try {
    const keys = stdin.setEncoding("utf8")[Symbol.asyncIterator]();
    const typed = new TypedKeys(keys);
    const first = await ask(terminal, typed, "Password: ");
    if (first === "") return first;
    if ((await ask(terminal, typed, "The same again: ")) === first) return first;
    throw new Error("the two passwords differ; nothing was changed");
  } finally {
    stdin.setRawMode?.(false);
    stdin.pause();
  }
}

async function ask({ stderr }: PasswordTerminal, typed: TypedKeys, prompt: string): Promise<string> {
  stderr.write(prompt);
  try {
    return await typed.line();
  } finally {
    stderr.write("\n");
  }
}

/** Lines out of single keys, which may come many at once. */
class TypedKeys {
  readonly #chunks: AsyncIterator<string>;
  #keys: string[] = [];

  constructor(chunks: AsyncIterator<string>) {
    this.#chunks = chunks;
  }

  async line(): Promise<string> {
    const line: string[] = [];
    for (;;) {
      const key = await this.#next();
      if (key === undefined || key === controlC || key === controlD) throw new Error("given up; nothing was changed");
      if (key === "\r" || key === "\n") return line.join("");
      if (key === controlU) line.length = 0;
      else if (backspaces.includes(key)) line.pop();
      else if (key >= " ") line.push(key);
    }
  }

  async #next(): Promise<string | undefined> {
    if (this.#keys.length === 0) {
      const { value, done } = await this.#chunks.next();
      if (done === true) return undefined;
      this.#keys = [...value];
    }
    return this.#keys.shift();
  }
}
