import { UsageError } from "../service/errors.ts";
import { columns } from "./columns.ts";
import type { Command, Flag } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { membersOf, unknownCommand } from "./parse-command.ts";

/**
 * Help about a command, about a family of commands, or without words about all of them.
 * @throws UsageError when there is no such command
 */
export function helpText(words: readonly string[], commands: readonly Command[]): string {
  if (words.length === 0) return overview(commands);
  const name = words.join(" ");
  const command = commands.find((each) => each.name === name);
  const family = membersOf(name, commands);
  if (command === undefined && family.length === 0) throw new UsageError(unknownCommand(words, commands));
  const parts = command === undefined ? [] : [commandHelp(command)];
  if (family.length > 0)
    parts.push(`${summaries(family)}\npetstore-mqtt help ${family[0]!.name} and so on say more.\n`);
  return parts.join("\n");
}

/** What to type: `petstore-mqtt sub [flags] TOPIC-FILTER`. */
export function usage({ name, flags, positionals }: Command): string {
  return ["petstore-mqtt", name, flags.length > 0 ? "[flags]" : "", positionals]
    .filter((word) => word !== "")
    .join(" ");
}

/** How a flag is written, and what it does. */
export function flagRow({ name, short, value, choices, many, summary }: Flag): readonly [string, string] {
  const written = `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`;
  const parts = [summary];
  const isSaid = choices?.every((choice) => summary.includes(choice)) ?? true;
  if (!isSaid) parts.push(`one of ${choices?.join(", ")}`);
  if (many !== undefined) parts.push("may be given more than once");
  return [written, parts.join("; ")];
}

function overview(commands: readonly Command[]): string {
  return `petstore-mqtt: an MQTT 5.0 and 3.1.1 broker

${summaries(commands)}
petstore-mqtt help COMMAND, or --help behind it, says more. To try it: petstore-mqtt serve --demo

Exit codes:
${indented(columns(exitCodes.map(({ code, meaning }) => [String(code), meaning])))}`;
}

function summaries(commands: readonly Command[]): string {
  return indented(columns(commands.map(({ name, summary }) => [`petstore-mqtt ${name}`, summary])));
}

function commandHelp(command: Command): string {
  const { summary, flags, examples, notes } = command;
  const parts = [`${usage(command)}\n`, `${summary}\n`];
  const rows = [...flags, helpFlag(command)].map(flagRow);
  parts.push(`Flags:\n${indented(columns(rows))}`);
  if (notes !== "") parts.push(`${notes.trim()}\n`);
  for (const example of examples) parts.push(`${example.summary}:\n${indented(`${example.line}\n`)}`);
  return parts.join("\n");
}

function helpFlag({ flags }: Command): Flag {
  const help: Flag = { name: "help", summary: "this text" };
  return flags.some(({ short }) => short === "h") ? help : { ...help, short: "h" };
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}
