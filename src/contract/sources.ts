import { dirname, resolve as resolvePath } from "node:path";
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLError } from "yaml";
import { type Finding, type FindingCode, findingSeverities, type Place } from "./finding.ts";
import { setOwn, ValueReader } from "./read-values.ts";
import { nearestWord } from "./spelling.ts";

/** What a YAML or JSON document is made of once it is read. */
export type Value = string | number | boolean | null | ValueMap | ValueList;
export interface ValueMap {
  readonly [key: string]: Value;
}
export type ValueList = readonly Value[];

/** Reads a file of a contract. @throws when it cannot be read */
export type ReadFile = (path: string) => string;

interface Source {
  /** As people gave it, or relative to that. */
  readonly file: string;
  readonly path: string;
  readonly lines: LineCounter;
  readonly root: Value | undefined;
}

interface Origin {
  readonly source: Source;
  readonly node: Node;
}

/**
 * The files of a contract, read into plain values that know where they stand: every map and list is an object of its own,
 * and its identity leads back to file, line and column. Collects what is found wrong with them.
 *
 * ```
 *  text ─ yaml ─► nodes with ranges ─► plain values         place(value, key) ─► file:line:column
 *                                        ╰── WeakMap: value → (file, node) ──╯
 * ```
 */
export class Sources {
  readonly findings: Finding[] = [];
  readonly #read: ReadFile;
  readonly #sources: Map<string, Source> = new Map();
  readonly #origins: WeakMap<object, Origin> = new WeakMap();
  /** What was noted already: a schema that many messages share is looked at for each of them. */
  readonly #noted: Set<string> = new Set();

  constructor(read: ReadFile) {
    this.#read = read;
  }

  /** The content of a file; undefined, with findings, when it cannot be understood. */
  open(file: string): Value | undefined {
    return this.#open(file, resolvePath(file), undefined);
  }

  /** Where a value stands, or the value of its `key`. */
  place(value: object, key?: string | number): Place {
    const origin = this.#origins.get(value);
    if (origin === undefined) throw new Error("this value was not read from a file");
    const { source, node } = origin;
    const { line, col } = source.lines.linePos(offsetOf(node, key));
    return { file: source.file, line, column: col };
  }

  /** Notes a finding about a value, or about the value of its `key`. */
  add(code: FindingCode, value: object, key: string | number | undefined, problem: string, hint: string): undefined {
    this.addAt(code, this.place(value, key), problem, hint);
  }

  /** Notes a finding about a place, once. */
  addAt(code: FindingCode, place: Place, problem: string, hint: string): undefined {
    const noted = `${place.file}:${place.line}:${place.column}: ${code}: ${problem}`;
    if (this.#noted.has(noted)) return;
    this.#noted.add(noted);
    this.findings.push({ code, severity: findingSeverities[code], place, problem, hint });
  }

  /**
   * Follows a map that is a reference, over as many steps as it takes. Anything else is returned as it is; undefined, with a
   * finding, when it leads nowhere.
   */
  resolve(value: Value): Value | undefined {
    let current = value;
    for (let steps = 0; isReference(current); steps += 1) {
      if (steps > referencesMax) {
        return this.add(
          "reference-circular",
          current,
          "$ref",
          "This reference leads back to itself",
          "Break the circle",
        );
      }
      const target = this.#target(current);
      if (target === undefined) return undefined;
      current = target;
    }
    return current;
  }

  /** A map with another beneath it: what it says itself wins, at every depth. It stands where `own` does. */
  merge(own: ValueMap, under: ValueMap): ValueMap {
    return this.#merge(own, under, new Set());
  }

  /** @param open what is being merged: schemas refer to themselves */
  #merge(own: ValueMap, under: ValueMap, open: Set<ValueMap>): ValueMap {
    open.add(own);
    const merged: Record<string, Value> = { ...under, ...own };
    for (const [key, value] of Object.entries(own)) {
      const below = Object.hasOwn(under, key) ? under[key] : undefined;
      const deeper = below === undefined ? undefined : this.#mergeable(value, below);
      if (deeper === undefined || deeper.own === deeper.under || open.has(deeper.own)) continue;
      setOwn(merged, key, this.#merge(deeper.own, deeper.under, open));
    }
    open.delete(own);
    this.#origins.set(merged, this.#origins.get(own)!);
    return merged;
  }

  #mergeable(value: Value, below: Value): { own: ValueMap; under: ValueMap } | undefined {
    const own = this.resolve(value);
    const under = this.resolve(below);
    return isValueMap(own) && isValueMap(under) ? { own, under } : undefined;
  }

  #target(reference: ReferenceMap): Value | undefined {
    const { $ref } = reference;
    const siblings = Object.keys(reference).filter((key) => key !== "$ref" && !isAnnotation(key));
    if (siblings.length > 0) {
      return this.add(
        "reference-siblings",
        reference,
        siblings[0],
        `${siblings.join(", ")} beside a $ref would be lost without a word`,
        "Write it into what is referred to, or a component of its own",
      );
    }
    const [path = "", pointer = ""] = $ref.split("#", 2);
    if (/^[a-z][a-z+.-]*:/i.test(path)) {
      return this.add(
        "reference-remote",
        reference,
        "$ref",
        `${path} is not in a local file`,
        "Keep a copy beside the contract and refer to it",
      );
    }
    const root = this.#rootFor(reference, path);
    return root === undefined ? undefined : this.#walk(reference, root, pointer);
  }

  #rootFor(reference: ReferenceMap, path: string): Value | undefined {
    const { source } = this.#origins.get(reference)!;
    if (path === "") return source.root;
    const file = resolvePath(dirname(source.path), decoded(path));
    const shown = source.file.includes("/") ? `${dirname(source.file)}/${path}` : path;
    return this.#open(shown, file, reference);
  }

  #walk(reference: ReferenceMap, root: Value, pointer: string): Value | undefined {
    let current: Value | undefined = root;
    if (pointer !== "" && !pointer.startsWith("/")) {
      return this.add(
        "reference-broken",
        reference,
        "$ref",
        `${reference.$ref} is no path: behind the # stands a /`,
        `Write #/${pointer}, with every step from the top of the file`,
      );
    }
    for (const token of pointerTokens(pointer)) {
      // What stands on the way may be a reference itself.
      const container: Value | undefined = isReference(current) ? this.resolve(current) : current;
      current = childOf(container, token);
      if (current === undefined) {
        return this.add(
          "reference-broken",
          reference,
          "$ref",
          `${reference.$ref} leads nowhere: there is no ${token}`,
          knownKeys(container, token),
        );
      }
    }
    return current;
  }

  #open(file: string, path: string, from: ReferenceMap | undefined): Value | undefined {
    const known = this.#sources.get(path);
    if (known !== undefined) return known.root;
    let text: string;
    try {
      text = this.#read(path);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const why = code === "ENOENT" ? "it does not exist" : code === "EISDIR" ? "it is a directory" : message;
      const place = from === undefined ? { file, line: 1, column: 1 } : this.place(from, "$ref");
      return this.addAt("file-unreadable", place, `${file} cannot be read: ${why}`, "Check the path");
    }
    const lines = new LineCounter();
    const source: Source = { file, path, lines, root: undefined };
    this.#sources.set(path, source);
    return Object.assign(source, { root: this.#parse(source, text) }).root;
  }

  #parse(source: Source, text: string): Value | undefined {
    try {
      const document = parseDocument(text, { lineCounter: source.lines, prettyErrors: false });
      const broken = document.errors.find(({ code }) => code !== "DUPLICATE_KEY");
      // Behind the first mistake of syntax everything looks like another one.
      const told = broken === undefined ? [...document.errors, ...document.warnings] : [broken];
      for (const error of told) this.#addSyntax(source, error);
      return broken !== undefined ? undefined : this.#values(source, document.contents);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      const place: Place = { file: source.file, line: 1, column: 1 };
      return this.addAt("syntax", place, "It is nested too deeply to be read", "Take levels out of it");
    }
  }

  #values(source: Source, root: Node | null): Value {
    return new ValueReader({
      keep: (value, node) => this.#origins.set(value, { source, node }),
      endless: (alias) => {
        const { line, col } = source.lines.linePos(alias.range?.[0] ?? 0);
        const place: Place = { file: source.file, line, column: col };
        const problem = `*${alias.source} stands within what it names, so it has no end`;
        this.addAt("reference-circular", place, problem, "Use a $ref where a schema refers to itself");
      },
    }).read(root);
  }

  #addSyntax({ file, lines }: Source, { code, message, pos }: YAMLError): void {
    const { line, col } = lines.linePos(pos[0]);
    const place: Place = { file, line, column: col };
    if (code === "DUPLICATE_KEY") {
      this.addAt("duplicate-key", place, "This key stands in the mapping twice", "Remove one of them");
    } else {
      this.addAt(
        "syntax",
        place,
        `This is no YAML or JSON: ${message.replace(/\.?\s*$/, "")}`,
        "Mend the line, and the one before it; a text with { } [ ] : or # in it stands in quotes",
      );
    }
  }
}

/** A map that stands for what its `$ref` names. */
export interface ReferenceMap extends ValueMap {
  readonly $ref: string;
}

export function isReference(value: Value | undefined): value is ReferenceMap {
  return isValueMap(value) && typeof value["$ref"] === "string";
}

export function isValueMap(value: Value | undefined): value is ValueMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isValueList(value: Value | undefined): value is ValueList {
  return Array.isArray(value);
}

/** The last part of what a reference names: `StockLevel`. */
export function referenceName({ $ref }: ReferenceMap): string {
  return pointerTokens($ref.split("#", 2)[1] ?? "").at(-1) ?? $ref;
}

/** How many references may stand one behind another. */
const referencesMax = 100;

/** Text for readers, which changes nothing; what other programs add, too. */
function isAnnotation(key: string): boolean {
  return annotations.has(key) || (key.startsWith("x-") && !ownExtensions.has(key));
}

const annotations: ReadonlySet<string> = new Set([
  "title",
  "description",
  "summary",
  "example",
  "examples",
  "default",
  "deprecated",
  "externalDocs",
]);

/** Extensions that mean something here; beside a `$ref` they would be lost. */
const ownExtensions: ReadonlySet<string> = new Set([
  "x-roles",
  "x-schema",
  "x-qos",
  "x-retain",
  "x-minimum-qos",
  "x-wildcard",
  "x-enforcement",
]);

function pointerTokens(pointer: string): readonly string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((token) => decoded(token).replaceAll("~1", "/").replaceAll("~0", "~"));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function childOf(container: Value | undefined, token: string): Value | undefined {
  if (isValueList(container)) return /^\d+$/.test(token) ? container[Number(token)] : undefined;
  return isValueMap(container) && Object.hasOwn(container, token) ? container[token] : undefined;
}

function knownKeys(container: Value | undefined, token: string): string {
  const keys = isValueMap(container) ? Object.keys(container) : [];
  const near = nearestWord(token, keys);
  if (near !== undefined) return `Perhaps ${near} was meant`;
  return keys.length === 0 ? "Check the path behind the #" : `There are ${keys.slice(0, 12).join(", ")}`;
}

function offsetOf(node: Node, key: string | number | undefined): number {
  const start = node.range?.[0] ?? 0;
  if (key === undefined) return start;
  if (isSeq<Node>(node)) return node.items[Number(key)]?.range?.[0] ?? start;
  if (!isMap<Node, Node | null>(node)) return start;
  const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
  return pair?.key.range?.[0] ?? start;
}
