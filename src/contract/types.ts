import type { Address } from "./address.ts";
import type { Contract, SchemaSource } from "./contract.ts";
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

/**
 * The messages of a contract as TypeScript: an interface for every schema that has a name, and `Payloads`, which says what
 * each topic carries.
 */
export function contractTypes({ title, version, file, channels }: Contract, sources: Sources): string {
  const writer = new TypeWriter(sources);
  const topics = channels.map(({ address, messages }) => {
    const types = messages.map((message) => writer.typeOf(message.payload, pascal(message.name)));
    return { address, key: topicKey(address), types: types.length === 0 ? ["unknown"] : types };
  });
  const payloads = topics.map(({ address, key, types }) => {
    // To TypeScript a parameter is any text, slashes and all, and what it covers must have a type that fits.
    const covered = topics.filter((other) => other.key.sample !== key.sample && key.covers?.test(other.key.sample));
    const all = new Set([...types, ...covered.flatMap((other) => other.types)]);
    return `  /** \`${noEnd(address.text)}\` */\n  ${key.text}: ${[...all].join(" | ")};`;
  });
  return [
    `// ${line(title)} ${line(version)}, printed from ${line(file)} by \`petstore-mqtt contract types\`.`,
    "",
    ...writer.declarations,
    "/** What the topics carry. */",
    "export interface Payloads {",
    ...payloads,
    "}",
    "",
  ].join("\n");
}

/** The key of an address among the topics. */
interface TopicKey {
  readonly text: string;
  /** A topic of it, in which every parameter is the same unlikely character. */
  readonly sample: string;
  /** What TypeScript takes for it; undefined when it is one topic. */
  readonly covers: RegExp | undefined;
}

function topicKey(address: Address): TopicKey {
  const texts = address.levels.map((level) => (level.kind === "text" ? [level.text] : level.texts));
  const open = address.isOpen ? [["", ""]] : [];
  const joined = (between: string, slash: string, text: (each: string) => string): string =>
    [...texts, ...open].map((parts) => parts.map(text).join(between)).join(slash);
  const sample = joined("\u0001", "/", (each) => each);
  if (!sample.includes("\u0001")) return { text: quoted(sample), sample, covers: undefined };
  const template = joined(`\${string}`, "/", (each) => each.replace(/[`\\$]/g, "\\$&"));
  const covers = new RegExp(`^${joined("[^]*", "/", (each) => each.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))}$`);
  return { text: `[topic: \`${template}\`]`, sample, covers };
}

/** In a comment of a line. */
function line(text: string): string {
  return text.replace(/\s+/g, " ");
}

/** In a comment of several lines. */
function noEnd(text: string): string {
  return text.replaceAll("*/", "*\u200b/");
}

class TypeWriter {
  readonly declarations: string[] = [];
  readonly #sources: Sources;
  /** Names by what they name, and the names that are taken. */
  readonly #names: Map<object, string> = new Map();
  readonly #taken: Set<string> = new Set(["Payloads"]);

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  /** @param suggestion a name for a schema that stands in its place */
  typeOf(source: SchemaSource | undefined, suggestion: string): string {
    if (source === undefined || source.dialect === undefined || typeof source.schema === "boolean") return "unknown";
    if (source.name !== "") return this.#named(source.schema, source.name);
    return isInterface(source.schema) ? this.#named(source.schema, suggestion) : this.#type(source.schema, "");
  }

  #named(schema: ValueMap, name: string): string {
    const known = this.#names.get(schema);
    if (known !== undefined) return known;
    const own = this.#free(pascal(name));
    this.#names.set(schema, own);
    // It is declared behind what it needs; a name that is in the making may be used already.
    const body = this.#type(schema, "");
    const text = isInterface(schema) ? `export interface ${own} ${body}` : `export type ${own} = ${body};`;
    this.declarations.push(`${comment(schema, "")}${text}\n`);
    return own;
  }

  #free(name: string): string {
    let free = name;
    for (let number = 2; this.#taken.has(free); number += 1) free = `${name}${number}`;
    this.#taken.add(free);
    return free;
  }

  #of(value: Value | undefined, indent: string): string {
    if (isReference(value)) return this.#reference(value);
    if (value === false) return "never";
    return isValueMap(value) ? this.#type(value, indent) : "unknown";
  }

  #reference(reference: ReferenceMap): string {
    const target = this.#sources.resolve(reference);
    if (target === false) return "never";
    return isValueMap(target) ? this.#named(target, referenceName(reference)) : "unknown";
  }

  #type(schema: ValueMap, indent: string): string {
    if (Object.hasOwn(schema, "const")) return literal(schema["const"]);
    const { enum: values, type } = schema as { enum?: Value; type?: Value };
    if (isValueList(values)) return values.map(literal).join(" | ");
    if (combinators.some(([keyword]) => Object.hasOwn(schema, keyword))) return this.#combined(schema, indent);
    if (isValueList(type)) return type.map((each) => grouped(this.#single(schema, each, indent))).join(" | ");
    return this.#single(schema, type ?? (isObjectSchema(schema) ? "object" : undefined), indent);
  }

  /** All that it says must hold: `allOf`, one of `oneOf`, its own properties. */
  #combined(schema: ValueMap, indent: string): string {
    const types: string[] = [];
    for (const [keyword, sign] of combinators) {
      const parts = schema[keyword];
      if (isValueList(parts) && parts.length > 0)
        types.push(
          joined(
            parts.map((part) => this.#of(part, indent)),
            sign,
          ),
        );
    }
    if (isValueMap(schema["properties"])) types.push(this.#object(schema, indent));
    return types.length === 0 ? "unknown" : joined(types, " & ");
  }

  #single(schema: ValueMap, type: Value | undefined, indent: string): string {
    switch (type) {
      case "string":
        return "string";
      case "integer":
      case "number":
        return "number";
      case "boolean":
        return "boolean";
      case "null":
        return "null";
      case "array":
        return `readonly ${grouped(this.#of(isValueList(schema["items"]) ? undefined : schema["items"], indent))}[]`;
      case "object":
        return this.#object(schema, indent);
      default:
        return "unknown";
    }
  }

  #object(schema: ValueMap, indent: string): string {
    const properties = isValueMap(schema["properties"]) ? schema["properties"] : {};
    const required = isValueList(schema["required"]) ? schema["required"] : [];
    const deeper = `${indent}  `;
    const lines = Object.entries(properties).map(([name, property]) => {
      const mark = required.includes(name) ? "" : "?";
      return `${comment(isValueMap(property) ? property : {}, deeper)}${deeper}readonly ${key(name)}${mark}: ${this.#of(property, deeper)};`;
    });
    const more = schema["additionalProperties"];
    if (more !== false)
      lines.push(`${deeper}readonly [name: string]: ${lines.length === 0 ? this.#of(more, deeper) : "unknown"};`);
    return `{\n${lines.join("\n")}\n${indent}}`;
  }
}

function isObjectSchema(schema: ValueMap): boolean {
  return schema["type"] === "object" || isValueMap(schema["properties"]);
}

/** Whether it is nothing but an object with properties. */
function isInterface(schema: ValueMap): boolean {
  const others = ["const", "enum", ...combinators.map(([keyword]) => keyword)];
  return isObjectSchema(schema) && !isValueList(schema["type"]) && !others.some((each) => Object.hasOwn(schema, each));
}

/** How the parts of these keywords are put together. */
const combinators = [
  ["allOf", " & "],
  ["oneOf", " | "],
  ["anyOf", " | "],
] as const;

function joined(types: readonly string[], sign: string): string {
  return types.length === 1 ? types[0]! : types.map(grouped).join(sign);
}

function comment(schema: ValueMap, indent: string): string {
  const text = [schema["description"], schema["title"]].find((each) => typeof each === "string");
  if (typeof text !== "string") return "";
  const lines = noEnd(text.trim()).split(/\r?\n/);
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join("\n")}\n${indent} */\n`;
}

/** In parentheses, where it is more than a name. */
function grouped(type: string): string {
  return /^[\w$]+$/.test(type) ? type : `(${type})`;
}

function literal(value: Value | undefined): string {
  return typeof value === "object" && value !== null ? "unknown" : JSON.stringify(value);
}

function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name);
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function pascal(name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
  return /^[A-Za-z]/.test(joined) ? joined : `Type${joined}`;
}
