import { dirname, relative, resolve as resolvePath } from "node:path";
import { stringify } from "yaml";
import { isValueList, isValueMap, type ReadFile, Sources, type Value } from "./sources.ts";

/** A document that needs no other files. */
export interface BundledDocument {
  readonly yaml: string;
  readonly json: string;
}

/** Where the other files are put: an extension, so that every tool leaves it alone. */
const filesKey = "x-files";

/**
 * A document with the files that it refers to put into it, whole, under `x-files`; references lead there then. One that
 * refers to no other file stays as it was written, comments and all.
 * @param file its path
 * @throws when a file cannot be read
 */
export function bundleDocument(file: string, read: ReadFile): BundledDocument {
  const path = resolvePath(file);
  const bundler = new Bundler(path, new Sources(read));
  const root = bundler.copy(bundler.open(path), path);
  const isAlone = bundler.files.size === 0;
  const whole = isAlone || !isValueMap(root) ? root : { ...root, [filesKey]: Object.fromEntries(bundler.files) };
  return { yaml: isAlone ? read(path) : stringify(whole), json: JSON.stringify(whole, null, 2) };
}

class Bundler {
  /** What is put in: path relative to the document → content. */
  readonly files: Map<string, Value> = new Map();
  readonly #document: string;
  readonly #sources: Sources;

  constructor(document: string, sources: Sources) {
    this.#document = document;
    this.#sources = sources;
  }

  open(path: string): Value {
    return this.#sources.open(path) ?? null;
  }

  /** A value of the file at `path`, with its references led to where their targets stand now. */
  copy(value: Value, path: string): Value {
    if (isValueList(value)) return value.map((item) => this.copy(item, path));
    if (!isValueMap(value)) return value;
    const copy: Record<string, Value> = {};
    for (const [key, item] of Object.entries(value)) {
      const isReference = key === "$ref" && typeof item === "string";
      const copied = isReference ? this.#reference(item, path) : this.copy(item, path);
      Object.defineProperty(copy, key, { value: copied, enumerable: true, writable: true, configurable: true });
    }
    return copy;
  }

  #reference(reference: string, from: string): string {
    const [file = "", pointer = ""] = reference.split("#", 2);
    if (/^[a-z][a-z+.-]*:/i.test(file)) return reference;
    const path = file === "" ? from : resolvePath(dirname(from), decodeURIComponent(file));
    if (path === this.#document) return `#${pointer}`;
    return `#/${filesKey}/${pointerToken(this.#put(path))}${pointer}`;
  }

  #put(path: string): string {
    const name = relative(dirname(this.#document), path);
    if (!this.files.has(name)) {
      // Before it is copied: files may refer to each other.
      this.files.set(name, null);
      this.files.set(name, this.copy(this.open(path), path));
    }
    return name;
  }
}

function pointerToken(name: string): string {
  return encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1"));
}
