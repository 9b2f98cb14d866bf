import { parseArgs } from "node:util";
import { suggestion } from "../server/suggestion.ts";
import { UsageError } from "../service/errors.ts";
import type { Command, Flag, Given } from "./command.ts";

/**
 * Reads what stands behind the name of a command. Short flags may be grouped (`-rv`) and may have their value close by
 * (`-q1`); behind `--` nothing is a flag, and `-` alone never is one.
 * @returns "help" when that was asked for instead
 * @throws UsageError
 */
export function parseFlags(command: Command, args: readonly string[]): Given | "help" {
  const { tokens } = parseArgs({
    args: [...args],
    options: parseOptions(command),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  if (tokens.some((token) => token.kind === "option" && token.name === "help")) return "help";
  const values = new Map<string, string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") {
      positionals.push(token.value);
    } else if (token.kind === "option-terminator") {
      if (command.positionalsMax === 0) throw new UsageError(`${command.name} takes only flags; leave -- out`);
    } else {
      const { name, rawName, inlineValue } = token;
      const flag = command.flags.find((each) => each.name === name);
      if (flag === undefined) throw new UsageError(unknownFlag(command, rawName));
      const before = values.get(name);
      if (before !== undefined && flag.many === undefined) {
        throw new UsageError(`${rawName} was given twice; leave one out`);
      }
      const value = checkedValue(flag, rawName, token.value, inlineValue === true);
      values.set(name, [...(before ?? []), value]);
    }
  }
  checkPositionals(command, positionals);
  return new ParsedFlags(values, positionals);
}

/** Every short flag of a command; `-h` is `--help` where the command has no use of its own for it. */
function parseOptions({ flags }: Command): Record<string, { type: "string" | "boolean"; short?: string }> {
  const options: Record<string, { type: "string" | "boolean"; short?: string }> = {};
  options["help"] = flags.some(({ short }) => short === "h") ? { type: "boolean" } : { type: "boolean", short: "h" };
  for (const { name, short, value } of flags) {
    const type = value === undefined ? "boolean" : "string";
    options[name] = short === undefined ? { type } : { type, short };
  }
  return options;
}

function checkedValue(flag: Flag, rawName: string, value: string | undefined, isInline: boolean): string {
  if (flag.value === undefined) {
    if (value === undefined) return "";
    throw new UsageError(`${rawName} takes no value; leave =${value} out`);
  }
  if (value === undefined || (value === "" && flag.mayBeEmpty === undefined) || (!isInline && value.startsWith("--"))) {
    throw new UsageError(`${rawName} needs a value, as in ${rawName} ${flag.example ?? flag.value}`);
  }
  const { choices } = flag;
  if (choices === undefined || choices.includes(value)) return value;
  // One letter is near to every other.
  const meant = value.length === 1 ? undefined : suggestion(value, choices);
  const hint = meant === undefined ? `choose one of ${choices.join(", ")}` : `did you mean ${meant}?`;
  throw new UsageError(`${rawName} ${value}: there is no such value; ${hint}`);
}

function unknownFlag({ name, flags }: Command, rawName: string): string {
  const meant = suggestion(
    rawName,
    flags.map((flag) => `--${flag.name}`),
  );
  const hint = meant === undefined ? `petstore-mqtt help ${name} lists all flags` : `did you mean ${meant}?`;
  return `there is no flag ${rawName}; ${hint}`;
}

function checkPositionals(command: Command, given: readonly string[]): void {
  const { name, positionals, positionalsMin, positionalsMax, flags } = command;
  if (given.length < positionalsMin) {
    throw new UsageError(`${name} needs ${positionals}; petstore-mqtt help ${name} has examples`);
  }
  const extra = given[positionalsMax];
  if (extra === undefined) return;
  if (positionalsMax > 0) throw new UsageError(`${name} takes only ${positionals}; leave ${extra} out`);
  if (flags.length > 0) throw new UsageError(`${name} takes only flags; what is ${extra}?`);
  throw new UsageError(`${name} takes no arguments; leave ${extra} out`);
}

class ParsedFlags implements Given {
  readonly #values: ReadonlyMap<string, readonly string[]>;
  readonly positionals: readonly string[];

  constructor(values: ReadonlyMap<string, readonly string[]>, positionals: readonly string[]) {
    this.#values = values;
    this.positionals = positionals;
  }

  has(flag: string): boolean {
    return this.#values.has(flag);
  }

  text(flag: string): string | undefined {
    return this.#values.get(flag)?.at(-1);
  }

  texts(flag: string): readonly string[] {
    return this.#values.get(flag) ?? [];
  }

  integer(flag: string, minimum: number, maximum: number): number | undefined {
    const text = this.text(flag);
    if (text === undefined) return undefined;
    const number = Number(text);
    if (/^-?\d+$/.test(text) && number >= minimum && number <= maximum) return number;
    throw new UsageError(`--${flag} ${text}: it is a whole number from ${minimum} to ${maximum}`);
  }
}
