import { Buffer } from "node:buffer";

/** So much of a text that a stranger chose is kept and logged. */
const textLengthMax = 1_024;

/** The text, or how it begins. */
export function shortText(text: string): string {
  if (text.length <= textLengthMax) return text;
  // A copy: a slice would keep the whole text in memory.
  return `${Buffer.from(text.slice(0, textLengthMax)).toString()}…`;
}
