import fc from "fast-check";
import { isValueList, isValueMap, type Sources, type Value, type ValueMap } from "../../src/contract/sources.ts";

/** Arrays stay short. */
const itemsMax = 4;

/** What changes nothing about which values there are, or is kept by construction. */
const known: ReadonlySet<string> = new Set([
  ...["type", "title", "description", "$schema", "$defs", "$ref"],
  ...["enum", "const", "oneOf", "pattern", "format", "minLength", "maxLength"],
  ...["minimum", "maximum", "multipleOf", "items", "prefixItems", "minItems", "maxItems"],
  ...["required", "properties", "additionalProperties", "unevaluatedProperties"],
]);

/**
 * Values that a JSON Schema allows, of those that our documents use.
 * @throws Error for a keyword that it does not know: a document that learned one has to teach it here
 */
export function valuesOf(schemaOrReference: Value, sources: Sources): fc.Arbitrary<unknown> {
  const schema = sources.resolve(schemaOrReference);
  if (!isValueMap(schema)) throw new Error(`${JSON.stringify(schema)} is no schema with values`);
  const strange = Object.keys(schema).find((keyword) => !known.has(keyword));
  if (strange !== undefined) throw new Error(`${strange} is a keyword that this cannot make values for`);
  if (Object.hasOwn(schema, "const")) return fc.constant(schema["const"]);
  if (isValueList(schema["enum"])) return fc.constantFrom(...schema["enum"]);
  if (isValueList(schema["oneOf"])) return fc.oneof(...schema["oneOf"].map((each) => valuesOf(each, sources)));
  switch (schema["type"]) {
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.integer({ min: numberAt(schema, "minimum", -1e6), max: numberAt(schema, "maximum", 1e6) });
    case "number":
      return numbers(schema);
    case "string":
      return texts(schema);
    case "array":
      return arrays(schema, sources);
    case "object":
      return objects(schema, sources);
    default:
      throw new Error(`${String(schema["type"])} is a type that this cannot make values of`);
  }
}

function numbers(schema: ValueMap): fc.Arbitrary<number> {
  const min = numberAt(schema, "minimum", -1e6);
  const max = numberAt(schema, "maximum", 1e6);
  const step = schema["multipleOf"];
  if (typeof step !== "number") return fc.double({ min, max, noNaN: true });
  const parts = Math.round(1 / step);
  return fc.integer({ min: Math.ceil(min * parts), max: Math.floor(max * parts) }).map((count) => count / parts);
}

function texts(schema: ValueMap): fc.Arbitrary<string> {
  const { pattern, format } = schema;
  if (typeof pattern === "string") return fc.stringMatching(new RegExp(pattern));
  if (format === "date-time") {
    const between = { min: new Date("2000-01-01"), max: new Date("2100-01-01"), noInvalidDate: true };
    return fc.date(between).map((date) => date.toISOString());
  }
  if (format !== undefined) throw new Error(`${String(format)} is a format that this cannot make texts of`);
  const [minLength, maxLength] = [numberAt(schema, "minLength", 0), numberAt(schema, "maxLength", 20)];
  return fc.string({ unit: "binary", minLength, maxLength });
}

function arrays(schema: ValueMap, sources: Sources): fc.Arbitrary<unknown[]> {
  const first = schema["prefixItems"];
  if (isValueList(first)) return fc.tuple(...first.map((each) => valuesOf(each, sources)));
  const minLength = numberAt(schema, "minItems", 0);
  const maxLength = Math.min(numberAt(schema, "maxItems", itemsMax), minLength + itemsMax);
  return fc.array(valuesOf(schema["items"]!, sources), { minLength, maxLength });
}

function objects(schema: ValueMap, sources: Sources): fc.Arbitrary<object> {
  const properties = isValueMap(schema["properties"]) ? schema["properties"] : {};
  const required = isValueList(schema["required"]) ? schema["required"].map(String) : [];
  const model = Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [name, valuesOf(property, sources)]),
  );
  return fc.record(model, { requiredKeys: required, noNullPrototype: true });
}

function numberAt(schema: ValueMap, keyword: string, otherwise: number): number {
  const value = schema[keyword];
  return typeof value === "number" ? value : otherwise;
}
