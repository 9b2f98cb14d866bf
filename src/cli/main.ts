#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { ConfigError, UsageError } from "../service/errors.ts";
import { parseCommand } from "./arguments.ts";
import { configTableText } from "./config-table.ts";
import { helpText } from "./help.ts";

// Whoever read it has seen enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

try {
  await run(process.argv.slice(2));
} catch (error) {
  process.exitCode = report(error);
}

async function run(args: readonly string[]): Promise<void> {
  const command = parseCommand(args);
  switch (command.name) {
    case "serve": {
      // The other commands need nothing of it and answer at once.
      const { serve } = await import("./serve.ts");
      return await serve(command.flags);
    }
    case "config":
      process.stdout.write(configTableText());
      return;
    case "help":
      process.stdout.write(helpText);
      return;
    case "version":
      process.stdout.write(`${ownVersion()}\n`);
      return;
  }
}

/** Says what went wrong: in sentences, but for bugs of ours. Returns the exit code. */
function report(error: unknown): number {
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) throw error;
  const lines = error instanceof ConfigError ? error.message : `petstore-mqtt: ${error.message}`;
  process.stderr.write(`${lines}\n`);
  return error instanceof UsageError ? 2 : 1;
}

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return version;
}
