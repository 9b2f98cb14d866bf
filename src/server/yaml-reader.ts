import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
  type YAMLError,
} from "yaml";
import { suggestion } from "./suggestion.ts";

/** What is wrong in a file, where, and how to mend it. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Without its full stop. */
  readonly problem: string;
  readonly mend: string;
}

/** `file:line:column: what is wrong. How to mend it.` */
export function findingText({ file, line, column, problem, mend }: Finding): string {
  return `${file}:${line}:${column}: ${problem}. ${mend}.`;
}

/** A value in the file; null where a key has none. */
export type Value = Node | null;

/** What reads the value of a key. */
export type ValueReader = (value: Value, key: Node) => void;

/**
 * Reads one YAML file strictly and collects everything that is wrong with it. The reading methods return undefined where a
 * finding was made.
 */
export class YamlReader {
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #document: ReturnType<typeof parseDocument<ParsedNode>>;
  readonly findings: Finding[] = [];

  /** @param file as people shall see it */
  constructor(file: string, text: string) {
    this.#file = file;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    for (const error of [...this.#document.errors, ...this.#document.warnings]) this.#addSyntaxError(error);
  }

  /** The whole content; undefined when it is no YAML, so that its meaning cannot be trusted. */
  get root(): Value | undefined {
    const isBroken = this.#document.errors.some(({ code }) => code !== "DUPLICATE_KEY");
    return isBroken ? undefined : this.#document.contents;
  }

  /** `file:line:column` of a node. */
  place(node: Node): string {
    const { line, column } = this.#at(node.range?.[0] ?? 0);
    return `${this.#file}:${line}:${column}`;
  }

  add(node: Node, problem: string, mend: string): undefined {
    this.#addAt(node.range?.[0] ?? 0, problem, mend);
  }

  /** A mapping: each of its keys is read by its reader, and one without is a finding. `what` names it. */
  map(value: Value, owner: Node | undefined, what: string, readers: Readonly<Record<string, ValueReader>>): void {
    const node = this.#resolved(value);
    const known = Object.keys(readers);
    if (!isMap<Node, Value>(node)) {
      this.#addAt(
        startOf(value, owner),
        `${what} must be a mapping`,
        `Write it as { key: value }; keys: ${known.join(", ")}`,
      );
      return;
    }
    for (const { key, value: item } of node.items) {
      const name = isScalar(key) ? String(key.value) : undefined;
      const reader = name !== undefined && Object.hasOwn(readers, name) ? readers[name] : undefined;
      if (reader !== undefined) {
        reader(item, key);
        continue;
      }
      const meant = name === undefined ? undefined : suggestion(name, known);
      const mend = meant === undefined ? `Use one of: ${known.join(", ")}` : `Did you mean ${meant}? If not, remove it`;
      this.add(key, `${what} has no key ${shown(key)}`, mend);
    }
  }

  /** A mapping with keys of people's choice: each of them is read by `read`. */
  entries(value: Value, owner: Node, what: string, read: (name: string, value: Value, key: Node) => void): void {
    const node = this.#resolved(value);
    if (!isMap<Node, Value>(node)) {
      this.#addAt(startOf(value, owner), `${what} must be a mapping`, "Write it as { key: value }");
      return;
    }
    for (const { key, value: item } of node.items) {
      const name = isScalar(key) ? String(key.value) : "";
      if (name === "") this.add(key, `A key of ${what} must be a text`, "Put it in double quotes");
      else read(name, item, key);
    }
  }

  /** A list: each item is read by `read`. */
  list(value: Value, owner: Node, what: string, read: (item: Node) => void): void {
    const node = this.#resolved(value);
    if (!isSeq<Node>(node)) {
      this.#addAt(
        startOf(value, owner),
        `${what} must be a list`,
        "Write each item on a line of its own that begins with -",
      );
      return;
    }
    for (const item of node.items) read(item);
  }

  /** A whole number from `minimum` to `maximum`. */
  integer(value: Value, owner: Node, what: string, minimum: number, maximum: number): number | undefined {
    const found = this.#scalar(value);
    if (typeof found === "number" && Number.isInteger(found) && found >= minimum && found <= maximum) return found;
    const isNumber = typeof found === "number" && Number.isInteger(found);
    const range = `from ${minimum} to ${maximum}`;
    const problem = isNumber
      ? `${what} must be ${range}, not ${found}`
      : `${what} must be a whole number${this.#instead(value)}`;
    return this.#wrong(value, owner, problem, `Write a whole number ${range}`);
  }

  boolean(value: Value, owner: Node, what: string): boolean | undefined {
    const found = this.#scalar(value);
    if (typeof found === "boolean") return found;
    return this.#wrong(value, owner, `${what} must be true or false${this.#instead(value)}`, "Write true or false");
  }

  /** A text that is not empty. */
  text(value: Value, owner: Node, what: string): string | undefined {
    const found = this.#scalar(value);
    if (typeof found === "string" && found !== "") return found;
    return this.#wrong(value, owner, `${what} must be a text${this.#instead(value)}`, "Put it in double quotes");
  }

  /** One of a few words. */
  word<Word extends string>(value: Value, owner: Node, what: string, words: readonly Word[]): Word | undefined {
    const found = this.#scalar(value);
    const word = words.find((each) => each === found);
    if (word !== undefined) return word;
    const meant = typeof found === "string" ? suggestion(found, words) : undefined;
    const mend =
      meant === undefined
        ? `Write one of: ${words.join(", ")}`
        : `Did you mean ${meant}? Otherwise write one of: ${words.join(", ")}`;
    return this.#wrong(value, owner, `${what} cannot be ${shown(value)}`, mend);
  }

  #wrong(value: Value, owner: Node, problem: string, mend: string): undefined {
    this.#addAt(startOf(value, owner), problem, mend);
  }

  #instead(value: Value): string {
    return `, not ${shown(this.#resolved(value))}`;
  }

  #scalar(value: Value): unknown {
    const node = this.#resolved(value);
    return isScalar(node) ? node.value : undefined;
  }

  #resolved(value: Value): Value {
    return isAlias(value) ? (value.resolve(this.#document) ?? null) : value;
  }

  #addSyntaxError({ code, message, pos }: YAMLError): void {
    const [problem, mend] = syntaxSentences[code] ?? [lowerFirst(message), "Put the YAML right here or just before"];
    this.#addAt(pos[0], problem, mend);
  }

  #addAt(offset: number, problem: string, mend: string): void {
    this.findings.push({ file: this.#file, ...this.#at(offset), problem, mend });
  }

  #at(offset: number): { line: number; column: number } {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}

/** The parser's words, where ours are clearer. */
const syntaxSentences: Readonly<Partial<Record<YAMLError["code"], readonly [string, string]>>> = {
  DUPLICATE_KEY: ["this key stands here a second time", "Keep one of the two"],
  TAB_AS_INDENT: ["a tab is used as indentation", "Indent with spaces"],
  MULTIPLE_DOCS: ["a second document begins here", "Remove the line --- and put everything into one document"],
};

function startOf(value: Value, owner: Node | undefined): number {
  return value?.range?.[0] ?? owner?.range?.[0] ?? 0;
}

/** A value as people wrote it, or what kind of thing it is. */
function shown(value: Value): string {
  if (isMap(value)) return "a mapping";
  if (isSeq(value)) return "a list";
  if (!isScalar(value) || value.value === null) return "nothing";
  return typeof value.value === "string" ? JSON.stringify(value.value) : (value.source ?? String(value.value));
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
