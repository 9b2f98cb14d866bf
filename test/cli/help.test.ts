import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { commandsPage } from "../../scripts/commands-page.ts";
import { commands } from "../../src/cli/commands.ts";
import { exitCodes } from "../../src/cli/exit-codes.ts";
import { helpText } from "../../src/cli/help.ts";
import { firstWords } from "../../src/cli/parse-command.ts";
import { UsageError } from "../../src/service/errors.ts";

test("the help without words names every command and every exit code", () => {
  const help = helpText([], commands);
  for (const { name } of commands) assert.match(help, new RegExp(`^  petstore-mqtt ${name}( |$)`, "m"));
  for (const { code } of exitCodes) assert.match(help, new RegExp(`^  ${code} +\\w`, "m"));
});

for (const command of commands) {
  test(`the help of ${command.name} names each of its flags and gives its examples`, () => {
    const help = helpText(command.name.split(" "), commands);
    const flags = [...command.flags.map(({ name }) => name), "help"];
    for (const name of flags) assert.match(help, new RegExp(`^  (-., )?--${name}( |$)`, "m"));
    for (const { line } of command.examples) assert.ok(help.includes(`  ${line}\n`), line);
    for (const line of help.split("\n")) assert.ok(line.length <= 130, `${line.length} columns: ${line}`);
  });
}

test("the help of a family lists its commands", () => {
  for (const first of firstWords(commands).filter((word) => !commands.some(({ name }) => name === word))) {
    const help = helpText([first], commands);
    for (const { name } of commands.filter((each) => each.name.startsWith(`${first} `))) {
      assert.match(help, new RegExp(`^  petstore-mqtt ${name} `, "m"));
    }
  }
});

test("docs/commands.md is what the table of commands prints", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/commands.md"), "utf8");
  assert.ok(page === commandsPage(commands), "it is out of date: run npx tsx scripts/print-commands.ts");
});

test("there is no help about a command that there is not", () => {
  assert.throws(() => helpText(["srve"], commands), new UsageError("there is no command srve; did you mean serve?"));
  const message = "there is no command serve x; did you mean serve?";
  assert.throws(() => helpText(["serve", "x"], commands), new UsageError(message));
});
