/** What moves the cursor, turns the direction of writing, or is not seen: strangers choose names. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unseen = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** The same as `unseen` where JSON.stringify leaves it as it is. */
const unseenInJson = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Text of a stranger, for a terminal: what is not seen is written as `\u{9b}`. */
export function printable(text: string): string {
  return text.replace(unseen, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** One line of JSON that does nothing to a terminal. */
export function jsonLine(value: unknown): string {
  const escaped = (character: string): string => `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`;
  return `${JSON.stringify(value).replace(unseenInJson, escaped)}\n`;
}
