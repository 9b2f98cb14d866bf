#!/usr/bin/env node
import { ConfigError, UsageError } from "../service/errors.ts";
import { commands } from "./commands.ts";
import { helpText } from "./help.ts";
import { parseCommand } from "./parse-command.ts";

process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
  // Whoever read it has seen enough.
  if (code === "EPIPE") return;
  process.stderr.write(`petstore-mqtt: stdout cannot be written to: ${message}\n`);
  process.exit(1);
});

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  process.exitCode = report(error);
}

async function run(args: readonly string[]): Promise<number> {
  const asked = parseCommand(args, commands);
  if ("helpAbout" in asked) {
    process.stdout.write(helpText(asked.helpAbout, commands));
    return 0;
  }
  const runCommand = await asked.command.load();
  return await runCommand(asked.given, commands);
}

/** Says what went wrong: in sentences, but for bugs of ours. Returns the exit code. */
function report(error: unknown): number {
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) throw error;
  const lines = error instanceof ConfigError ? error.message : `petstore-mqtt: ${error.message}`;
  process.stderr.write(`${lines}\n`);
  return error instanceof UsageError ? 2 : 1;
}
