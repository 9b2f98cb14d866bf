import { Buffer } from "node:buffer";

/** A line of packet notation that says no packet. */
export class NotationError extends Error {
  /** Where in the line, from 1. */
  readonly column: number;

  /**
   * @param column from 1
   * @param message what is wrong there
   */
  constructor(column: number, message: string) {
    super(`column ${column}: ${message}`);
    this.name = "NotationError";
    this.column = column;
  }
}

/** One word of packet notation, with the column where it begins. */
export type Token =
  | { readonly kind: "word"; readonly value: string; readonly column: number }
  | { readonly kind: "number"; readonly value: number; readonly column: number }
  /** `0xNN`. */
  | { readonly kind: "code"; readonly value: number; readonly column: number }
  /** `#N`. */
  | { readonly kind: "identifier"; readonly value: number; readonly column: number }
  | { readonly kind: "text"; readonly value: string; readonly column: number }
  /** `x'00ff'`. */
  | { readonly kind: "bytes"; readonly value: Uint8Array; readonly column: number }
  | { readonly kind: "mark"; readonly value: "=" | ":" | "," | "(" | ")"; readonly column: number }
  | { readonly kind: "end"; readonly value: ""; readonly column: number };

/** Where a reader of tokens stands. */
export class Tokens {
  readonly #tokens: readonly Token[];
  #next = 0;

  /** @throws NotationError for what is no token */
  constructor(line: string) {
    this.#tokens = tokensOf(line);
  }

  /** The next token, that stays. */
  get next(): Token {
    return this.#tokens[this.#next] as Token;
  }

  take(): Token {
    const token = this.next;
    if (token.kind !== "end") this.#next += 1;
    return token;
  }

  /** Takes the next token where it is this mark or word. */
  skip(value: string): boolean {
    const { next } = this;
    if ((next.kind !== "mark" && next.kind !== "word") || next.value !== value) return false;
    this.#next += 1;
    return true;
  }

  /** @throws NotationError when the next token is not this mark */
  expect(mark: string): void {
    if (!this.skip(mark)) throw unexpected(this.next, `"${mark}"`);
  }
}

/** What stood there instead of what was wanted. */
export function unexpected(token: Token, wanted: string): NotationError {
  const found = token.kind === "end" ? "the line ends" : `found ${describe(token)}`;
  return new NotationError(token.column, `${wanted} is wanted, ${found}`);
}

function describe(token: Token): string {
  return token.kind === "bytes" ? "bytes" : JSON.stringify(token.value);
}

const pattern =
  /(?<space>\s+)|(?<text>"(?:[^"\\]|\\.)*")|x'(?<bytes>(?:[0-9a-fA-F]{2})*)'|0x(?<code>[0-9a-fA-F]{2})\b|#(?<identifier>\d+)|(?<word>[A-Za-z0-9_][\w.-]*)|(?<mark>[=:,()])/y;

function tokensOf(line: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < line.length) {
    pattern.lastIndex = at;
    const match = pattern.exec(line);
    if (match === null) throw new NotationError(at + 1, `${JSON.stringify(line[at])} begins nothing`);
    const token = tokenOf(match.groups as Groups, at + 1);
    if (token !== undefined) tokens.push(token);
    at = pattern.lastIndex;
  }
  tokens.push({ kind: "end", value: "", column: line.length + 1 });
  return tokens;
}

type Groups = Readonly<
  Record<"space" | "text" | "bytes" | "code" | "identifier" | "word" | "mark", string | undefined>
>;

function tokenOf(groups: Groups, column: number): Token | undefined {
  const { text, bytes, code, identifier, word, mark } = groups;
  if (text !== undefined) return { kind: "text", value: textOf(text, column), column };
  if (bytes !== undefined) return { kind: "bytes", value: Buffer.from(bytes, "hex"), column };
  if (code !== undefined) return { kind: "code", value: Number.parseInt(code, 16), column };
  if (identifier !== undefined) return { kind: "identifier", value: Number(identifier), column };
  if (mark !== undefined) return { kind: "mark", value: mark as "=", column };
  if (word === undefined) return undefined;
  return /^\d+$/.test(word) ? { kind: "number", value: Number(word), column } : { kind: "word", value: word, column };
}

/** Text is written as in JSON. */
function textOf(quoted: string, column: number): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    throw new NotationError(column, "a text is written as in JSON");
  }
}
