import type { Command, Flag } from "../src/cli/command.ts";
import { exitCodes } from "../src/cli/exit-codes.ts";
import { flagRow, usage } from "../src/cli/help.ts";
import { markdownTable as table } from "./markdown-table.ts";

/** `docs/commands.md`, from the table of commands. */
export function commandsPage(commands: readonly Command[]): string {
  return `# Commands

Printed by \`tsx scripts/print-commands.ts\` from the table that the program works with. \`petstore-mqtt help COMMAND\` says the
same. From a clone, \`petstore-mqtt\` is \`node dist/cli/main.js\`.

${commands.map(({ name, summary }) => `- [\`${name}\`](#${anchor(name)}): ${cell(summary)}`).join("\n")}

Short flags may be grouped (\`-rv\`) and may have their value close by (\`-q1\`); a long one takes it behind a space or \`=\`. Behind
\`--\` nothing is a flag.

## Exit codes

${table(
  ["code", "meaning"],
  exitCodes.map(({ code, meaning }) => [String(code), cell(meaning)]),
)}
${commands.map(section).join("\n")}`;
}

function section(command: Command): string {
  const { name, summary, flags, examples, notes } = command;
  const parts = [`## ${name}\n\n${cell(sentence(summary))}\n`, fenced(usage(command))];
  if (flags.length > 0) parts.push(table(["flag", "what it does"], flags.map(flagCells)));
  if (notes !== "") parts.push(fenced(notes.trim()));
  if (examples.length > 0) {
    const lines = examples.map((example) => `# ${example.summary}\n${example.line}`);
    parts.push(fenced(lines.join("\n\n"), "sh"));
  }
  return parts.join("\n");
}

function flagCells(flag: Flag): readonly string[] {
  const [written, what] = flagRow(flag);
  return [`\`${written}\``, cell(what)];
}

function fenced(text: string, language = ""): string {
  return `\`\`\`${language}\n${text}\n\`\`\`\n`;
}

function sentence(text: string): string {
  return `${text[0]?.toUpperCase()}${text.slice(1)}.`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "\\<");
}

/** As GitHub makes them from a heading. */
function anchor(name: string): string {
  return name.replaceAll(" ", "-");
}
