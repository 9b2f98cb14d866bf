import { code, table } from "./markdown.ts";
import {
  isReference,
  isValueList,
  isValueMap,
  type ReferenceMap,
  referenceName,
  type Sources,
  type Value,
  type ValueMap,
} from "./sources.ts";

/** A JSON Schema for people, in Markdown: the fields of an object, or one line about anything else. */
export function schemaPage(schema: ValueMap, sources: Sources): readonly string[] {
  for (const [keyword, heading] of combinations) {
    const parts = schema[keyword];
    if (!isValueList(parts)) continue;
    return [`${heading}:`, "", ...parts.flatMap((part) => plainPage(part, sources))];
  }
  return plainPage(schema, sources);
}

const combinations = [
  ["oneOf", "One of these"],
  ["anyOf", "One or more of these"],
  ["allOf", "All of these"],
] as const;

/** Of a part only what stands in it directly: schemas may go round in circles. */
function plainPage(part: Value, sources: Sources): readonly string[] {
  const schema = sources.resolve(part);
  const properties = isValueMap(schema) ? schema["properties"] : undefined;
  if (!isValueMap(schema) || !isValueMap(properties)) {
    const text = typeText(part, sources);
    return [`${text.charAt(0).toUpperCase()}${text.slice(1)}.`, ""];
  }
  const required = isValueList(schema["required"]) ? schema["required"] : [];
  const rows = Object.entries(properties).map(([name, property]) => [
    code(name),
    required.includes(name) ? "required" : "",
    typeText(property, sources),
    description(sources.resolve(property)),
  ]);
  return [...usedColumns(["Field", "Needed", "Type", "Meaning"], rows), ""];
}

/** Without the columns that nothing stands in. */
function usedColumns(heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const used = heads.map((_head, column) => rows.some((cells) => cells[column] !== ""));
  const keep = (cells: readonly string[]): readonly string[] => cells.filter((_cell, column) => used[column]);
  return table(keep(heads), rows.map(keep));
}

function description(schema: Value | undefined): string {
  const text = isValueMap(schema) ? schema["description"] : undefined;
  return typeof text === "string" ? text.trim().replace(/\s*\n\s*/g, " ") : "";
}

function typeText(property: Value, sources: Sources): string {
  const schema = sources.resolve(property);
  if (!isValueMap(schema)) return schema === false ? "nothing" : "anything";
  const values = schema["enum"];
  if (isValueList(values)) return values.map((value) => code(plain(value))).join(", ");
  if (Object.hasOwn(schema, "const")) return code(plain(schema["const"]!));
  const alternatives = schema["oneOf"] ?? schema["anyOf"];
  if (isValueList(alternatives)) return [...new Set(alternatives.map((each) => partText(each, sources)))].join(" or ");
  if (schema["type"] === "array") return `array of ${itemsText(schema, sources)}${bounds(schema, "Items", "items")}`;
  if (schema["type"] === "object" && isReference(property)) return nameOf(property, sources);
  const format = schema["format"];
  return [
    `${typeName(schema["type"])}${typeof format === "string" ? ` (${format})` : ""}`,
    range(schema),
    bounds(schema, "Length", "characters"),
  ].join("");
}

function itemsText(schema: ValueMap, sources: Sources): string {
  const first = schema["prefixItems"];
  if (isValueList(first)) return first.map((each) => `(${partText(each, sources)})`).join(", ");
  const items = schema["items"];
  return items === undefined ? "anything" : partText(items, sources);
}

function partText(part: Value, sources: Sources): string {
  return isReference(part) ? nameOf(part, sources) : typeText(part, sources);
}

function nameOf(reference: ReferenceMap, sources: Sources): string {
  const schema = sources.resolve(reference);
  const title = isValueMap(schema) ? schema["title"] : undefined;
  return typeof title === "string" ? title : referenceName(reference);
}

function plain(value: Value): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function typeName(type: Value | undefined): string {
  return isValueList(type) ? type.join(" or ") : String(type ?? "anything");
}

function range({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: ValueMap): string {
  const from = minimum === undefined ? undefined : `${plain(minimum)}`;
  const above = exclusiveMinimum === undefined ? undefined : `more than ${plain(exclusiveMinimum)}`;
  const below = exclusiveMaximum === undefined ? undefined : `less than ${plain(exclusiveMaximum)}`;
  if (from !== undefined && maximum !== undefined) return `, ${from} to ${plain(maximum)}`;
  const parts = [
    from === undefined ? above : `${from} or more`,
    maximum === undefined ? below : `at most ${plain(maximum)}`,
  ];
  return parts.map((part) => (part === undefined ? "" : `, ${part}`)).join("");
}

function bounds(schema: ValueMap, of: "Items" | "Length", unit: string): string {
  const from = schema[`min${of}`];
  const to = schema[`max${of}`];
  if (to === 0) return ", empty";
  if (from !== undefined && to !== undefined) return `, ${plain(from)} to ${plain(to)} ${unit}`;
  if (from !== undefined) return `, ${plain(from)} ${unit} or more`;
  return to === undefined ? "" : `, at most ${plain(to)} ${unit}`;
}
