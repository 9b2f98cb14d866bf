import { suggestion } from "../server/suggestion.ts";
import { UsageError } from "../service/errors.ts";
import type { Command, Flag, Given } from "./command.ts";
import { completionScripts } from "./completion-scripts.ts";
import { firstWords, membersOf } from "./parse-command.ts";

/** `petstore-mqtt completion SHELL`, and `completion reply -- WORD…` for the scripts themselves. */
export async function completion({ positionals }: Given, commands: readonly Command[]): Promise<number> {
  const [shell = "", extra] = positionals;
  if (shell === "reply") {
    process.stdout.write(
      candidates(positionals.slice(1), commands)
        .map((candidate) => `${candidate}\n`)
        .join(""),
    );
    return 0;
  }
  const script = completionScripts.get(shell);
  if (script === undefined) {
    const shells = [...completionScripts.keys()];
    const meant = suggestion(shell, shells);
    const hint = meant === undefined ? `choose one of ${shells.join(", ")}` : `did you mean ${meant}?`;
    throw new UsageError(`there is no completion for ${shell}; ${hint}`);
  }
  if (extra !== undefined) throw new UsageError(`completion takes only SHELL; leave ${extra} out`);
  process.stdout.write(script);
  return 0;
}

/**
 * What the last of the words may become; `:file` and `:directory` leave that to the shell.
 * @param typed behind the program's name. bash makes three words of `--flag=value`.
 */
export function candidates(typed: readonly string[], commands: readonly Command[]): readonly string[] {
  const { before, current } = withoutEquals(typed);
  const [first, second] = before;
  if (first === undefined) return starting([...firstWords(commands), "--help"], current);
  if (first === "help") return before.length > 2 ? [] : wordsBehind(before.slice(1), current, commands);
  const pair = commands.find(({ name }) => name === `${first} ${second}`);
  if (pair !== undefined) return ofCommand(pair, before.slice(2), current);
  const single = commands.find(({ name }) => name === first);
  const members = before.length === 1 ? wordsBehind(before, current, commands) : [];
  const own = single === undefined ? [] : ofCommand(single, before.slice(1), current);
  return [...members, ...own];
}

function wordsBehind(before: readonly string[], current: string, commands: readonly Command[]): readonly string[] {
  const [first] = before;
  if (first === undefined) return starting(firstWords(commands), current);
  const words = membersOf(first, commands).map(({ name }) => name.slice(first.length + 1));
  return starting(words, current);
}

function ofCommand(command: Command, before: readonly string[], current: string): readonly string[] {
  if (before.includes("--")) return [];
  const previous = before.at(-1) ?? "";
  const asked = command.flags.find((flag) => isWritten(flag, previous));
  if (asked?.value !== undefined) return valuesOf(asked, current);
  if (command.name === "completion") return before.length === 0 ? starting([...completionScripts.keys()], current) : [];
  if (!current.startsWith("-") && command.positionalsMax > 0) return [];
  const free = command.flags.filter((flag) => flag.many || !before.some((word) => isWritten(flag, word)));
  return starting([...free.map(({ name }) => `--${name}`), "--help"], current);
}

function isWritten({ name, short }: Flag, word: string): boolean {
  return word === `--${name}` || (short !== undefined && word === `-${short}`);
}

function valuesOf({ choices, completes }: Flag, current: string): readonly string[] {
  if (choices !== undefined) return starting(choices, current);
  return completes === undefined ? [] : [`:${completes}`];
}

/** `--store = mem` is `--store mem`. */
function withoutEquals(typed: readonly string[]): { readonly before: readonly string[]; readonly current: string } {
  const words = typed.filter((word, index) => word !== "=" || !typed[index - 1]?.startsWith("--"));
  return typed.at(-1) === "="
    ? { before: words, current: "" }
    : { before: words.slice(0, -1), current: words.at(-1) ?? "" };
}

function starting(all: readonly string[], start: string): readonly string[] {
  return all.filter((candidate) => candidate.startsWith(start));
}
