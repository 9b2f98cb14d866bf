/**
 * A channel's address, taken apart: each level is a text or holds parameters.
 *
 * `pets/{petId}/health` → `pets`, ⟨petId⟩, `health`
 */
export interface Address {
  /** As it stands in the document, with the prefix of its server. */
  readonly text: string;
  readonly levels: readonly Level[];
  /** It ends with `#`: any further levels, and none. */
  readonly isOpen: boolean;
}

/** One level of an address. */
export type Level =
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "parameters";
      /** Texts around the parameters, one more than there are parameters; `""` for the usual `{petId}` alone. */
      readonly texts: readonly string[];
      /** Empty names stand for a `+`. */
      readonly names: readonly string[];
    };

/** What is wrong with an address, as a sentence without full stop and a hint. */
export interface AddressProblem {
  readonly problem: string;
  readonly hint: string;
}

/** Reads an address (AsyncAPI 3.0, Channel Address Expressions; MQTT 5.0 §4.7 for what a level may hold). */
export function parseAddress(text: string): Address | AddressProblem {
  if (text === "")
    return { problem: "An address has at least one character", hint: "Write the topic, or address: null" };
  if (text.includes("\0")) return { problem: "An address has no U+0000", hint: "Remove it" };
  const parts = text.split("/");
  const isOpen = parts.at(-1) === "#";
  if (isOpen) parts.pop();
  const levels: Level[] = [];
  const seen = new Set<string>();
  for (const part of parts) {
    const level = parseLevel(part);
    if ("problem" in level) return level;
    if (level.kind === "parameters") {
      for (const name of level.names) {
        if (name !== "" && seen.has(name)) {
          return { problem: `The parameter ${name} stands twice in the address`, hint: "Give the second another name" };
        }
        seen.add(name);
      }
    }
    levels.push(level);
  }
  return { text, levels, isOpen };
}

/** The names in an address, in order. */
export function addressParameters({ levels }: Address): readonly string[] {
  return levels.flatMap((level) => (level.kind === "text" ? [] : level.names.filter((name) => name !== "")));
}

/** Whether wildcards of MQTT stand in it, which AsyncAPI does not know. */
export function hasWildcards({ levels, isOpen }: Address): boolean {
  return isOpen || levels.some((level) => level.kind === "parameters" && level.names.includes(""));
}

/** The narrowest Topic Filter for all topics of an address. */
export function addressFilter({ levels, isOpen }: Address): string {
  const parts = levels.map((level) => (level.kind === "text" ? level.text : "+"));
  return [...parts, ...(isOpen ? ["#"] : [])].join("/");
}

/**
 * The values of a level's parameters in a level of a Topic Name, in their order; undefined when it does not fit. With
 * several parameters in a level each takes as little as it can; a parameter is never empty.
 */
export function matchLevel(level: Level & { kind: "parameters" }, topicLevel: string): readonly string[] | undefined {
  const { texts } = level;
  const first = texts[0]!;
  const last = texts.at(-1)!;
  if (!topicLevel.startsWith(first)) return undefined;
  const values: string[] = [];
  let from = first.length;
  for (const text of texts.slice(1, -1)) {
    const end = topicLevel.indexOf(text, from + 1);
    if (end < 0) return undefined;
    values.push(topicLevel.slice(from, end));
    from = end + text.length;
  }
  const end = topicLevel.length - last.length;
  if (end <= from || !topicLevel.endsWith(last)) return undefined;
  values.push(topicLevel.slice(from, end));
  return values;
}

/**
 * Which of two overlapping addresses is the narrower in every level: below 0 the first, above 0 the second, 0 neither.
 */
export function narrower(first: Address, second: Address): number {
  let sign = 0;
  const length = Math.min(first.levels.length, second.levels.length);
  for (let index = 0; index < length; index += 1) {
    const next = Math.sign(width(first.levels[index]!) - width(second.levels[index]!));
    if (next !== 0 && sign !== 0 && next !== sign) return 0;
    if (next !== 0) sign = next;
  }
  const open = Number(first.isOpen) - Number(second.isOpen);
  if (open === 0) return sign;
  return sign === 0 || sign === open ? open : 0;
}

/** A text is narrower than a parameter with text around it, and that than a parameter alone. */
function width(level: Level): number {
  if (level.kind === "text") return 0;
  return level.texts.every((text) => text === "") ? 2 : 1;
}

function parseLevel(part: string): Level | AddressProblem {
  if (part === "+") return { kind: "parameters", texts: ["", ""], names: [""] };
  const texts: string[] = [];
  const names: string[] = [];
  let rest = part;
  for (let open = rest.indexOf("{"); open >= 0; open = rest.indexOf("{")) {
    const close = rest.indexOf("}", open);
    if (close < 0) return { problem: `A { is not closed in ${part}`, hint: "Write {parameter}" };
    const name = rest.slice(open + 1, close);
    if (!/^[A-Za-z0-9_-]+$/.test(name)) {
      return { problem: `{${name}} is no parameter`, hint: "A name has letters, digits, _ and -" };
    }
    if (names.length > 0 && open === 0) {
      return {
        problem: `Nothing stands between {${names.at(-1)}} and {${name}}`,
        hint: "Put a text or a / between them",
      };
    }
    texts.push(rest.slice(0, open));
    names.push(name);
    rest = rest.slice(close + 1);
  }
  const stray = /[{}+#]/.exec(`${texts.join("")}${rest}`);
  if (stray !== null) {
    return {
      problem: `${stray[0]} cannot stand in the level ${part}`,
      hint: "+ is a whole level, # the last one, braces hold a parameter",
    };
  }
  return names.length === 0 ? { kind: "text", text: rest } : { kind: "parameters", texts: [...texts, rest], names };
}
