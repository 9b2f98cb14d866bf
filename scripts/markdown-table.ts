/** A table as the formatter writes it: every column as wide as its widest cell. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string => {
    return `| ${cells.map((text, column) => text.padEnd(widths[column]!)).join(" | ")} |\n`;
  };
  return [head, widths.map((width) => "-".repeat(width)), ...rows].map(line).join("");
}

/** The same for every table that stands in a text. */
export function withAlignedTables(text: string): string {
  return text.replace(/(?:^\|.*\|\n)+/gm, (table) => {
    const [head = [], , ...rows] = table.trimEnd().split("\n").map(cellsOf);
    return markdownTable(head, rows);
  });
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}
