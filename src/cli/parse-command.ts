import { suggestion } from "../server/suggestion.ts";
import { UsageError } from "../service/errors.ts";
import type { Command, Given } from "./command.ts";
import { parseFlags } from "./parse-flags.ts";

/** What a command line asks for: a command, or help about the words given (none: about everything). */
export type Asked = { readonly command: Command; readonly given: Given } | { readonly helpAbout: readonly string[] };

/**
 * Reads the arguments behind the program's name.
 * @throws UsageError
 */
export function parseCommand(args: readonly string[], commands: readonly Command[]): Asked {
  const [first, second] = args;
  if (first === undefined) throw new UsageError(`a command is missing; ${commandList(commands)}`);
  if (first === "--help" || first === "-h") return { helpAbout: [] };
  if (first === "--version") return parseCommand(["version", ...args.slice(1)], commands);
  if (first.startsWith("-")) throw new UsageError(`a command comes before ${first}; did you mean serve?`);
  const pair = commands.find(({ name }) => name === `${first} ${second}`);
  const command = pair ?? commands.find(({ name }) => name === first);
  if (pair === undefined && membersOf(first, commands).length > 0) {
    if (second === "--help" || second === "-h") return { helpAbout: [first] };
    const word = second === undefined || second.startsWith("-") ? undefined : second;
    if (word !== undefined || command === undefined) throw new UsageError(missingMember(first, word, commands));
  }
  if (command === undefined) throw new UsageError(unknownCommand([first], commands));
  const given = parseFlags(command, args.slice(pair === undefined ? 1 : 2));
  return given === "help" ? { helpAbout: command.name.split(" ") } : { command, given };
}

/** The commands of a family: `account add` and the others for `account`. */
export function membersOf(first: string, commands: readonly Command[]): readonly Command[] {
  return commands.filter(({ name }) => name.startsWith(`${first} `));
}

/** What may stand first on a command line, each once. */
export function firstWords(commands: readonly Command[]): readonly string[] {
  return [...new Set(commands.map(({ name }) => name.split(" ")[0]!))];
}

/** Says that there is no such command, and which one may have been meant. */
export function unknownCommand(words: readonly string[], commands: readonly Command[]): string {
  const [first = "", second] = words;
  if (membersOf(first, commands).length > 0) return missingMember(first, second, commands);
  if (second !== undefined && commands.some(({ name }) => name === first)) {
    return `there is no command ${first} ${second}; did you mean ${first}?`;
  }
  const meant = suggestion(first, firstWords(commands));
  return `there is no command ${first}; ${meant === undefined ? commandList(commands) : `did you mean ${meant}?`}`;
}

function missingMember(first: string, second: string | undefined, commands: readonly Command[]): string {
  const words = membersOf(first, commands).map(({ name }) => name.slice(first.length + 1));
  if (second === undefined) return `${first} needs one more word: ${words.join(", ")}`;
  const meant = suggestion(second, words);
  const hint = meant === undefined ? `behind ${first} comes ${words.join(", ")}` : `did you mean ${first} ${meant}?`;
  return `there is no command ${first} ${second}; ${hint}`;
}

function commandList(commands: readonly Command[]): string {
  return `commands are ${firstWords(commands).join(", ")}`;
}
