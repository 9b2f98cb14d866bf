import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { SchemaSource } from "./contract.ts";
import { checkSchema, regularExpression } from "./schema-check.ts";
import { type BundledSchema, bundleSchema, type RulePlace } from "./schemas.ts";
import { isValueList, isValueMap, type Sources, type Value } from "./sources.ts";

/** Why a value does not satisfy its schema. */
export interface SchemaProblem {
  /** With the path to the value: `payload/quantity must be >= 0`. */
  readonly sentence: string;
  /** undefined when the rule has no place of its own. */
  readonly rule: RulePlace | undefined;
}

/** Checks one value; undefined when it is valid, and then nothing was allocated. */
export type Validator = (value: unknown) => SchemaProblem | undefined;

/**
 * Compiles schemas to code, once. Formats are checked by their form only (`fast`): 2026-02-31 passes as a date.
 */
export class SchemaCompiler {
  readonly #sources: Sources;
  readonly #ajvs: Map<string, Ajv> = new Map();

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  /**
   * The validator of a schema; undefined, with findings, when it is none.
   * @param what stands before the path in sentences: `payload`
   */
  compile(
    source: SchemaSource & { readonly dialect: NonNullable<SchemaSource["dialect"]> },
    what: string,
  ): Validator | undefined {
    const bundle = bundleSchema(this.#sources, source);
    const ajv = this.#ajv(source.dialect, namesOfObject(bundle));
    const isSound = checkSchema(this.#sources, ajv, bundle);
    try {
      return validatorOf(ajv.compile(bundle.schema), bundle, what);
    } catch (error) {
      if (!isSound) return undefined;
      const problem = `This is no JSON Schema: ${(error as Error).message.replace(/^strict mode: |\.$/g, "")}`;
      return this.#sources.addAt("schema-invalid", source.place, problem, "Mend the schema");
    }
  }

  /** @param ownProperties costs twice the time, so it is only used where an object of JSON inherits what is asked for */
  #ajv(dialect: "draft-07" | "2020-12", ownProperties: boolean): Ajv {
    const key = `${dialect} ${ownProperties}`;
    const known = this.#ajvs.get(key);
    if (known !== undefined) return known;
    const all = { ...options, ownProperties };
    const ajv = prepared(dialect === "draft-07" ? new Ajv(all) : new Ajv2020(all));
    this.#ajvs.set(key, ajv);
    return ajv;
  }
}

/** Whether a schema asks for properties that every object of JavaScript has: `constructor`, `toString`. */
function namesOfObject({ origins }: BundledSchema): boolean {
  for (const schema of origins.keys()) {
    const { properties, required } = schema as { properties?: Value; required?: Value };
    const names = [
      ...(isValueMap(properties) ? Object.keys(properties) : []),
      ...(isValueList(required) ? required : []),
    ];
    if (names.some((name) => typeof name === "string" && name in Object.prototype)) return true;
  }
  return false;
}

const options = {
  strict: true,
  // `required` of a property that another schema of an allOf describes is common and right.
  strictRequired: false,
  strictTypes: false,
  strictTuples: false,
  // A property may be described by its name and by a pattern.
  allowMatchingProperties: true,
  allErrors: false,
  verbose: true,
  logger: false,
  code: { regExp: Object.assign(regularExpression, { code: "regularExpression" }) },
  // multipleOf: 0.01 must hold for prices such as 0.07, and for 156189.11, which divided by it is off by 2e-9.
  multipleOfPrecision: 6,
} as const;

function prepared(ajv: Ajv): Ajv {
  addFormats.default(ajv, { mode: "fast" });
  // The one of ajv-formats takes hours for a payload of a megabyte of colons.
  ajv.addFormat("url", /^(?:https?|ftp):\/\/[^\s/?#]+(?:[/?#]\S*)?$/i);
  // Those of draft-07 that ajv-formats lacks; characters beyond ASCII pass.
  ajv.addFormat("iri", /^[a-z][a-z0-9+\-.]*:\S*$/i);
  ajv.addFormat("iri-reference", /^\S*$/);
  ajv.addFormat("idn-email", /^[^\s@]+@[^\s@]+$/);
  ajv.addFormat("idn-hostname", /^[^\s/]{1,253}$/);
  // ajv's compares every item with every other: a payload of a megabyte would take minutes.
  ajv.removeKeyword("uniqueItems");
  ajv.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    validate: (isUnique: boolean, items: readonly unknown[]) => !isUnique || areUnique(items),
    error: { message: "must NOT have the same item twice" },
  });
  return ajv;
}

function areUnique(items: readonly unknown[]): boolean {
  return new Set(items.map(canonical)).size === items.length;
}

/** The same text for the same value of JSON, whatever the order of its keys. */
function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const map = value as Record<string, unknown>;
  const keys = Object.keys(map).toSorted();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(map[key])}`).join(",")}}`;
}

function validatorOf(check: ValidateFunction, bundle: BundledSchema, what: string): Validator {
  return (value) => {
    try {
      return check(value) ? undefined : problemOf(check, bundle, what);
    } catch (error) {
      // A schema that refers to itself goes as deep as the payload does.
      if (!(error instanceof RangeError)) throw error;
      return { sentence: `${what} is nested too deeply to be checked`, rule: undefined };
    }
  };
}

function problemOf({ errors }: ValidateFunction, { origins }: BundledSchema, what: string): SchemaProblem {
  const error = errors?.[0];
  if (error === undefined) return { sentence: `${what} is not valid`, rule: undefined };
  const rule = typeof error.parentSchema === "object" ? origins.get(error.parentSchema)?.(error.keyword) : undefined;
  return { sentence: `${what}${error.instancePath} ${messageOf(error)}`, rule };
}

/** What ajv says, with the words that it keeps in its parameters. */
function messageOf({ keyword, params, message }: ErrorObject): string {
  switch (keyword) {
    case "enum":
      return `must be one of ${(params["allowedValues"] as readonly unknown[]).map(String).join(", ")}`;
    case "const":
      return `must be ${JSON.stringify(params["allowedValue"])}`;
    case "additionalProperties":
      return `must not have the property ${JSON.stringify(params["additionalProperty"])}`;
    default:
      return message ?? `breaks ${keyword}`;
  }
}
