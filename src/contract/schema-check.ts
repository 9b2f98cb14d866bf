import type { Ajv, ErrorObject } from "ajv";
import { type BundledSchema, dataKeywords, type RulePlaceOf } from "./schemas.ts";
import { isValueList, isValueMap, type Sources, type Value, type ValueMap } from "./sources.ts";
import { nearestWord } from "./spelling.ts";

/**
 * Finds what a schema says that JSON Schema does not have, each at its own place, and takes it out, so that the rest can be
 * compiled: one mistake does not hide the next.
 * @returns whether nothing is wrong with it
 */
export function checkSchema(sources: Sources, ajv: Ajv, bundle: BundledSchema): boolean {
  const check = new SchemaCheck(sources, ajv);
  check.keywords(bundle);
  check.metaSchema(bundle);
  return check.isSound;
}

/** A pattern as regular expressions are in JSON Schema, or as people write them: `\-` is none of `u`. */
export function regularExpression(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags);
  } catch {
    return new RegExp(pattern);
  }
}

class SchemaCheck {
  isSound = true;
  readonly #sources: Sources;
  readonly #ajv: Ajv;
  readonly #ignored: Set<Value> = new Set();

  constructor(sources: Sources, ajv: Ajv) {
    this.#sources = sources;
    this.#ajv = ajv;
  }

  keywords({ origins }: BundledSchema): void {
    for (const [schema, origin] of origins) {
      if (this.#ignored.has(schema as Value)) continue;
      const map = schema as Record<string, Value>;
      for (const keyword of Object.keys(map))
        if (!Object.hasOwn(this.#ajv.RULES.keywords, keyword)) this.#unknown(map, keyword, origin);
      this.#format(map, origin);
      this.#patterns(map, origin);
      this.#nullable(map, origin);
    }
  }

  /** What keywords say in a way that JSON Schema does not have: the first of it. */
  metaSchema({ schema, origins }: BundledSchema): void {
    if (typeof schema === "boolean" || this.#ajv.validateSchema(schema) === true) return;
    const error = this.#ajv.errors?.[0];
    const found = error === undefined ? undefined : placeOf(schema, origins, error);
    if (error === undefined || found === undefined) return;
    const { problem, hint } = keywordProblem(found.keyword, found.value, error);
    this.#error(found.origin, found.keyword, problem, hint);
  }

  #unknown(map: Record<string, Value>, keyword: string, origin: RulePlaceOf): void {
    const near = nearestWord(keyword, Object.keys(this.#ajv.RULES.keywords));
    const hint =
      near === undefined
        ? `Write x-${keyword} if it is for readers, or remove it`
        : `Perhaps ${near} was meant; what is for readers begins with x-`;
    this.#error(origin, keyword, `JSON Schema has no ${keyword}, so it checks nothing`, hint);
    this.#ignore(map[keyword]!);
    delete map[keyword];
  }

  /** What stands in what is no schema is none either. */
  #ignore(value: Value): void {
    if (typeof value !== "object" || value === null || this.#ignored.has(value)) return;
    this.#ignored.add(value);
    for (const each of Object.values(value)) this.#ignore(each as Value);
  }

  #format(map: Record<string, Value>, origin: RulePlaceOf): void {
    const { format } = map as { format?: Value };
    const { formats } = this.#ajv;
    if (typeof format !== "string" || Object.hasOwn(formats, format)) return;
    delete map["format"];
    const near = nearestWord(format, Object.keys(formats));
    const hint = near === undefined ? "Add a pattern: if it should be checked" : `Perhaps ${near} was meant`;
    const problem = `The format ${format} is not known here, so it checks nothing`;
    this.#sources.addAt("format-unchecked", origin("format").place, problem, hint);
  }

  #patterns(map: Record<string, Value>, origin: RulePlaceOf): void {
    const { pattern, patternProperties } = map as { pattern?: Value; patternProperties?: Value };
    const named = isValueMap(patternProperties) ? Object.keys(patternProperties) : [];
    const texts: (readonly [string, Value | undefined])[] = named.map((name) => ["patternProperties", name]);
    for (const [keyword, text] of [["pattern", pattern] as const, ...texts]) {
      const problem = typeof text === "string" ? patternProblem(text) : undefined;
      if (problem === undefined) continue;
      delete map[keyword];
      this.#error(origin, keyword, problem, "Write a regular expression of JavaScript");
    }
  }

  /** A word of OpenAPI; it is understood beside a type. */
  #nullable(map: Record<string, Value>, origin: RulePlaceOf): void {
    if (!Object.hasOwn(map, "nullable") || Object.hasOwn(map, "type")) return;
    const isSaid = map["nullable"] === true;
    delete map["nullable"];
    if (!isSaid) return;
    const hint = 'Add type:, or write anyOf: [{ …: … }, { type: "null" }]';
    this.#error(origin, "nullable", "nullable means nothing without a type beside it", hint);
  }

  #error(origin: RulePlaceOf, keyword: string, problem: string, hint: string): void {
    this.isSound = false;
    this.#sources.addAt("schema-invalid", origin(keyword).place, problem, hint);
  }
}

function patternProblem(text: string): string | undefined {
  try {
    regularExpression(text, "u");
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/\.$/, "");
  }
}

interface Found {
  readonly origin: RulePlaceOf;
  readonly keyword: string;
  readonly value: Value | undefined;
}

/** The keyword that an error is about, and whose it is: the last schema on the way there. */
function placeOf(
  schema: ValueMap,
  origins: BundledSchema["origins"],
  { instancePath }: ErrorObject,
): Found | undefined {
  const tokens = instancePath
    .split("/")
    .slice(1)
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
  let found: Found | undefined;
  let current: Value | undefined = schema;
  for (const token of tokens) {
    if (typeof current !== "object" || current === null) break;
    const next: Value | undefined = (current as ValueMap)[token];
    const origin = origins.get(current);
    if (origin !== undefined) found = { origin, keyword: token, value: next };
    if (dataKeywords.has(token) && origin !== undefined) break;
    current = next;
  }
  return found;
}

function keywordProblem(
  keyword: string,
  value: Value | undefined,
  { message = "is wrong" }: ErrorObject,
): { readonly problem: string; readonly hint: string } {
  const text = JSON.stringify(value) ?? "nothing";
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  switch (keyword) {
    case "type":
      return {
        problem: `type cannot be ${short}`,
        hint: "Write array, boolean, integer, null, number, object or string, or a list of them",
      };
    case "required":
      return {
        problem: `required must be a list of names, not ${short}`,
        hint: "Write required: [name] into the schema that has the properties",
      };
    case "exclusiveMinimum":
    case "exclusiveMaximum":
      return { problem: `${keyword} must be a number, not ${short}`, hint: "Write the bound itself there" };
    default:
      return {
        problem: `${keyword} ${message}, not ${short}`,
        hint: `Write what JSON Schema has for ${keyword}${isValueList(value) ? ", no list" : ""}`,
      };
  }
}
