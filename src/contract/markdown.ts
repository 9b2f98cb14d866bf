import { isValueList, isValueMap, type Value } from "./sources.ts";

/** JSON goes on one line up to this length, in characters. */
const jsonLineMax = 110;

/** A table with its columns in line, as formatters of Markdown leave it. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const cells = [heads, ...rows].map((each) => each.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = heads.map((_head, column) => Math.max(3, ...cells.map((each) => [...each[column]!].length)));
  const lines = cells.map((each) => row(each.map((cell, column) => padded(cell, widths[column]!))));
  return [lines[0]!, row(widths.map((width) => "-".repeat(width))), ...lines.slice(1)];
}

/** Text as it is typed. */
export function code(text: string): string {
  return `\`${text}\``;
}

/** JSON for people: on one line while it is short, else a line for each field or item. */
export function jsonText(value: Value): string {
  const short = inline(value);
  if (short.length <= jsonLineMax) return short;
  if (isValueList(value)) return `[\n${value.map((item) => `  ${inline(item)}`).join(",\n")}\n]`;
  if (!isValueMap(value)) return short;
  const fields = Object.entries(value).map(([name, item]) => `  ${JSON.stringify(name)}: ${inline(item)}`);
  return `{\n${fields.join(",\n")}\n}`;
}

function inline(value: Value): string {
  if (isValueList(value)) return `[${value.map(inline).join(", ")}]`;
  if (!isValueMap(value)) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${inline(item)}`);
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function padded(text: string, width: number): string {
  return text + " ".repeat(width - [...text].length);
}
