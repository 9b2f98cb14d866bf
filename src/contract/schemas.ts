import type { SchemaSource } from "./contract.ts";
import type { Place } from "./finding.ts";
import { setOwn } from "./read-values.ts";
import {
  isReference,
  isValueList,
  isValueMap,
  referenceName,
  type Sources,
  type Value,
  type ValueMap,
} from "./sources.ts";

/** Where a rule of a schema stands, and the name of the schema it belongs to. */
export interface RulePlace {
  readonly place: Place;
  /** The component that was referred to last on the way there; empty when there was none. */
  readonly name: string;
}

/** A schema in one piece: its references lead to `#/definitions/…` of its own. */
export interface BundledSchema {
  readonly schema: ValueMap | boolean;
  /** Where a schema of the bundle came from, by identity. */
  readonly origins: ReadonlyMap<object, RulePlaceOf>;
}

/** Finds the place of a keyword. */
export type RulePlaceOf = (keyword: string) => RulePlace;

/**
 * Copies a schema with everything it refers to, over any number of files, so that it stands alone. What AsyncAPI adds to
 * JSON Schema and validators do not know is left out, extensions too.
 */
export function bundleSchema(sources: Sources, { schema, name }: SchemaSource): BundledSchema {
  if (typeof schema === "boolean") return { schema, origins: new Map() };
  const bundler = new Bundler(sources);
  const copy = bundler.bundle(schema, name);
  return { schema: copy, origins: bundler.origins };
}

/** Keywords whose values are data and no schemas. */
export const dataKeywords: ReadonlySet<string> = new Set(["const", "enum", "default", "examples", "required", "type"]);

/** Keywords whose values are mappings from names to schemas. */
const mapKeywords: ReadonlySet<string> = new Set([
  "properties",
  "patternProperties",
  "definitions",
  "$defs",
  "dependencies",
  "dependentSchemas",
]);

/** Words of AsyncAPI and OpenAPI that say nothing about validity. */
const silentKeywords: ReadonlySet<string> = new Set([
  "discriminator",
  "externalDocs",
  "deprecated",
  "example",
  "xml",
  "readOnly",
  "writeOnly",
  "$id",
  "$schema",
  "$comment",
  // Of ajv: it would make the check a promise.
  "$async",
]);

class Bundler {
  readonly origins: Map<object, RulePlaceOf> = new Map();
  readonly #sources: Sources;
  /** Copies of what was referred to, by what it is; the numbers are their names. */
  readonly #definitions: Map<object | boolean, string> = new Map();
  readonly #copies: Record<string, ValueMap | boolean> = {};

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  bundle(schema: ValueMap, name: string): ValueMap {
    const copy = this.#schema(schema, name);
    if (!isValueMap(copy)) return {};
    return Object.keys(this.#copies).length === 0 ? copy : this.#rooted(copy);
  }

  /** A definition of the schema's own gives way: after bundling nothing refers to it. */
  #rooted(copy: ValueMap): ValueMap {
    const rooted: ValueMap = { ...copy, definitions: this.#copies };
    const origin = this.origins.get(copy);
    if (origin !== undefined) this.origins.set(rooted, origin);
    return rooted;
  }

  #schema(value: Value, name: string): Value {
    if (isReference(value)) return this.#reference(value, referenceName(value));
    if (!isValueMap(value)) return value;
    const copy: Record<string, Value> = {};
    this.origins.set(copy, (keyword) => ({ place: this.#sources.place(value, keyword), name }));
    for (const [keyword, item] of Object.entries(value)) {
      if (keyword.startsWith("x-") || silentKeywords.has(keyword)) continue;
      setOwn(copy, keyword, this.#keyword(keyword, item, name));
    }
    return copy;
  }

  #keyword(keyword: string, value: Value, name: string): Value {
    if (dataKeywords.has(keyword)) return value;
    if (isValueList(value)) return value.map((item) => this.#schema(item, name));
    if (!mapKeywords.has(keyword) || !isValueMap(value)) return this.#schema(value, name);
    const copy: Record<string, Value> = {};
    for (const [key, item] of Object.entries(value)) {
      const schema = isValueList(item) ? item : this.#schema(item, name);
      setOwn(copy, key, schema);
    }
    return copy;
  }

  #reference(reference: ValueMap, name: string): Value {
    const target = this.#sources.resolve(reference);
    if (!isValueMap(target) && typeof target !== "boolean") return {};
    let key = this.#definitions.get(target);
    if (key === undefined) {
      key = String(this.#definitions.size);
      // Before it is copied: a schema may refer to itself.
      this.#definitions.set(target, key);
      this.#copies[key] = this.#schema(target, name) as ValueMap | boolean;
    }
    return { $ref: `#/definitions/${key}` };
  }
}
