/** A line of a table. */
export function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

/** Text as it is typed. */
export function code(text: string): string {
  return `\`${text}\``;
}
