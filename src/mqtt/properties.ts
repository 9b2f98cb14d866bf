import type { UserProperty } from "./packet.ts";
import { type Property, type PropertyPlace, properties } from "./property.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { Reader } from "./reader.ts";
import { ReasonCode } from "./reason-code.ts";
import { hasWildcards } from "./text.ts";
import { encodedBinaryLength, encodedTextLength, textLength, variableByteLength, type Writer } from "./writer.ts";

/** Which Properties may stand in one place, and the object that holds their values. */
export interface PropertyLayout<Block extends object> {
  /** The frozen block of no Properties; what readers return for it, so that `===` finds the common case. */
  readonly none: Block;
  /** What other blocks are copied from; not frozen, because copies of frozen objects are slow. */
  readonly template: Block;
  readonly rows: readonly Property[];
  /** The rows once more, at the index of their identifier. */
  readonly byIdentifier: readonly (Property | undefined)[];
}

type Item = number | UserProperty;
type Value = number | boolean | string | Uint8Array | readonly Item[];
/** A block as the table sees it: values at the names of their Properties. */
type Values = Record<string, Value | undefined>;

/** The layout of one place; `template` has every field, with the value that means absent. */
export function propertyLayout<Block extends object>(place: PropertyPlace, template: Block): PropertyLayout<Block> {
  const rows = properties.filter(({ places }) => places.includes(place));
  const byIdentifier: (Property | undefined)[] = [];
  for (let identifier = 0; identifier <= 0x2a; identifier += 1) {
    byIdentifier.push(rows.find((row) => row.identifier === identifier));
  }
  return { none: Object.freeze({ ...template }), template, rows, byIdentifier };
}

/**
 * Reads a Property Length and the Properties behind it (§2.2.2).
 * @throws ProtocolError 0x81 for an identifier that may not stand here or a cut value, 0x82 for a Property that stands
 * twice or a value that it may not have
 */
export function readProperties<Block extends object>(reader: Reader, layout: PropertyLayout<Block>): Block {
  const length = reader.variableByte();
  if (length === 0) return layout.none;
  const packetEnd = reader.beginBlock(length);
  const block = { ...layout.template };
  const values = block as unknown as Values;
  while (reader.remaining > 0) {
    const identifier = reader.variableByte();
    const row = layout.byIdentifier[identifier];
    if (row === undefined) {
      const name = `0x${identifier.toString(16).padStart(2, "0")}`;
      throw new ProtocolError(ReasonCode.MalformedPacket, "2.2.2.2", `Property ${name} may not stand in this packet`);
    }
    if (row.isList) addItem(values, row, readItem(reader, row));
    else if (values[row.name] === undefined) values[row.name] = readValue(reader, row);
    else throw new ProtocolError(ReasonCode.ProtocolError, "2.2.2.2", `Property ${row.name} stands twice`);
  }
  reader.endBlock(packetEnd);
  return block;
}

/** The bytes of all Properties in a block, without the Property Length before them. */
export function propertiesLength<Block extends object>(layout: PropertyLayout<Block>, block: Block): number {
  if (block === layout.none) return 0;
  const values = block as unknown as Values;
  let length = 0;
  for (const row of layout.rows) {
    const value = values[row.name];
    if (value === undefined) continue;
    if (row.isList) for (const item of value as readonly Item[]) length += 1 + valueLength(row, item);
    else length += 1 + valueLength(row, value);
  }
  return length;
}

/** The bytes of a Property Length and the Properties that it counts. */
export function withPropertyLength(length: number): number {
  return variableByteLength(length) + length;
}

/** Writes the Property Length, 0 too [MQTT-2.2.2-1], and the Properties; `length` is what `propertiesLength` said. */
export function writeProperties<Block extends object>(
  writer: Writer,
  layout: PropertyLayout<Block>,
  block: Block,
  length: number,
): void {
  writer.variableByte(length);
  if (length === 0) return;
  const values = block as unknown as Values;
  for (const row of layout.rows) {
    const value = values[row.name];
    if (value === undefined) continue;
    if (row.isList) for (const item of value as readonly Item[]) writeValue(writer, row, item);
    else writeValue(writer, row, value);
  }
}

function addItem(values: Values, row: Property, item: Item): void {
  const items = values[row.name] as Item[];
  // The template's list is shared and frozen.
  if (items.length === 0) values[row.name] = [item];
  else items.push(item);
}

function readItem(reader: Reader, row: Property): Item {
  if (row.type === "textPair") return [reader.text(), reader.text()];
  return checkedNumber(reader.variableByte(), row);
}

function readValue(reader: Reader, row: Property): Value {
  switch (row.type) {
    case "bit":
      return readBit(reader, row);
    case "flag":
      return readBit(reader, row) === 1;
    case "twoByte":
      return checkedNumber(reader.twoByte(), row);
    case "fourByte":
      return checkedNumber(reader.fourByte(), row);
    case "variableByte":
      return checkedNumber(reader.variableByte(), row);
    case "binary":
      return reader.binary();
    default:
      // [MQTT-3.3.2-13] [MQTT-3.3.2-19]
      return checkedText(reader.text(), row);
  }
}

function readBit(reader: Reader, row: Property): 0 | 1 {
  const byte = reader.byte();
  if (byte === 0 || byte === 1) return byte;
  throw new ProtocolError(ReasonCode.ProtocolError, "2.2.2.2", `Property ${row.name} is ${byte}, not 0 or 1`);
}

function checkedNumber(value: number, row: Property): number {
  if (value !== 0 || row.rule !== "notZero") return value;
  throw new ProtocolError(ReasonCode.ProtocolError, "2.2.2.2", `Property ${row.name} is 0`);
}

function checkedText(value: string, row: Property): string {
  if (row.rule !== "noWildcards" || !hasWildcards(value)) return value;
  // [MQTT-3.3.2-14]
  throw new ProtocolError(ReasonCode.ProtocolError, "MQTT-3.3.2-14", "The Response Topic has wildcards");
}

function valueLength(row: Property, value: Value | Item): number {
  switch (row.type) {
    case "bit":
    case "flag":
      return 1;
    case "twoByte":
      return 2;
    case "fourByte":
      return 4;
    case "variableByte":
      return variableByteLength(value as number);
    case "text":
      return encodedTextLength(value as string);
    case "binary":
      return encodedBinaryLength(value as Uint8Array);
    case "textPair": {
      const [name, text] = value as UserProperty;
      return encodedTextLength(name) + encodedTextLength(text);
    }
  }
}

function writeValue(writer: Writer, row: Property, value: Value | Item): void {
  writer.byte(row.identifier);
  switch (row.type) {
    case "bit":
    case "flag":
      writer.byte(Number(value));
      break;
    case "twoByte":
      writer.twoByte(value as number);
      break;
    case "fourByte":
      writer.fourByte(value as number);
      break;
    case "variableByte":
      writer.variableByte(value as number);
      break;
    case "text":
      writer.text(value as string, textLength(value as string));
      break;
    case "binary":
      writer.binary(value as Uint8Array);
      break;
    case "textPair": {
      const [name, text] = value as UserProperty;
      writer.text(name, textLength(name));
      writer.text(text, textLength(text));
    }
  }
}
