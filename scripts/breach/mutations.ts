import { withoutComments } from "../tidy/source-file.ts";

/** One way to break a line: what stands from `start` to `end` becomes `text`. */
export interface Mutation {
  /** From 1, where the broken code begins. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** `condition negated`, for people. */
  readonly what: string;
}

/** A stretch of the code, as positions in its file. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * The ways to break what the citation in this line (from 1) is about: the statement that the comment stands behind or
 * before; with a comment on a whole declaration, the statements in it. The strongest come first.
 */
export function mutationsAt(text: string, line: number): readonly Mutation[] {
  const code = withoutComments(text, "blank strings");
  const range = statementAt(text, code, line);
  if (range === undefined) return [];
  const body = bodyOf(code, range);
  const ranges = body === undefined ? [range] : statementsIn(code, body);
  return ranges.flatMap((one) => mutationsOf(code, text, one));
}

/** The statement or declaration that a citation in this line is about. */
function statementAt(text: string, code: string, line: number): Range | undefined {
  const starts = lineStarts(text);
  const first = starts[line - 1] ?? 0;
  const next = starts[line] ?? text.length;
  const own = code.slice(first, next).trim();
  if (own !== "" && !/^[.)\]}"',]/.test(own)) return from(code, firstOf(code, first, next));
  if (own !== "") return enclosing(code, starts, line);
  // A comment alone: what comes behind it and its further lines.
  const at = firstOf(code, next, code.length);
  return at === undefined ? undefined : from(code, at);
}

/** A citation on a line that only goes on: the throw that it is an argument of. */
function enclosing(code: string, starts: readonly number[], line: number): Range | undefined {
  for (let above = line - 1; above > 0 && above > line - 8; above -= 1) {
    const at = firstOf(code, starts[above - 1] ?? 0, starts[above] ?? 0);
    if (at !== undefined && /^(?:throw|return|const|if)\b/.test(code.slice(at))) return from(code, at);
  }
  return undefined;
}

function from(code: string, start: number | undefined): Range | undefined {
  if (start === undefined) return undefined;
  const at = skipLabel(code, skipBrace(code, start));
  return { start: at, end: endOf(code, at) };
}

/** `} while (…)` and `} else if (…)` begin at their word. */
function skipBrace(code: string, start: number): number {
  return start + (/^\}\s*(?:else\s+)?(?=(?:if|while)\b)/.exec(code.slice(start))?.[0].length ?? 0);
}

/** `case X:` is no statement; what it leads to is. */
function skipLabel(code: string, start: number): number {
  const label = /^(?:case [^:]+|default):\s*\{?\s*/.exec(code.slice(start));
  return label === null ? start : skipLabel(code, start + label[0].length);
}

/** Behind the `;`, `,` or closing bracket that ends what begins here. */
function endOf(code: string, start: number): number {
  let depth = 0;
  for (let at = start; at < code.length; at += 1) {
    const char = code[at] as string;
    if ("([{".includes(char)) depth += 1;
    else if (")]}".includes(char)) {
      depth -= 1;
      if (depth < 0) return at;
      if (depth === 0 && char === "}" && endsBlock(code, start, at)) return at + 1;
    } else if (depth === 0 && (char === ";" || char === ",")) return at + 1;
  }
  return code.length;
}

/** Whether this brace ends a block, and not a value that goes on. */
function endsBlock(code: string, start: number, at: number): boolean {
  const behind = code.slice(at + 1).trimStart();
  if (/^(?:else|while|catch|finally|[;,.)]|as\b|satisfies\b)/.test(behind)) return false;
  return !/^(?:const|let|return|throw)\b/.test(code.slice(start, at));
}

/** What a declaration has between its braces, when it is a function or method. */
function bodyOf(code: string, { start, end }: Range): Range | undefined {
  const head = /^(?:export )?(?:function\b|(?:get |set |static |async )*#?\w+(?:<[^>]*>)?\()/.exec(
    code.slice(start, end),
  );
  if (head === null || /^(?:if|for|while|switch|return|throw|super)\b/.test(head[0])) return undefined;
  if (!code.slice(start, end).trimEnd().endsWith("}")) return undefined;
  const parameters = code.indexOf("(", start);
  const open = code.indexOf("{", closing(code, parameters));
  return { start: blockStart(code, open, end), end: end - 1 };
}

/** A return type may have braces of its own. */
function blockStart(code: string, open: number, end: number): number {
  const close = closing(code, open);
  return close < end - 1 && code.indexOf("{", close) !== -1
    ? blockStart(code, code.indexOf("{", close), end)
    : open + 1;
}

function closing(code: string, open: number): number {
  let depth = 0;
  for (let at = open; at < code.length; at += 1) {
    if ("([{".includes(code[at] as string)) depth += 1;
    if (")]}".includes(code[at] as string)) depth -= 1;
    if (depth === 0) return at;
  }
  return code.length;
}

function statementsIn(code: string, body: Range): Range[] {
  const found: Range[] = [];
  let at = firstOf(code, body.start, body.end);
  while (at !== undefined) {
    const range = from(code, at) as Range;
    if (range.end <= at) break;
    found.push({ start: range.start, end: Math.min(range.end, body.end) });
    at = firstOf(code, range.end, body.end);
  }
  return found;
}

function mutationsOf(code: string, text: string, range: Range): Mutation[] {
  const content = code.slice(range.start, range.end);
  const make = (at: Range, replacement: string, what: string): Mutation => ({
    line: text.slice(0, at.start).split("\n").length,
    ...at,
    text: replacement,
    what,
  });
  const branch = /^(?:if|while) (?=\()/.exec(content);
  if (branch !== null) {
    const open = range.start + branch[0].length;
    const inside = { start: open + 1, end: closing(code, open) };
    const condition = text.slice(inside.start, inside.end);
    return [
      make(inside, `(${condition}) && Boolean(0)`, "condition never true"),
      make(inside, `!(${condition})`, "condition negated"),
      ...operators(code, inside).map(([at, replacement, what]) => make(at, replacement, what)),
    ];
  }
  const inner = operators(code, range).map(([at, replacement, what]) => make(at, replacement, what));
  if (/^throw\b/.test(content)) return [make(range, ";", "throw left out")];
  if (/^return\b/.test(content)) return [...inner, make(range, "return undefined as never;", "return of nothing")];
  if (/^do\b/.test(content)) return inner;
  const value = /^(?:const|let) [^=]*= (?=\S)/.exec(content);
  if (value !== null) {
    const all = { start: range.start + value[0].length, end: range.end - 1 };
    return [...inner, ...argumentsOf(text, all, make), make(all, "undefined as never", "value left out")];
  }
  if (/^(?:export |readonly |interface |type |import |for |switch |class )/.test(content)) return inner;
  const property = /^(\w+): (?=\S)/.exec(content);
  if (property !== null)
    return [
      ...inner,
      make({ start: range.start + property[0].length, end: range.end - 1 }, "undefined as never", "value left out"),
    ];
  if (/^[\w.#]+[?(.[]|^[\w.#]+ [+-]?=|^this\b/.test(content) && content.endsWith(";")) {
    return [make(range, ";", "statement left out"), ...inner];
  }
  return inner;
}

/** `f(a, b)` becomes `a` or `b`. */
function argumentsOf(
  text: string,
  all: Range,
  make: (at: Range, replacement: string, what: string) => Mutation,
): readonly Mutation[] {
  const [, first, last] = /^[\w.#]+\(([\w.#]+), (?:[\w.#]+, )*([\w.#]+)\)$/.exec(text.slice(all.start, all.end)) ?? [];
  if (first === undefined || last === undefined) return [];
  return [make(all, first, "its first argument instead"), make(all, last, "its last argument instead")];
}

const swaps: readonly (readonly [RegExp, string, string])[] = [
  [/ === /g, " !== ", "=== to !=="],
  [/ !== /g, " === ", "!== to ==="],
  [/ <= /g, " > ", "<= to >"],
  [/ >= /g, " < ", ">= to <"],
  [/ < /g, " >= ", "< to >="],
  [/ > /g, " <= ", "> to <="],
  [/ && /g, " || ", "&& to ||"],
  [/ \|\| /g, " && ", "|| to &&"],
  [/ \+ /g, " - ", "+ to -"],
  [/ - /g, " + ", "- to +"],
  [/\s\? /g, " && Boolean(0) ? ", "never the first of the two"],
  [/\btrue\b/g, "false", "true to false"],
  [/\bfalse\b/g, "true", "false to true"],
  [/\bMath\.min\b/g, "Math.max", "min to max"],
  [/\bMath\.max\b/g, "Math.min", "max to min"],
  [/\breader\.(?:text|topicName)\(\)/g, "Buffer.from(reader.binary()).toString()", "text not checked"],
  [/(?<=: )undefined\b/g, "0", "a value instead of none"],
  [/(?<=\n\s*)[A-Z]\w+,(?=\n)/g, "", "one of the list left out"],
  [/, [A-Z]\w+(?=\])/g, "", "one of the list left out"],
  [/(?<=[{,] )\b[a-z]\w+(?=,| \})/g, "$&: undefined as never", "value left out"],
  [/(?<![\w.])\d+(?:\.\d+)?(?![\w.])/g, "9", "another number"],
];

/** What can be exchanged inside an expression. */
function operators(code: string, { start, end }: Range): (readonly [Range, string, string])[] {
  const content = code.slice(start, end);
  return swaps.flatMap(([pattern, replacement, what]) =>
    [...content.matchAll(pattern)].map((match) => {
      const at = start + match.index;
      return [{ start: at, end: at + match[0].length }, replacement.replace("$&", match[0]), what] as const;
    }),
  );
}

function firstOf(code: string, start: number, end: number): number | undefined {
  const found = code.slice(start, end).search(/\S/);
  return found === -1 ? undefined : start + found;
}

function lineStarts(text: string): readonly number[] {
  return [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
}
