/** One text of the project. `path` is relative to its root, with `/` between the parts. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** What is wrong where, and in the same sentence how to mend it. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** The number of the line that `index` is on, from 1. */
export function lineAt(text: string, index: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < index; at = text.indexOf("\n", at + 1)) line += 1;
  return line;
}

/** The code with comments, and on demand the content of strings, replaced by spaces; every index stays where it was. */
export function withoutComments(text: string, strings: "keep strings" | "blank strings"): string {
  let out = "";
  let from = 0;
  for (const match of text.matchAll(token)) {
    const [found] = match;
    const isComment = found.startsWith("//") || found.startsWith("/*");
    if (!isComment && strings === "keep strings") continue;
    out += text.slice(from, match.index) + (isComment ? blank(found) : found[0] + blank(found.slice(1)));
    from = match.index + found.length;
  }
  return out + text.slice(from);
}

/**
 * Comments, strings, template strings (whole, their expressions too) and regular expressions where an operand may stand.
 * Anything inside one of them cannot begin another.
 */
const token =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[\s\S])*`|(?<=[(,=:[!&|?{};]\s*)\/(?![/*])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\//g;

function blank(text: string): string {
  return text.replace(/[^\n]/g, " ");
}
