// Prints docs/commands.md from the table of commands.
//   tsx scripts/print-commands.ts
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { commands } from "../src/cli/commands.ts";
import { commandsPage } from "./commands-page.ts";

writeFileSync(join(import.meta.dirname, "../docs/commands.md"), commandsPage(commands));
