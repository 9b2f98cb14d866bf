import type { Row } from "../server/answer.ts";
import { columns } from "./columns.ts";
import type { Given } from "./command.ts";
import { jsonLine, printable } from "./printable.ts";
import type { Reader } from "./state-source.ts";

/** A column of a table: its head, and what stands in it. */
export type Column<Kind extends Row> = readonly [head: string, cell: (row: Kind, now: number) => string];

/** A longer cell is cut; `--json` has all of it. */
const cellLengthMax = 80;

/** How much of a list is wanted. */
export function pageOf(given: Given): { readonly skip: number; readonly limit: number } {
  const limit = given.integer("limit", 0, Number.MAX_SAFE_INTEGER - 1) ?? 1_000;
  return { skip: given.integer("skip", 0, Number.MAX_SAFE_INTEGER) ?? 0, limit };
}

/** What to ask for to know whether there is more than is wanted. */
export function askedLimit(limit: number): number {
  return limit === 0 ? 0 : limit + 1;
}

/** Rows as text for people; `isFirst` for the first of a list. */
export type Format<Kind extends Row> = (rows: readonly Kind[], isFirst: boolean) => string;

/** Prints rows as they come, or as JSON; behind a page that is not the last, stderr says how to go on. */
export function rowPrinter<Kind extends Row>(given: Given, format: Format<Kind>): Reader {
  const { skip, limit } = pageOf(given);
  return async (slices) => {
    let left = limit === 0 ? Number.POSITIVE_INFINITY : limit;
    let isFirst = true;
    for await (const slice of slices as AsyncIterable<readonly Kind[]>) {
      const rows = slice.slice(0, left);
      await write(given.has("json") ? rows.map(jsonLine).join("") : format(rows, isFirst));
      isFirst = false;
      left -= rows.length;
      if (rows.length < slice.length) {
        process.stderr.write(`there is more: go on with --skip ${skip + limit}, or give --limit 0 for all\n`);
        return;
      }
    }
    if (isFirst && !given.has("json")) await write(format([], true));
  };
}

/** A table, with its heads above the first rows. */
export function tableOf<Kind extends Row>(table: readonly Column<Kind>[]): Format<Kind> {
  const heads = table.map(([head]) => head);
  return (rows, isFirst) => {
    const now = Date.now();
    const lines = rows.map((row) => table.map(([, cell]) => shortened(printable(cell(row, now)))));
    const text = columns([heads, ...lines]);
    return isFirst ? text : text.slice(text.indexOf("\n") + 1);
  };
}

/** One row as lines of name and value. */
export function recordText(cells: readonly (readonly [name: string, value: string])[]): string {
  return columns(cells.map(([name, value]) => [`${name}:`, printable(value)]));
}

/** How long until then, or since then, with its two greatest units; `-` for never. */
export function spanText(time: string | null, now: number): string {
  if (time === null) return "-";
  let seconds = Math.abs(Math.round((Date.parse(time) - now) / 1_000));
  const parts: string[] = [];
  for (const [unit, length] of units) {
    const count = Math.floor(seconds / length);
    seconds -= count * length;
    if (count > 0 && parts.length < 2) parts.push(`${count} ${unit}`);
    else if (parts.length > 0) break;
  }
  return parts.length === 0 ? "0 s" : parts.join(" ");
}

const units = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
] as const;

function shortened(text: string): string {
  if (text === "") return "-";
  return text.length <= cellLengthMax ? text : `${text.slice(0, cellLengthMax - 1)}…`;
}

/** Waits while whoever reads does not keep up. */
export async function write(text: string): Promise<void> {
  await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
}
