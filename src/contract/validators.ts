import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { SchemaSource } from "./contract.ts";
import { type BundledSchema, bundleSchema, type RulePlace } from "./schemas.ts";
import type { Sources } from "./sources.ts";

/** Why a value does not satisfy its schema. */
export interface SchemaProblem {
  /** With the path to the value: `payload/quantity must be >= 0`. */
  readonly sentence: string;
  /** undefined when the rule has no place of its own. */
  readonly rule: RulePlace | undefined;
}

/** Checks one value; undefined when it is valid, and then nothing was allocated. */
export type Validator = (value: unknown) => SchemaProblem | undefined;

/** What a schema came to: a validator, or a sentence why it is no schema. */
export type CompiledSchema = { readonly validate: Validator } | { readonly problem: string };

/**
 * Compiles schemas to code, once. Formats are checked by their form only (`fast`): 2026-02-31 passes as a date.
 */
export class SchemaCompiler {
  readonly #sources: Sources;
  #draft07: Ajv | undefined = undefined;
  #draft2020: Ajv2020 | undefined = undefined;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  /** @param what stands before the path in sentences: `payload` */
  compile(
    source: SchemaSource & { readonly dialect: NonNullable<SchemaSource["dialect"]> },
    what: string,
  ): CompiledSchema {
    const bundle = bundleSchema(this.#sources, source);
    try {
      const check = this.#ajv(source.dialect).compile(bundle.schema);
      return { validate: (value) => (check(value) ? undefined : problemOf(check, bundle, what)) };
    } catch (error) {
      return { problem: (error as Error).message };
    }
  }

  #ajv(dialect: "draft-07" | "2020-12"): Ajv {
    if (dialect === "draft-07") {
      this.#draft07 ??= prepared(new Ajv(options));
      return this.#draft07;
    }
    this.#draft2020 ??= prepared(new Ajv2020(options));
    return this.#draft2020;
  }
}

const options = {
  strict: true,
  // `required` of a property that another schema of an allOf describes is common and right.
  strictRequired: false,
  strictTypes: false,
  strictTuples: false,
  allErrors: false,
  verbose: true,
  // multipleOf: 0.01 must hold for prices such as 0.07.
  multipleOfPrecision: 9,
} as const;

function prepared(ajv: Ajv): Ajv {
  addFormats.default(ajv, { mode: "fast" });
  return ajv;
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
